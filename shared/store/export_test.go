package store

import "time"

// NewPatient makes a Store whose limits no busy machine reaches, and that does
// not dwell between its attempts. An answer that never comes costs the attempt.
func NewPatient(c Config) *Store {
	return newStore(c, limits{operation: time.Minute, attempt: 3 * time.Second, backoff: time.Millisecond})
}
