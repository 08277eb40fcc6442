package store

import (
	"fmt"
	"maps"
	"time"

	"daemun/shared/session"
	"daemun/shared/user"
)

// The attributes of items, apart from their keys. Times are Unix milliseconds.
// Items carry no version: attributes may be added, and code that does not know
// them leaves them alone; a change that old code must not survive renames an
// attribute that it requires.
const (
	// users
	attrIdentities      = "identities" // <provider>#<subject>, a set
	attrRoles           = "roles"      // a set; absent: none
	attrRevision        = "revision"   // of answers and profile_complete; absent: 0
	attrDisabled        = "disabled"
	attrProfileComplete = "profile_complete"
	attrEmail           = "email" // of the profile, as the next ones; absent: empty
	attrEmailVerified   = "email_verified"
	attrNickname        = "nickname"
	attrPictureURL      = "picture_url"
	attrAnswers         = "answers" // of the sign-up form, as user.Answers.Text has it; absent: none

	// sessions
	attrGeneration = "generation"
	attrKeyID      = "key_id"
	attrRotatedAt  = "rotated_at" // absent until the first rotation
	attrEndedAt    = "ended_at"   // absent while alive
	attrEndedWhy   = "ended_why"
	attrClient     = "client"     // absent: the default client
	attrUserAgent  = "user_agent" // of the device, as the next one; absent: unknown
	attrSourceIP   = "source_ip"

	// one-time markers
	attrAttempt = "attempt" // random, of the call that claimed; absent after a sign-up, which leaves the new user's id

	// several
	attrCreatedAt = "created_at"
	attrExpiresAt = "expires_at" // time to live, in Unix seconds
)

func userItem(u *user.User) (item, error) {
	i := userKey(u.ID)
	answers, err := u.Answers.Text()
	if err != nil {
		return nil, err
	}
	setText(i, attrAnswers, answers)
	names := make([]string, len(u.Identities))
	for n, identity := range u.Identities {
		names[n] = identity.Key()
	}
	setTexts(i, attrIdentities, names)
	setTexts(i, attrRoles, u.Roles)
	i[attrDisabled] = flag(u.Disabled)
	i[attrProfileComplete] = flag(u.ProfileComplete)
	i[attrCreatedAt] = instant(u.CreatedAt)
	setText(i, attrEmail, u.Profile.Email)
	i[attrEmailVerified] = flag(u.Profile.EmailVerified)
	setText(i, attrNickname, u.Profile.Nickname)
	setText(i, attrPictureURL, u.Profile.PictureURL)
	return i, nil
}

func readUser(userID string, from item) (*user.User, error) {
	r := &reader{item: from}
	u := &user.User{
		ID:              userID,
		Roles:           r.optionalTexts(attrRoles),
		ProfileComplete: r.flag(attrProfileComplete),
		Disabled:        r.flag(attrDisabled),
		Revision:        r.optionalNumber(attrRevision),
		CreatedAt:       r.instant(attrCreatedAt),
		Profile: user.Profile{
			Email:         r.optionalText(attrEmail),
			EmailVerified: r.flag(attrEmailVerified),
			Nickname:      r.optionalText(attrNickname),
			PictureURL:    r.optionalText(attrPictureURL),
		},
	}
	for _, name := range r.optionalTexts(attrIdentities) {
		identity, err := user.ParseIdentity(name)
		if err != nil {
			r.fail(attrIdentities)
		}
		u.Identities = append(u.Identities, identity)
	}
	var err error
	if u.Answers, err = user.ParseAnswers(r.optionalText(attrAnswers)); err != nil {
		r.fail(attrAnswers)
	}
	if r.err != nil {
		return nil, corrupt("user", r.err)
	}
	return u, nil
}

func identityItem(key item, owner *user.User) item {
	i := maps.Clone(key)
	i[attrUserID] = text(owner.ID)
	i[attrCreatedAt] = instant(owner.CreatedAt)
	return i
}

// readOwner reads the id of the user whose identity it is, or who signed up with
// what a marker marks.
func readOwner(kind string, from item) (userID string, err error) {
	r := &reader{item: from}
	userID = r.text(attrUserID)
	if r.err != nil {
		return "", corrupt(kind, r.err)
	}
	return userID, nil
}

func sessionItem(s *session.Session, expires time.Time) item {
	i := sessionKey(s.UserID, s.ID)
	i[attrGeneration] = number(s.Generation)
	i[attrKeyID] = text(s.KeyID)
	i[attrCreatedAt] = instant(s.CreatedAt)
	setInstant(i, attrRotatedAt, s.RotatedAt)
	setInstant(i, attrEndedAt, s.EndedAt)
	setText(i, attrEndedWhy, string(s.EndedWhy))
	setText(i, attrClient, s.Client)
	setText(i, attrUserAgent, s.Device.UserAgent)
	setText(i, attrSourceIP, s.Device.SourceIP)
	i[attrExpiresAt] = deadline(expires)
	return i
}

func readSession(from item) (*session.Session, error) {
	r := &reader{item: from}
	s := &session.Session{
		UserID:     r.text(attrUserID),
		ID:         r.text(attrSessionID),
		Generation: r.number(attrGeneration),
		KeyID:      r.text(attrKeyID),
		CreatedAt:  r.instant(attrCreatedAt),
		RotatedAt:  r.optionalInstant(attrRotatedAt),
		EndedAt:    r.optionalInstant(attrEndedAt),
		EndedWhy:   session.EndReason(r.optionalText(attrEndedWhy)),
		Client:     r.optionalText(attrClient),
		Device: session.Device{
			UserAgent: r.optionalText(attrUserAgent),
			SourceIP:  r.optionalText(attrSourceIP),
		},
	}
	if s.Generation < 1 && r.err == nil {
		r.err = fmt.Errorf("attribute %s is below 1", attrGeneration)
	}
	if r.err != nil {
		return nil, corrupt("session", r.err)
	}
	return s, nil
}
