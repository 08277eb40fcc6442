package store

import (
	"context"
	"encoding/base64"
	"io"
	"time"
)

// Claim marks id as used and reports whether this call was the first to do so.
// The mark lasts at least until expires; one that outlives it still counts.
func (s *Store) Claim(ctx context.Context, id string, expires time.Time) (first bool, err error) {
	attempt, err := s.attemptID()
	if err != nil {
		return false, mistake("claim", err)
	}
	marker := oneTimeKey(id)
	marker[attrAttempt] = text(attempt)
	marker[attrExpiresAt] = deadline(expires)
	present, done, err := s.putNew(ctx, "claim", s.oneTime, attrID, marker)
	if err != nil || done {
		return done, err
	}
	// Our own attempt id means that a try of ours was applied and its answer lost.
	// A marker without one is another's.
	r := &reader{item: present}
	return r.text(attrAttempt) == attempt, nil
}

// attemptID tells this call from every other, also from those of one invocation
// that Lambda repeats.
func (s *Store) attemptID() (string, error) {
	var id [16]byte
	if _, err := io.ReadFull(s.random, id[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(id[:]), nil
}
