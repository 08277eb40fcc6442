package store

import (
	"fmt"

	"daemun/shared/user"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// item is an item, or the key of one, as the database has it.
type item = map[string]types.AttributeValue

// The attributes that keys are made of.
const (
	attrPK        = "pk" // of the users table
	attrSK        = "sk"
	attrUserID    = "user_id" // of the refresh tokens table; in an identity and a sign-up's marker: the user
	attrSessionID = "session_id"
	attrID        = "id" // of the one-time table
)

// userKey is USER#<user id>.
func userKey(userID string) item {
	return item{attrPK: text("USER#" + userID), attrSK: text("USER")}
}

// identityKey is IDENTITY#<provider>#<subject>. An identity that is not valid
// gets none.
func identityKey(i user.Identity) (item, error) {
	if _, err := user.NewIdentity(i.Provider, i.Subject); err != nil {
		return nil, fmt.Errorf("key of an identity: %w", err)
	}
	return item{attrPK: text("IDENTITY#" + i.Key()), attrSK: text("IDENTITY")}, nil
}

func sessionKey(userID, sessionID string) item {
	return item{attrUserID: text(userID), attrSessionID: text(sessionID)}
}

func oneTimeKey(id string) item { return item{attrID: text(id)} }
