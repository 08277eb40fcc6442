package flow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"daemun/shared/fault"
	"daemun/shared/session"
	"daemun/shared/token"
)

// OwnSessions is what people may see and end of their sessions.
type OwnSessions struct {
	Users    Users
	Sessions Sessions
	Rule     session.Rule
	Now      func() time.Time
}

// List returns the person's live sessions, the last used first, the current one
// among them. A session that cannot be read is left out; corrupt says how many
// there are. Faults: invalid_token if the person, or the session of the access
// token, is gone; temporarily_unavailable.
func (o *OwnSessions) List(ctx context.Context, who token.Access) (live []*session.Session, corrupt int, err error) {
	var unreadable []string
	var listed error
	var group sync.WaitGroup
	group.Go(func() { live, unreadable, listed = o.Sessions.ListSessions(ctx, who.UserID) })
	u, err := o.Users.FindUser(ctx, who.UserID)
	group.Wait()
	corrupt = len(unreadable)
	switch {
	case err != nil:
		return nil, corrupt, fmt.Errorf("find user: %w", err)
	case listed != nil:
		return nil, corrupt, fmt.Errorf("list sessions: %w", listed)
	case u == nil, u.Disabled:
		return nil, corrupt, fault.Newf(fault.InvalidToken, "user is gone or disabled")
	}
	now := o.Now()
	live = slices.DeleteFunc(live, func(s *session.Session) bool { return !o.Rule.IsLive(s, now) })
	isCurrent := func(s *session.Session) bool { return s.ID == who.SessionID }
	if !slices.ContainsFunc(live, isCurrent) && !slices.Contains(unreadable, who.SessionID) {
		return nil, corrupt, fault.Newf(fault.InvalidToken, "session of the access token is over")
	}
	slices.SortFunc(live, func(a, b *session.Session) int {
		return cmp.Or(b.UsedAt().Compare(a.UsedAt()), cmp.Compare(a.ID, b.ID))
	})
	return live, corrupt, nil
}

// End ends one of the person's own sessions, the current one too. That there is
// no such session any more, or never was, is no fault: the person wants it gone,
// and who tries again after a lost answer must not be told otherwise. It does not
// ask whether the session of the access token is live, as logging out does not.
// Faults: not_found for what cannot be a session's id; temporarily_unavailable.
func (o *OwnSessions) End(ctx context.Context, who token.Access, id string) error {
	if !isRandomText(id) {
		return fault.Newf(fault.NotFound, "not the id of a session")
	}
	// The user's id is half of the key: another person's session is out of reach.
	if err := o.Sessions.EndSession(ctx, who.UserID, id, session.EndedByLogout, o.Now()); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}
