package naver

import (
	"daemun/shared/fault"
	"daemun/shared/provider"
	"daemun/shared/user"
)

// me is what we read of Naver's user object. All but the id may be missing, as
// far as the person has not consented or the app does not ask. The name is left
// alone: it is the one of the person's papers.
type me struct {
	ResultCode string `json:"resultcode"`
	Response   struct {
		ID       string `json:"id"` // another application sees another
		Email    string `json:"email"`
		Nickname string `json:"nickname"`
		Picture  string `json:"profile_image"`
	} `json:"response"`
}

// success is the result code of a user object; the status says it too, but did
// not always.
const success = "00"

func (m *me) person() (provider.Person, error) {
	if m.ResultCode != success {
		return provider.Person{}, fault.Newf(resultFault(m.ResultCode), "userinfo: resultcode is not %s", success)
	}
	r := &m.Response
	identity, err := provider.TextIdentity(name, r.ID)
	if err != nil {
		return provider.Person{}, err
	}
	return provider.Person{Identity: identity, Profile: user.Profile{
		// Never verified: Naver has no flag, and people choose the address that they
		// show to applications.
		Email:      provider.Email(r.Email),
		Nickname:   provider.Nickname(r.Nickname),
		PictureURL: provider.Picture(r.Picture),
	}}, nil
}
