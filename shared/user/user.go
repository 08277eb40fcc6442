// Package user owns what a person is to us: a User, the identities that they
// log in with, the profile that a provider told us, and what they answered when
// they signed up. It is pure: it knows neither storage nor providers nor tokens,
// nor what a sign-up asks.
package user

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// User is a person with an account.
type User struct {
	ID              string // ULID
	Identities      []Identity
	Profile         Profile
	Answers         Answers
	Roles           []string
	ProfileComplete bool  // answered all that was required when they did
	Revision        int64 // of Answers and ProfileComplete: how often they were changed
	Disabled        bool  // may neither log in nor refresh
	CreatedAt       time.Time
}

// Identity is who somebody is at a provider. The pair is the person's only key:
// an email address never is. Make one with NewIdentity.
type Identity struct {
	Provider string
	Subject  string
}

var providerName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// IsProviderName reports whether s can be a provider's name, which is in
// identities, routes and variables: up to 32 of a-z, 0-9 and -, a letter first.
func IsProviderName(s string) bool { return providerName.MatchString(s) }

// maxSubject is the length that OpenID Connect Core 1.0 §2 allows for sub.
const maxSubject = 255

// NewIdentity checks both parts: a provider's name as IsProviderName has it; a
// subject is 1 to 255 visible ASCII characters (OpenID Connect Core 1.0 §2 says
// ASCII). Anything else could make two people one.
func NewIdentity(provider, subject string) (Identity, error) {
	if !IsProviderName(provider) {
		return Identity{}, fmt.Errorf("provider name %.40q is not valid", provider)
	}
	if subject == "" || len(subject) > maxSubject {
		return Identity{}, fmt.Errorf("subject has %d bytes, want 1 to %d", len(subject), maxSubject)
	}
	for i := range len(subject) {
		if c := subject[i]; c <= ' ' || c > '~' {
			return Identity{}, fmt.Errorf("subject has byte %#x at %d, want visible ASCII", c, i)
		}
	}
	return Identity{Provider: provider, Subject: subject}, nil
}

// Key writes a valid identity in one string, <provider>#<subject>. A provider's
// name has no '#', so no two identities share a key.
func (i Identity) Key() string { return i.Provider + "#" + i.Subject }

// ParseIdentity reads what Key wrote, and refuses what NewIdentity does. A
// subject may hold a '#'.
func ParseIdentity(key string) (Identity, error) {
	provider, subject, _ := strings.Cut(key, "#")
	return NewIdentity(provider, subject)
}

// Profile is what a provider told us of a person. Every field may be empty.
type Profile struct {
	Email         string
	EmailVerified bool // by the provider's own word; never decides who someone is
	Nickname      string
	PictureURL    string // https; never fetched by us
}
