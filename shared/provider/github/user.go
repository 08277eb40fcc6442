package github

import (
	"cmp"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/provider"
	"daemun/shared/user"
)

// me is what we read of GitHub's user object. Its email is the one that the
// person shows in public, verified or not.
type me struct {
	ID      jsontext.Value `json:"id"` // the login can be changed, and taken by another
	Name    string         `json:"name"`
	Login   string         `json:"login"`
	Picture string         `json:"avatar_url"`
}

type email struct {
	Email    string `json:"email"`
	Primary  bool   `json:"primary"`
	Verified bool   `json:"verified"`
}

func (m *me) person(emails []email) (provider.Person, error) {
	identity, err := provider.NumericIdentity(name, m.ID)
	if err != nil {
		return provider.Person{}, err
	}
	profile := user.Profile{Nickname: provider.Nickname(cmp.Or(m.Name, m.Login)), PictureURL: provider.Picture(m.Picture)}
	for _, e := range emails {
		if e.Primary {
			profile.Email = provider.Email(e.Email)
			profile.EmailVerified = profile.Email != "" && e.Verified
		}
	}
	return provider.Person{Identity: identity, Profile: profile}, nil
}
