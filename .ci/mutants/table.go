package main

// The places where the mutants are.
const (
	rotate   = "shared/store/rotate_session.go"
	end      = "shared/store/end_session.go"
	rule     = "shared/session/session.go"
	refresh  = "shared/flow/refresh.go"
	logout   = "shared/flow/logout.go"
	complete = "shared/flow/complete.go"
	logIn    = "shared/flow/log_in.go"
	limit    = "shared/flow/limit.go"
	get      = "shared/store/store.go"
	asks     = "shared/lambdaauth/session.go"
	wiring   = "functions/authorizer-session/main.go"
)

// The tests that have to find them.
var (
	session   = []string{"./shared/session", "-rapid.nofailfile"}
	store     = []string{"./shared/store", "-rapid.nofailfile"}
	flow      = []string{"./shared/flow", "-rapid.nofailfile"}
	refreshes = []string{"./functions/refresh"}
	callbacks = []string{"./functions/callback"}
	verdicts  = []string{"./shared/lambdaauth"}
	guards    = []string{"./functions/authorizer-session"}
)

var mutants = []mutant{
	// The condition of a rotation.
	{"rotates only the presented generation", rotate,
		"expression.Name(attrGeneration).Equal(expression.Value(r.Presented))", "expression.AttributeExists(expression.Name(attrGeneration))", store},
	{"rotates nothing that has ended", rotate,
		"expression.AttributeNotExists(expression.Name(attrEndedAt)),", "", store},
	{"rotates nothing over the cap", rotate,
		"r.Now.Add(-r.Rule.Absolute)", "r.Now.Add(-9 * r.Rule.Absolute)", store},
	{"the cap itself is over the cap", rotate,
		"createdAt.GreaterThan(capped),", "createdAt.GreaterThanEqual(capped),", store},
	{"rotates nothing idle since the login", rotate,
		"expression.AttributeNotExists(rotatedAt).And(createdAt.GreaterThan(idle))", "expression.AttributeNotExists(rotatedAt)", store},
	{"rotates nothing idle since the last rotation", rotate,
		"rotatedAt.GreaterThan(idle).And(rotatedAt.LessThanEqual(recent))", "rotatedAt.LessThanEqual(recent)", store},
	{"rotates once per window", rotate,
		"rotatedAt.LessThanEqual(recent)", "expression.Or(rotatedAt.LessThanEqual(recent), rotatedAt.GreaterThan(recent))", store},
	{"rotates when the window is just over", rotate,
		"rotatedAt.LessThanEqual(recent)", "rotatedAt.LessThan(recent)", store},
	{"a new session may rotate at once", rotate,
		"expression.Or(neverRotated, rotatedBefore)", "neverRotated.Not().And(rotatedBefore)", store},
	{"the successor has the next generation", rotate,
		"expression.Value(r.Presented+1)", "expression.Value(r.Presented+2)", store},
	{"the session remembers the successor's key", rotate,
		"Set(expression.Name(attrKeyID), expression.Value(r.KeyID)).", "Set(expression.Name(attrClient), expression.Value(r.KeyID)).", store},
	{"the session remembers when it rotated", rotate,
		"expression.Value(r.Now.UnixMilli())", "expression.Value(r.Now.Unix())", store},
	{"a refusal shows the session as it was", rotate,
		"types.ReturnValuesOnConditionCheckFailureAllOld", "types.ReturnValuesOnConditionCheckFailureNone", store},

	// The judgement of a refusal.
	{"a missing session is refused", rule, "case old == nil, ", "case ", session},
	{"an ended session is refused", rule, "s.EndedAt.IsZero() && r.Remaining(s, now) > 0", "r.Remaining(s, now) > 0", session},
	{"a session over its limits is refused", rule, "s.EndedAt.IsZero() && r.Remaining(s, now) > 0", "s.EndedAt.IsZero()", session},
	{"a session is over at its limit", rule, "r.Remaining(s, now) > 0", "r.Remaining(s, now) >= 0", session},
	{"the current token is repeated, whatever its age", rule,
		"case r.Presented == old.Generation:", "case r.Presented == old.Generation && r.Now.Sub(old.RotatedAt) < r.Rule.Grace:", session},
	{"only the parent is repeated", rule, "r.Presented == old.Generation-1 &&", "r.Presented < old.Generation &&", session},
	{"the parent is repeated in the window only", rule, " && r.Now.Sub(old.RotatedAt) < r.Rule.Grace+ClockSkew:", ":", session},
	{"the window's edge is over", rule, "< r.Rule.Grace+ClockSkew", "<= r.Rule.Grace+ClockSkew", session},
	{"clocks may differ", rule, "r.Rule.Grace+ClockSkew", "r.Rule.Grace", session},
	{"a negative age is young", rule, "r.Now.Sub(old.RotatedAt) < r.Rule", "!r.Now.Before(old.RotatedAt) && r.Now.Sub(old.RotatedAt) < r.Rule", session},
	{"anything else is reuse", rule, "default:\n\t\treturn Reused", "default:\n\t\treturn Refused", session},
	{"rotation does not extend the cap", rule, "min(r.Absolute-age, r.Idle-idle)", "min(r.Absolute-min(age, idle), r.Idle-idle)", session},
	{"an idle session is over", rule, "min(r.Absolute-age, r.Idle-idle)", "min(r.Absolute-age, r.Absolute-idle)", session},
	{"rotation ends idleness", rule, "\treturn s.RotatedAt\n", "\treturn s.CreatedAt\n", session},

	// The end of a session.
	{"the first end stays", end, "endedAt.IfNotExists(expression.Value(now.UnixMilli()))", "expression.Value(now.UnixMilli())", store},
	{"what has ended goes soon", end, "expression.Value(now.Add(keptEnded).Unix())", "expression.Value(now.Add(99*keptEnded).Unix())", store},
	{"the first reason stays", end, "endedWhy.IfNotExists(expression.Value(why))", "expression.Value(why)", store},
	{"an end makes no session", end, "expression.AttributeExists(expression.Name(attrSessionID))", "expression.AttributeNotExists(expression.Name(attrEndedAt))", store},

	// The limit of sessions.
	{"the oldest sessions are over the limit", rule, "a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)", "b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID)", session},
	{"what is not live does not count", rule, "func(s *Session) bool { return !r.IsLive(s, now) }", "func(s *Session) bool { return false }", session},
	{"sessions are counted when the login's own is written", limit, "if err == nil && !isAmong(newest, s) {", "if err == nil && false {", flow},
	{"clocks are read as finely as times are stored", complete, "c.Now().Truncate(time.Millisecond)", "c.Now()", flow},
	{"what no login got ends", limit, "if err := c.Sessions.EndSession(ctx, s.UserID, s.ID, session.EndedByFault, now); err != nil {", "if err := error(nil); err != nil {", flow},
	{"what is over the limit ends", limit, "for _, old := range over {", "for _, old := range over[:0] {", callbacks},

	// The order of a refresh.
	{"a user who is gone cannot refresh", refresh, "if u != nil && !u.Disabled {", "if u == nil || !u.Disabled {", flow},
	{"a disabled user cannot refresh", refresh, "if u != nil && !u.Disabled {", "if u != nil {", refreshes},
	{"a user who is gone has their session ended", refresh,
		"if err := r.Sessions.EndSession(ctx, t.UserID, t.SessionID, session.EndedByUserGone, r.Now()); err != nil {", "if err := error(nil); err != nil {", flow},
	{"reuse is answered when the end is written", refresh,
		"if err := r.Sessions.EndSession(ctx, rotation.UserID, rotation.SessionID, session.EndedByReuse, rotation.Now); err != nil {",
		"if err := r.Sessions.EndSession(ctx, rotation.UserID, rotation.SessionID, session.EndedByReuse, rotation.Now); err != nil && false {", flow},
	{"the clock is read after the user", refresh, "u, err := r.owner(ctx, t)",
		"read := r.Now()\n\tr = &Refresh{r.Users, r.Sessions, r.Issuer, func() time.Time { return read }}\n\tu, err := r.owner(ctx, t)", flow},
	{"an unknown key is our own fault", refresh, "fault.New(fault.TemporarilyUnavailable, err)", "fault.New(fault.InvalidGrant, err)", flow},
	{"a repeat sets no cookie", refresh, "Changed: t.RefreshToken != presented", "Changed: true", refreshes},

	// The end of a login, and of all sessions.
	{"logout of all ends the current session last", logout, "if id == who.SessionID {", "if id == \"\" {", flow},
	{"a state is claimed before the code is used", complete, "if err := c.claim(ctx, tx); err != nil {", "if err := error(nil); err != nil {", flow},
	{"a state is good once", complete, "if !first {", "if !first && false {", callbacks},
	{"a state belongs to its transaction", complete, "subtle.ConstantTimeCompare(tx.StateHash, hash(cb.State)) != 1", "subtle.ConstantTimeCompare(tx.StateHash, hash(cb.State)) > 1", callbacks},
	{"a transaction belongs to its provider", complete, "tx.Provider != p.Name():", "tx.Provider == \"\":", callbacks},
	{"a transaction lives ten minutes", complete, ">= token.TransactionLifetime:", ">= 100*token.TransactionLifetime:", callbacks},
	{"a response of another issuer is refused", complete, "case cb.Issuer != \"\" && !slices.Contains(p.Issuers(), cb.Issuer):", "case slices.Contains(p.Issuers(), \"-\"):", callbacks},
	{"a disabled user cannot log in", logIn, "case u == nil, u.Disabled:", "case u == nil:", callbacks},

	// The authorizer that asks for the session.
	{"reads that decide are consistent", get, "ConsistentRead: aws.Bool(true)", "ConsistentRead: aws.Bool(false)", store},
	{"what cannot be read lets nobody in", asks, "return undecided, ", "return allowed, ", verdicts},
	{"it asks the table", wiring, "Sessions:         db,", "", guards},
}
