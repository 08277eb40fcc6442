package providertest

import (
	"net/http"

	"github.com/go-json-experiment/json"
)

// userinfo tells the person of a bearer token.
func (k *Kakao) userinfo(w http.ResponseWriter, r *http.Request) {
	person, known := k.bearer(r)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case !known:
		JSON(http.StatusUnauthorized, `{"msg":"this access token does not exist","code":-401}`)(w, r, nil)
	default:
		JSON(http.StatusOK, marshal(newUserObject(person, r.Form.Get("secure_resource") == "true")))(w, r, nil)
	}
}

// userObject is Kakao's answer to who somebody is.
type userObject struct {
	ID          int64        `json:"id"`
	ConnectedAt string       `json:"connected_at,omitempty"`
	Account     *userAccount `json:"kakao_account,omitzero"`
}

type userAccount struct {
	NicknameNeedsAgreement bool        `json:"profile_nickname_needs_agreement"`
	ImageNeedsAgreement    bool        `json:"profile_image_needs_agreement"`
	Profile                userProfile `json:"profile"`
	HasEmail               bool        `json:"has_email"`
	EmailNeedsAgreement    bool        `json:"email_needs_agreement"`
	EmailValid             *bool       `json:"is_email_valid,omitzero"`
	EmailVerified          *bool       `json:"is_email_verified,omitzero"`
	Email                  string      `json:"email,omitempty"`
}

type userProfile struct {
	Nickname        string `json:"nickname"`
	ThumbnailURL    string `json:"thumbnail_image_url,omitempty"`
	ImageURL        string `json:"profile_image_url,omitempty"`
	DefaultImage    bool   `json:"is_default_image"`
	DefaultNickname bool   `json:"is_default_nickname"`
}

func newUserObject(p Person, secure bool) userObject {
	if p.Bare {
		return userObject{ID: p.ID}
	}
	account := &userAccount{HasEmail: true, EmailNeedsAgreement: p.Email == ""}
	account.Profile = userProfile{Nickname: p.Nickname, DefaultImage: p.ImageURL == ""}
	if p.ImageURL != "" {
		image := "http://" + p.ImageURL
		if secure {
			image = "https://" + p.ImageURL
		}
		account.Profile.ThumbnailURL, account.Profile.ImageURL = image, image
	}
	if p.Email != "" {
		account.Email, account.EmailValid, account.EmailVerified = p.Email, &p.EmailValid, &p.EmailVerified
	}
	return userObject{ID: p.ID, ConnectedAt: "2026-01-02T03:04:05Z", Account: account}
}

func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a test's own data is not UTF-8
	}
	return string(text)
}
