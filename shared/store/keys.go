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
	attrUserID    = "user_id" // of the refresh tokens table; in an identity: its owner
	attrSessionID = "session_id"
	attrID        = "id" // of the one-time table
)

// userKey is USER#<user id>.
func userKey(userID string) item {
	return item{attrPK: text("USER#" + userID), attrSK: text("USER")}
}

// identityKey is IDENTITY#<provider>#<subject>. A valid provider's name has no
// '#', so no two identities share a key; those that are not valid get none.
func identityKey(i user.Identity) (item, error) {
	if _, err := user.NewIdentity(i.Provider, i.Subject); err != nil {
		return nil, fmt.Errorf("key of an identity: %w", err)
	}
	return item{attrPK: text("IDENTITY#" + identityName(i)), attrSK: text("IDENTITY")}, nil
}

// identityName writes a valid identity in one string; see [parseIdentity].
func identityName(i user.Identity) string { return i.Provider + "#" + i.Subject }

func sessionKey(userID, sessionID string) item {
	return item{attrUserID: text(userID), attrSessionID: text(sessionID)}
}

func oneTimeKey(id string) item { return item{attrID: text(id)} }
