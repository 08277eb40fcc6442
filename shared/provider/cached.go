package provider

import (
	"context"
	"errors"
	"sync"
	"time"

	"daemun/shared/fault"
)

// Bounds of how long a document of a provider is believed.
const (
	minAge = 5 * time.Minute // also where the provider forbids to keep it
	maxAge = 24 * time.Hour
	// maxStale is how much longer it is believed while the provider fails.
	maxStale = time.Hour
	// coolDown is how long the provider is left alone after it failed, if it does not
	// ask for longer, and between two questions whether a document has changed before
	// its time.
	coolDown = 30 * time.Second
	// coldCoolDown is the same where there is no document to go on with, so that
	// until it is over everybody is refused. It is about as long as two questions that
	// get no answer: a provider that is down is asked for half of the time at most,
	// and one that is back is noticed before somebody who was refused has been to
	// its login page again.
	coldCoolDown = 2 * time.Second
)

// cached is a document that lives at a provider: fetched when it is first
// needed, by one caller while the others wait, and kept as long as the provider
// allows. Nothing runs between calls. It is safe for concurrent use.
type cached[T any] struct {
	now func() time.Time
	// fetch gets the document, and how long the provider lets it be kept.
	fetch func(context.Context) (T, time.Duration, error)

	mu      sync.Mutex
	value   T
	expires time.Time // zero: there is no value
	failure error     // of the last fetch; nil: it went well
	failed  time.Time
	renewed time.Time
	running *flight[T]
}

// flight is one fetch and those who wait for it.
type flight[T any] struct {
	done  chan struct{}
	value T
	err   error
	gone  bool // the caller who fetched gave up: that says nothing about the provider
}

// get returns the document, and whether it was fetched while the caller waited.
// A document whose time is over serves on for a while if no new one can be had.
func (c *cached[T]) get(ctx context.Context) (value T, fresh bool, err error) {
	value, fresh, err = c.load(ctx, c.isOld)
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.isUsable() {
			return c.value, false, nil
		}
	}
	return value, fresh, err
}

// renew fetches the document before its time is over, unless somebody did so a
// moment ago: then it returns what they got.
func (c *cached[T]) renew(ctx context.Context) (T, error) {
	value, _, err := c.load(ctx, c.mayRenew)
	return value, err
}

func (c *cached[T]) isUsable() bool {
	return !c.expires.IsZero() && c.now().Before(c.expires.Add(maxStale))
}

func (c *cached[T]) isOld() bool {
	now, quiet := c.now(), coldCoolDown
	if c.isUsable() {
		quiet = coolDown
	}
	if f := fault.From(c.failure); f != nil {
		quiet = max(quiet, f.RetryAfter) // as long as the provider asks for
	}
	return !now.Before(c.expires) && !now.Before(c.failed.Add(quiet))
}

func (c *cached[T]) mayRenew() bool {
	now := c.now()
	if c.running == nil && now.Before(c.renewed.Add(coolDown)) {
		return false
	}
	c.renewed = now
	return true
}

// load returns the document that there is, or why there is none, if no newer one
// is wanted. Else it fetches one, or waits for whoever does. wanted is called
// under the lock.
func (c *cached[T]) load(ctx context.Context, wanted func() bool) (value T, fresh bool, err error) {
	for {
		c.mu.Lock()
		if !wanted() {
			defer c.mu.Unlock()
			if c.failure != nil && !c.isUsable() {
				return value, false, c.failure
			}
			return c.value, false, nil
		}
		f := c.running
		if f == nil {
			f = &flight[T]{done: make(chan struct{})}
			c.running = f
			c.mu.Unlock()
			c.run(ctx, f)
			return f.value, true, f.err
		}
		c.mu.Unlock()
		select {
		case <-f.done:
			if !f.gone {
				return f.value, true, f.err
			}
		case <-ctx.Done():
			return value, false, fault.Newf(fault.ProviderTimeout, "waited for a document of the provider")
		}
	}
}

func (c *cached[T]) run(ctx context.Context, f *flight[T]) {
	var age time.Duration
	defer func() { c.land(f, age, ctx.Err() != nil) }() // also in a panic: nobody waits for ever
	f.err = errors.New("fetch did not return")
	f.value, age, f.err = c.fetch(ctx)
}

// land ends a flight and keeps what it brought.
func (c *cached[T]) land(f *flight[T], age time.Duration, late bool) {
	f.gone = f.err != nil && late
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case f.err == nil:
		c.value, c.expires, c.failure = f.value, c.now().Add(min(max(age, minAge), maxAge)), nil
	case !f.gone:
		c.failure, c.failed = f.err, c.now()
	}
	c.running = nil
	close(f.done)
}
