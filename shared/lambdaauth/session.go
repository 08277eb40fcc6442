package lambdaauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"daemun/shared/session"
	"daemun/shared/token"
)

// Sessions is the storage of an authorizer that asks whether sessions live.
type Sessions interface {
	// FindSession returns the session, nil if there is none. It sees every end that
	// was answered before it was called.
	FindSession(ctx context.Context, userID, sessionID string) (*session.Session, error)
}

// readTimeout is how long an event waits for its session. reserve is kept of the
// event's own time, to answer in.
const (
	readTimeout = time.Second
	reserve     = 500 * time.Millisecond
)

// ofSession is the verdict on a good token by its session, allowed where nobody
// is asked. A session that is over can never live again, so a refusal may be
// kept. That it could not be read says nothing of it.
func (h *Handler) ofSession(ctx context.Context, who token.Access) (verdict, error) {
	if h.Sessions == nil {
		return allowed, nil
	}
	limit := time.Now().Add(readTimeout)
	if end, ok := ctx.Deadline(); ok && end.Add(-reserve).Before(limit) {
		limit = end.Add(-reserve)
	}
	ctx, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	s, err := h.Sessions.FindSession(ctx, who.UserID, who.SessionID)
	switch {
	case err != nil:
		return undecided, fmt.Errorf("find session: %w", err)
	case s == nil:
		return unauthenticated, errors.New("there is no such session")
	case !h.Rule.IsLive(s, h.Gate.Now()):
		return unauthenticated, fmt.Errorf("session is over: %s", cmp.Or(string(s.EndedWhy), "too old or idle for too long"))
	}
	return allowed, nil
}
