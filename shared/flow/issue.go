package flow

import (
	"cmp"
	"io"
	"time"

	"daemun/shared/client"
	"daemun/shared/session"
	"daemun/shared/token"
	"daemun/shared/user"
)

// Tokens is what a person gets from a login or a refresh.
type Tokens struct {
	AccessToken      string
	AccessExpiresIn  time.Duration
	RefreshToken     string
	RefreshExpiresIn time.Duration // if it is not used before
	User             *user.User
}

// Issuer makes tokens for sessions.
type Issuer struct {
	Access  token.AccessIssuer
	Refresh token.RefreshKeys
	Rule    session.Rule
	Rand    io.Reader
}

// accessToken makes a fresh access token of the client's session at the time now.
func (i *Issuer) accessToken(u *user.User, sessionID, clientName string, now time.Time) (string, error) {
	issuer := i.Access
	issuer.ClientID = cmp.Or(clientName, issuer.ClientID)
	return issuer.Mint(token.Access{
		UserID: u.ID, SessionID: sessionID, Roles: u.Roles, ProfileComplete: u.ProfileComplete,
	}, now)
}

// tokens puts the session's tokens together: the access token, and the refresh
// token of the session's generation under the session's key.
func (i *Issuer) tokens(u *user.User, s *session.Session, access string, now time.Time) (Tokens, error) {
	refresh, err := i.Refresh.Mint(token.Refresh{UserID: s.UserID, SessionID: s.ID, Generation: s.Generation, Client: s.Client}, s.KeyID)
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{
		AccessToken: access, AccessExpiresIn: i.Access.Lifetime,
		RefreshToken: refresh, RefreshExpiresIn: i.Rule.Remaining(s, now), User: u,
	}, nil
}

// session makes a new session of the user at the client.
func (i *Issuer) session(userID, clientName string, d session.Device, now time.Time) (*session.Session, error) {
	id, err := randomText(i.Rand)
	if err != nil {
		return nil, err
	}
	if clientName == client.Default {
		clientName = "" // however the login ended
	}
	return &session.Session{
		UserID: userID, ID: id, Generation: 1, KeyID: i.Refresh.ActiveID(), CreatedAt: now, Client: clientName, Device: d,
	}, nil
}
