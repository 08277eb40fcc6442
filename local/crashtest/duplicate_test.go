package crashtest

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"

	"daemun/local/crashtest/invariant"
	"daemun/shared/provider/providertest"
	"daemun/shared/session"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
)

// deliver sends an event to its function, past the gateway.
func (w *world) deliver(e event) answer {
	payload, err := w.invoke(w.t.Context(), e.function, e.payload)
	var got events.APIGatewayV2HTTPResponse
	if err == nil {
		err = json.Unmarshal(payload, &got)
	}
	if err != nil {
		w.t.Error(err)
		return answer{}
	}
	return answer{got.StatusCode, got.Headers["Location"], []byte(got.Body)}
}

// deliverTwice sends an event twice at once, and returns the outcomes in
// alphabetical order.
func (w *world) deliverTwice(e event) []string {
	outcomes := make([]string, 2)
	var group sync.WaitGroup
	for i := range outcomes {
		group.Go(func() { outcomes[i] = w.deliver(e).outcome() })
	}
	group.Wait()
	slices.Sort(outcomes)
	return outcomes
}

// duplicate is an operation and what the same event brings about when it comes
// twice: at once, a second apart, and ten minutes apart.
type duplicate struct {
	operation string
	atOnce    []string
	soon      string // the second's outcome
	late      string
	ended     session.EndReason // of the session after the late one
}

// F-45, F-46: Lambda may deliver an event twice, and the second time to another
// process. One state is one exchange, one refresh token has one successor, and
// an end is an end. Ten minutes are longer than a login may take, and longer
// than any window of a session: F-81.
func TestDuplicate_SecondDeliveryDoesNothingNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	for _, d := range []duplicate{
		{operation: "callback, new person", atOnce: []string{"302", "invalid_state"}, soon: "invalid_state", late: "login_expired"},
		{operation: "callback, known user", atOnce: []string{"302", "invalid_state"}, soon: "invalid_state", late: "login_expired"},
		{operation: "refresh, fresh token", atOnce: []string{"200", "200"}, soon: "200", late: "invalid_grant", ended: session.EndedByReuse},
		{operation: "logout", atOnce: []string{"204", "204"}, soon: "204", late: "204", ended: session.EndedByLogout},
		{operation: "end of another session", atOnce: []string{"204", "204"}, soon: "204", late: "204"},
	} {
		all := operations()
		o := all[slices.IndexFunc(all, func(o operation) bool { return o.name == d.operation })]
		t.Run(d.operation, func(t *testing.T) {
			w.wipe()
			c := w.newClient(1)
			o.prepare(c)
			exchanges := w.kakao.Hits(providertest.Token)
			e := w.capture(func() { o.send(c) })
			if got := w.deliverTwice(e); !slices.Equal(got, d.atOnce) {
				t.Errorf("at once: %q, want %q", got, d.atOnce)
			}
			w.pass(time.Second)
			if got := w.deliver(e).outcome(); got != d.soon {
				t.Errorf("a second later: %s, want %s", got, d.soon)
			}
			w.pass(10 * time.Minute)
			if got := w.deliver(w.aged(e, 10*time.Minute)).outcome(); got != d.late {
				t.Errorf("ten minutes later: %s, want %s", got, d.late)
			}
			if n := w.kakao.Hits(providertest.Token) - exchanges; n > 1 {
				t.Errorf("V5: %d exchanges", n)
			}
			if d.ended != "" && c.session()["ended_why"] != string(d.ended) {
				t.Errorf("session %v, want it ended, why: %s", c.session(), d.ended)
			}
			for _, problem := range invariant.Read(t, w.db).Problems() {
				t.Error(problem)
			}
		})
	}
}

// pass makes everything in the tables older. What has outlived its time to live
// is removed.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	for _, s := range w.db.Scan(w.t, w.db.RefreshTokens) {
		w.ageSession(s, d)
	}
	for _, marker := range w.db.Scan(w.t, w.db.OneTime) {
		key := storetest.Item{"id": marker["id"]}
		if expires := int64(marker["expires_at"].(float64)) - int64(d.Seconds()); expires > time.Now().Unix() {
			w.db.Set(w.t, w.db.OneTime, key, storetest.Item{"expires_at": expires})
		} else {
			w.db.Delete(w.t, w.db.OneTime, key)
		}
	}
}

// aged is the event with the transactions in its cookies sealed that much
// earlier.
func (w *world) aged(e event, d time.Duration) event {
	w.t.Helper()
	var request events.APIGatewayV2HTTPRequest
	w.must(json.Unmarshal(e.payload, &request))
	for _, cookie := range request.Cookies {
		name, sealed, _ := strings.Cut(cookie, "=")
		if !strings.HasPrefix(name, "daemun-tx-") {
			continue
		}
		var tx token.Transaction
		tx, err := w.keys.transaction.Open(sealed)
		w.must(err)
		tx.IssuedAt = tx.IssuedAt.Add(-d)
		older, err := w.keys.transaction.Seal(tx, rand.Reader)
		w.must(err)
		e.payload = bytes.Replace(e.payload, []byte(sealed), []byte(older), 1)
	}
	return e
}
