package store_test

import (
	"strconv"
	"sync"
	"testing"

	"daemun/shared/fault"
	"daemun/shared/session"
	"daemun/shared/store"
	"daemun/shared/store/storetest"
	"daemun/shared/user"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

func TestSignUp_WritesUserIdentityAndSession(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	wantCounts(t, db, map[string]int{"TransactWriteItems": 1})

	db.Proxy.Reset()
	owner, err := s.FindIdentity(t.Context(), person("alice").Identities[0])
	if err != nil || owner != "01-alice" {
		t.Errorf("identity's owner: %q, %v", owner, err)
	}
	stored, err := s.FindUser(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(person("alice"), stored); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]*session.Session{login("alice", "first")}, list(t, s, owner)); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
	wantCounts(t, db, map[string]int{"GetItem": 2, "Query": 1})
}

func TestSignUp_KeepsWhatIsEmptyEmpty(t *testing.T) {
	s, _ := open(t)
	bare := &user.User{ID: "01", Identities: []user.Identity{{Provider: "kakao", Subject: "1"}}, CreatedAt: start, Disabled: true}
	first := &session.Session{UserID: "01", ID: "s", Generation: 1, KeyID: "k", CreatedAt: start}
	if _, err := s.SignUp(t.Context(), bare, first, start, "", start); err != nil {
		t.Fatal(err)
	}
	stored, err := s.FindUser(t.Context(), "01")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bare, stored); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
}

func TestFind_NobodyIsNoError(t *testing.T) {
	s, _ := open(t)
	owner, err := s.FindIdentity(t.Context(), user.Identity{Provider: "kakao", Subject: "1"})
	if owner != "" || err != nil {
		t.Errorf("identity: %q, %v", owner, err)
	}
	u, err := s.FindUser(t.Context(), "01")
	if u != nil || err != nil {
		t.Errorf("user: %v, %v", u, err)
	}
}

// CB-02.
func TestSignUp_SubjectsOfTwoProvidersAreTwoPersons(t *testing.T) {
	s, _ := open(t)
	for id, identity := range map[string]user.Identity{
		"01": {Provider: "kakao", Subject: "12"}, "02": {Provider: "google", Subject: "12"},
		"03": {Provider: "naver", Subject: "12"}, "04": {Provider: "naver1", Subject: "2"},
		"05": {Provider: "a", Subject: "b:c"}, "06": {Provider: "a", Subject: "b#c"},
	} {
		u := &user.User{ID: id, Identities: []user.Identity{identity}, CreatedAt: start}
		owner, err := s.SignUp(t.Context(), u, &session.Session{UserID: id, ID: "s", Generation: 1, KeyID: "k", CreatedAt: start}, start, "", start)
		if err != nil || owner != id {
			t.Errorf("%v: %q, %v", identity, owner, err)
		}
	}
}

func TestSignUp_NeedsOneValidIdentity(t *testing.T) {
	s, db := open(t)
	valid := user.Identity{Provider: "kakao", Subject: "1"}
	for _, identities := range [][]user.Identity{nil, {{Provider: "kakao"}}, {valid, valid}} {
		_, err := s.SignUp(t.Context(), &user.User{ID: "01", Identities: identities}, login("alice", "first"), start, "", start)
		wantCode(t, err, fault.Internal)
	}
	wantCounts(t, db, map[string]int{})
}

// rival is the same person as alice, signed up by another request.
func rival(n string) (*user.User, *session.Session) {
	u, s := person("alice"), login("alice", "of-"+n)
	u.ID = "02-" + n
	s.UserID = u.ID
	return u, s
}

// F-25.
func TestSignUp_LoserGetsTheOwnerAndWritesNothing(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	db.Proxy.Reset()
	u, first := rival("x")
	owner, err := s.SignUp(t.Context(), u, first, start, "", start)
	if err != nil || owner != "01-alice" {
		t.Errorf("got %q, %v", owner, err)
	}
	wantCounts(t, db, map[string]int{"TransactWriteItems": 1})
	wantItems(t, db, 2, 1)
}

// CB-07, F-63, V1.
func TestSignUp_ParallelMakesOneUser(t *testing.T) {
	s, db := open(t)
	owners := make([]string, 100)
	var group sync.WaitGroup
	for i := range owners {
		group.Go(func() {
			var err error
			u, first := rival(strconv.Itoa(i))
			if owners[i], err = s.SignUp(t.Context(), u, first, start, "", start); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, owner := range owners {
		if owner == "" || owner != owners[0] {
			t.Fatalf("owners %q and %q", owner, owners[0])
		}
	}
	wantItems(t, db, 2, 1)
	if u, err := s.FindUser(t.Context(), owners[0]); u == nil || err != nil {
		t.Errorf("the owner: %v, %v", u, err)
	}
	if sessions := list(t, s, owners[0]); len(sessions) != 1 {
		t.Errorf("the owner's sessions: %v", sessions)
	}
}

func wantItems(t testing.TB, db *storetest.DB, users, sessions int) {
	t.Helper()
	if got := db.Scan(t, db.Users); len(got) != users {
		t.Errorf("%d items of users and identities, want %d: %v", len(got), users, got)
	}
	if got := db.Scan(t, db.RefreshTokens); len(got) != sessions {
		t.Errorf("%d sessions, want %d: %v", len(got), sessions, got)
	}
}

// F-26: an engine that does not tell the item is asked for it.
func TestSignUp_LoserReadsTheIdentityThatItWasNotTold(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	db.Proxy.Reset()
	db.Proxy.On("TransactWriteItems", 0, storetest.Canceled("ConditionalCheckFailed", "None", "None"))
	u, first := rival("x")
	owner, err := s.SignUp(t.Context(), u, first, start, "", start)
	if err != nil || owner != "01-alice" {
		t.Errorf("got %q, %v", owner, err)
	}
	wantCounts(t, db, map[string]int{"TransactWriteItems": 1, "GetItem": 1})
}

func TestSignUp_OwnerThatWentAwayIsNoOwner(t *testing.T) {
	s, db := open(t)
	db.Proxy.On("TransactWriteItems", 0, storetest.Canceled("ConditionalCheckFailed", "None", "None"))
	owner, err := s.SignUp(t.Context(), person("alice"), login("alice", "first"), start, "", start)
	if owner != "" {
		t.Errorf("owner %q", owner)
	}
	wantCode(t, err, fault.TemporarilyUnavailable)
}

// F-26, F-29, F-30: what cancels a transaction once.
func TestSignUp_RepeatsWhatIsTransient(t *testing.T) {
	for _, once := range [][]string{
		{"None", "TransactionConflict", "None"},
		{"TransactionConflict", "None", "None"},
		{"ThrottlingError", "None", "None"},
		{"None", "None", "ProvisionedThroughputExceeded"},
		// After a first try of our own, while another sign-up holds the identity.
		{"TransactionConflict", "ConditionalCheckFailed", "ConditionalCheckFailed"},
	} {
		testRepeatedSignUp(t, storetest.Canceled(once...))
	}
	testRepeatedSignUp(t, storetest.Error("TransactionInProgressException"))
	testRepeatedSignUp(t, storetest.Error("IdempotentParameterMismatchException"))
}

func testRepeatedSignUp(t *testing.T, once storetest.Fault) {
	t.Helper()
	s, db := open(t)
	db.Proxy.On("TransactWriteItems", 1, once)
	signUp(t, s, "alice")
	wantCounts(t, db, map[string]int{"TransactWriteItems": 2})
	wantItems(t, db, 2, 1)
}

// F-26, F-29, F-30: what cancels it for ever.
func TestSignUp_GivesUp(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault storetest.Fault
		calls int
		want  fault.Code
	}{
		{"conflict", storetest.Canceled("TransactionConflict", "None", "None"), 5, fault.TemporarilyUnavailable},
		{"throttled", storetest.Canceled("None", "ThrottlingError", "None"), 5, fault.TemporarilyUnavailable},
		{"in progress", storetest.Error("TransactionInProgressException"), 3, fault.TemporarilyUnavailable},
		{"token mismatch", storetest.Error("IdempotentParameterMismatchException"), 2, fault.TemporarilyUnavailable},
		{"invalid", storetest.Canceled("None", "ValidationError", "None"), 1, fault.Internal},
		{"user without identity", storetest.Canceled("None", "ConditionalCheckFailed", "None"), 1, fault.Internal},
		{"no reasons", storetest.Canceled(), 1, fault.Internal},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, db := open(t)
			db.Proxy.On("TransactWriteItems", 0, c.fault)
			_, err := s.SignUp(t.Context(), person("alice"), login("alice", "first"), start, "", start)
			wantCode(t, err, c.want)
			wantCounts(t, db, map[string]int{"TransactWriteItems": c.calls})
			wantItems(t, db, 0, 0)
		})
	}
}

// V7: the repeats of the SDK and our own share one budget of 2 s. Six calls, of
// which four wait for 600 ms, are beyond it.
func TestSignUp_RepeatsWithinOneBudget(t *testing.T) {
	t.Parallel()
	patient, db := open(t)
	s := store.New(db.Config())
	for _, n := range []int{1, 2, 4, 5} {
		db.Proxy.On("TransactWriteItems", n, storetest.AnswerHangs())
	}
	db.Proxy.On("TransactWriteItems", 3, storetest.Canceled("TransactionConflict", "None", "None"))
	_, err := s.SignUp(t.Context(), person("alice"), login("alice", "first"), start, "", start)
	wantCode(t, err, fault.TemporarilyUnavailable)
	db.Proxy.Reset()
	signUp(t, patient, "alice")
}

// F-30: a repeated transaction is a new one, for its bytes may differ.
func TestSignUp_RepeatsWithANewToken(t *testing.T) {
	s, db := open(t)
	var tokens sync.Map
	db.Proxy.On("TransactWriteItems", 1, storetest.AnswerLost())
	db.Proxy.On("TransactWriteItems", 2, storetest.Error("IdempotentParameterMismatchException"))
	db.Proxy.Hook(func(c storetest.Call, at storetest.Point) {
		if at == storetest.BeforeForward {
			tokens.Store(clientRequestToken(t, c.Body), c.N)
		}
	})
	signUp(t, s, "alice")
	wantCounts(t, db, map[string]int{"TransactWriteItems": 3})
	count := 0
	tokens.Range(func(_, _ any) bool { count++; return true })
	if count != 2 {
		t.Errorf("%d tokens in the calls 1 and 3, want 2", count)
	}
}

// CB-08: user and session of an earlier sign-up without its identity cannot be;
// where they are, nothing is written over them.
func TestSignUp_NeverWritesOverAUser(t *testing.T) {
	s, db := open(t)
	signUp(t, s, "alice")
	db.Delete(t, db.Users, storetest.Item{"pk": "IDENTITY#kakao#alice", "sk": "IDENTITY"})
	before := db.Scan(t, db.Users)
	_, err := s.SignUp(t.Context(), person("alice"), login("alice", "second"), start, "", start)
	wantCode(t, err, fault.Internal)
	if diff := cmp.Diff(before, db.Scan(t, db.Users)); diff != "" {
		t.Error(diff)
	}
}

func clientRequestToken(t testing.TB, body []byte) string {
	t.Helper()
	var transaction struct{ ClientRequestToken string }
	if err := json.Unmarshal(body, &transaction); err != nil || transaction.ClientRequestToken == "" {
		t.Errorf("no token: %v", err)
	}
	return transaction.ClientRequestToken
}
