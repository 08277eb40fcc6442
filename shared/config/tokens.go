package config

import (
	"errors"
	"io"
	"math"
	"time"

	"daemun/shared/client"
	"daemun/shared/session"
	"daemun/shared/token"
)

// Lifetimes says how long tokens live.
type Lifetimes struct {
	AccessToken     Seconds `env:"ACCESS_TOKEN_SECONDS" envDefault:"900"`
	RefreshGrace    Seconds `env:"REFRESH_GRACE_SECONDS" envDefault:"10"`
	RefreshIdle     Seconds `env:"REFRESH_IDLE_SECONDS" envDefault:"604800"`
	RefreshAbsolute Seconds `env:"REFRESH_ABSOLUTE_SECONDS" envDefault:"7776000"`
}

const (
	minimumGrace = 5 * time.Second
	maximumGrace = 30 * time.Second
)

// Check implements Checker.
func (l *Lifetimes) Check() error {
	access, grace := l.AccessToken.Duration(), l.RefreshGrace.Duration()
	idle, absolute := l.RefreshIdle.Duration(), l.RefreshAbsolute.Duration()
	var mistakes []error
	if access <= 0 || access > token.MaxAccessLifetime {
		mistakes = append(mistakes, errors.New("ACCESS_TOKEN_SECONDS: want 1 to 900"))
	}
	if grace < minimumGrace || grace > maximumGrace || grace > access/10 {
		// The tenth: an owner who refreshes about once per window would hide a thief.
		mistakes = append(mistakes, errors.New("REFRESH_GRACE_SECONDS: want 5 to 30, and at most a tenth of ACCESS_TOKEN_SECONDS"))
	}
	if idle <= access || idle > session.MaxIdle || idle > absolute {
		mistakes = append(mistakes, errors.New("REFRESH_IDLE_SECONDS: want more than ACCESS_TOKEN_SECONDS, at most 30 days and at most REFRESH_ABSOLUTE_SECONDS"))
	}
	if absolute > session.MaxAbsolute {
		mistakes = append(mistakes, errors.New("REFRESH_ABSOLUTE_SECONDS: want at most 90 days"))
	}
	return errors.Join(mistakes...)
}

// Rule is the session rule of these lifetimes.
func (l *Lifetimes) Rule() session.Rule {
	return session.Rule{
		Grace: l.RefreshGrace.Duration(), Idle: l.RefreshIdle.Duration(), Absolute: l.RefreshAbsolute.Duration(),
	}
}

// Sessions says how many sessions people may have.
type Sessions struct {
	// Limit is how many live sessions one user may have; a login ends the oldest
	// beyond it.
	Limit int `env:"SESSION_LIMIT" envDefault:"50"`
}

// maximumSessions bounds what every login of a user has to read, together with
// what was left to idle, and what ended so lately that the cleaner has left it.
const maximumSessions = 1000

// Check implements Checker.
func (s *Sessions) Check() error {
	if s.Limit < 1 || s.Limit > maximumSessions {
		return errors.New("SESSION_LIMIT: want 1 to 1000")
	}
	return nil
}

// Seconds is a duration in whole seconds.
type Seconds int64

// Duration is the same as a time.Duration, or as near as that comes.
func (s Seconds) Duration() time.Duration {
	const most = Seconds(math.MaxInt64 / time.Second)
	return time.Duration(min(max(s, -most), most)) * time.Second
}

// Signing is what makes the tokens of sessions.
type Signing struct {
	SigningKeys token.SigningKey  `env:"SIGNING_KEYS,notEmpty"`
	RefreshKeys token.RefreshKeys `env:"REFRESH_KEYS,notEmpty"`
	Audience
	Lifetimes
}

// Client is the client_id of access tokens (RFC 9068 §2.2) whose session names
// no other.
const Client = client.Default

// AccessIssuer makes the access tokens of the issuer publicURL.
func (s *Signing) AccessIssuer(publicURL string, random io.Reader) token.AccessIssuer {
	return token.AccessIssuer{
		Issuer: publicURL, Audience: s.or(publicURL), ClientID: Client,
		Lifetime: s.AccessToken.Duration(), Key: s.SigningKeys, Rand: random,
	}
}

// Verification is what checks access tokens.
type Verification struct {
	VerificationKeys token.VerificationKeys `env:"VERIFICATION_KEYS,notEmpty"`
	Audience
}

// AccessVerifier checks the access tokens of the issuer publicURL.
func (v *Verification) AccessVerifier(publicURL string) token.AccessVerifier {
	return token.AccessVerifier{Issuer: publicURL, Audience: v.or(publicURL), Keys: v.VerificationKeys}
}

// Audience is who our access tokens are for; empty means ourselves.
type Audience struct {
	TokenAudience string `env:"TOKEN_AUDIENCE"`
}

func (a Audience) or(publicURL string) string {
	if a.TokenAudience != "" {
		return a.TokenAudience
	}
	return publicURL
}
