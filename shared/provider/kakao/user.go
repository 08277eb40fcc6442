package kakao

import (
	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/provider"
	"daemun/shared/user"
)

// me is what we read of Kakao's user object. All but the id may be missing, as
// far as the person has not consented or the app may not ask.
type me struct {
	ID      jsontext.Value `json:"id"`
	Account struct {
		Email         string `json:"email"`
		EmailValid    bool   `json:"is_email_valid"`
		EmailVerified bool   `json:"is_email_verified"`
		Profile       struct {
			Nickname string `json:"nickname"`
			Picture  string `json:"profile_image_url"`
		} `json:"profile"`
	} `json:"kakao_account"`
}

func (m *me) person() (provider.Person, error) {
	identity, err := provider.NumericIdentity(name, m.ID)
	if err != nil {
		return provider.Person{}, err
	}
	account := &m.Account
	return provider.Person{Identity: identity, Profile: user.Profile{
		Email: provider.Email(account.Email),
		// A verified address can have become invalid: expired, or another account's.
		EmailVerified: provider.Email(account.Email) != "" && account.EmailValid && account.EmailVerified,
		Nickname:      provider.Nickname(account.Profile.Nickname),
		PictureURL:    provider.Picture(account.Profile.Picture),
	}}, nil
}
