package token

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// Keyring is a key set in the hands of its operator, who moves its keys through
// their life:
//
//	Publish           Promote              Retire
//	------> next ------------> active ----------> (retired) ------> gone
//	every instance    makes tokens   checks them until
//	learns it                        the last has expired
//
// Its text form is a JWK Set: what the functions are configured with.
type Keyring struct{ keys []jwk }

// Why a key does not move on.
var (
	ErrNextExists = errors.New("a next key is published already")
	ErrNoNext     = errors.New("no next key is published")
	ErrInKMS      = errors.New("the active key lies in KMS, so the next one is made there too")
	ErrTooEarly   = errors.New("next key is too young: not everybody knows it yet")
)

// PublishAhead is how long a key must be known before it makes tokens: API
// gateways keep public keys for up to two hours.
const PublishAhead = 2 * time.Hour

// NewKeyring makes a key set of one active key of the kind: Secret, or an
// algorithm of package jws.
func NewKeyring(kind string, random io.Reader, now time.Time) (*Keyring, error) {
	k, err := newKey(kind, random, now)
	if err != nil {
		return nil, err
	}
	k.Status = Active
	return &Keyring{keys: []jwk{k}}, nil
}

// ParseKeyring reads a JWK Set. Of several active keys, which a promotion that
// was cut short leaves behind, the newest stays active.
func ParseKeyring(text []byte) (*Keyring, error) {
	keys, err := parseSet(text)
	if err != nil {
		return nil, err
	}
	active, err := activeOf(keys)
	if err != nil {
		return nil, err
	}
	for i, k := range keys {
		if k.Status == Active && k.ID != active.ID {
			keys[i].Status, keys[i].Since = Retired, active.Since
		}
	}
	return &Keyring{keys: keys}, nil
}

// MarshalText is the JWK Set.
func (r *Keyring) MarshalText() ([]byte, error) {
	text, err := json.Marshal(struct {
		Keys []jwk `json:"keys"`
	}{r.keys})
	if err != nil {
		return nil, errors.New("key set cannot be written") // err may quote a key
	}
	return text, nil
}

// KeyText is a key of a set, on its own.
type KeyText struct {
	ID  string
	JWK string
}

// Texts is the JWK of each key, the active one first: laid down in this order,
// a set is never without one.
func (r *Keyring) Texts() ([]KeyText, error) {
	var texts []KeyText
	for _, k := range r.keys {
		text, err := json.Marshal(k)
		if err != nil {
			return nil, fmt.Errorf("key %s cannot be written", k.ID) // err may quote it
		}
		one := KeyText{k.ID, string(text)}
		if k.Status == Active {
			texts = slices.Insert(texts, 0, one)
		} else {
			texts = append(texts, one)
		}
	}
	return texts, nil
}

// Publish adds a next key of the active key's kind.
func (r *Keyring) Publish(random io.Reader, now time.Time) error {
	if r.find(Next) != nil {
		return ErrNextExists
	}
	active := r.find(Active)
	if active.KMS != "" {
		return ErrInKMS // else the next one's private part would lie about, unasked for
	}
	kind, err := active.kind()
	if err != nil {
		return err
	}
	k, err := newKey(kind, random, now)
	if err != nil {
		return err
	}
	k.Status = Next
	r.keys = append(r.keys, k)
	return nil
}

// Promote makes the next key the active one and retires the active one. The next
// key must have been published for at least ahead.
func (r *Keyring) Promote(now time.Time, ahead time.Duration) error {
	next := r.find(Next)
	if next == nil {
		return ErrNoNext
	}
	if age := now.Sub(time.Unix(next.Since, 0)); age < ahead {
		return fmt.Errorf("%w: wait another %s", ErrTooEarly, (ahead - age).Round(time.Minute))
	}
	active := r.find(Active)
	active.Status, active.Since = Retired, now.Unix()
	next.Status, next.Since = Active, now.Unix()
	return nil
}

// Retire drops the keys that were retired at least life ago, the longest life of
// a token that they made, and returns their ids.
func (r *Keyring) Retire(now time.Time, life time.Duration) (gone []string) {
	var kept []jwk
	for _, k := range r.keys {
		if k.Status == Retired && now.Sub(time.Unix(k.Since, 0)) >= life {
			gone = append(gone, k.ID)
			continue
		}
		kept = append(kept, k)
	}
	r.keys = kept
	return gone
}

// Public is the key set without its private parts, for those who only check.
func (r *Keyring) Public() (*Keyring, error) {
	var public []jwk
	for _, k := range r.keys {
		key, err := k.publicKey()
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", k.ID, err)
		}
		p, err := publicJWK(key)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", k.ID, err)
		}
		p.ID, p.Use, p.Algorithm, p.Status, p.Since = k.ID, k.Use, k.Algorithm, k.Status, k.Since
		public = append(public, p)
	}
	return &Keyring{keys: public}, nil
}

// KeyInfo is what may be shown of a key.
type KeyInfo struct {
	ID     string
	Kind   string
	Status Status
	Since  time.Time // of the status
}

// List tells of the keys, in the set's order.
func (r *Keyring) List() []KeyInfo {
	var list []KeyInfo
	for _, k := range r.keys {
		kind, err := k.kind()
		if err != nil {
			kind = "unusable"
		}
		list = append(list, KeyInfo{ID: k.ID, Kind: kind, Status: k.Status, Since: time.Unix(k.Since, 0)})
	}
	return list
}

// kind is Secret, or the algorithm of a signing key.
func (k *jwk) kind() (string, error) {
	if k.KeyType == Secret {
		return Secret, nil
	}
	public, err := k.public()
	return public.Algorithm, err
}

// find returns the first key of the status, nil if there is none.
func (r *Keyring) find(s Status) *jwk {
	for i := range r.keys {
		if r.keys[i].Status == s {
			return &r.keys[i]
		}
	}
	return nil
}
