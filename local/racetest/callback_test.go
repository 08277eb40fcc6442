package racetest

import (
	"sync/atomic"
	"testing"

	"daemun/shared/provider/providertest"
)

// ST-03, F-65, V5: one state, fifty callbacks, one exchange.
func TestCallback_OneStateMakesOneExchange(t *testing.T) {
	s := start(t)
	for range 5 {
		before := s.Lookalike.Kakao().Hits(providertest.Token)
		b := begin(t, s)
		var won, refused atomic.Int32
		parallel(50, func(int) {
			switch code := failure(get(t, b.callback, b.transaction)); code {
			case "":
				won.Add(1)
			case "invalid_state":
				refused.Add(1)
			default:
				t.Errorf("a callback failed with %s", code)
			}
		})
		if won.Load() != 1 || refused.Load() != 49 {
			t.Errorf("%d logged in, %d were refused; want 1 and 49", won.Load(), refused.Load())
		}
		if hits := s.Lookalike.Kakao().Hits(providertest.Token) - before; hits != 1 {
			t.Errorf("%d code exchanges, want 1", hits)
		}
	}
	wantProcesses(t, s.Processes("CallbackFunction"))
}

// CB-07, F-63, V1: a hundred first logins of one person at once, one user.
func TestCallback_ParallelFirstLoginsMakeOneUser(t *testing.T) {
	s := start(t)
	var logins [100]begun
	for i := range logins {
		logins[i] = begin(t, s)
	}
	var ids [len(logins)]string
	parallel(len(logins), func(i int) {
		done := get(t, logins[i].callback, logins[i].transaction)
		if code := failure(done); code != "" {
			t.Errorf("login %d failed: %s", i, code)
			return
		}
		ids[i] = whoIs(t, s, done.cookies)
	})
	for i, id := range ids {
		if id != ids[0] {
			t.Errorf("login %d is user %s, login 0 is %s", i, id, ids[0])
		}
	}
	if n := s.Lookalike.Kakao().MaxCodeSent(); n != 1 {
		t.Errorf("a code was sent %d times", n)
	}
	wantProcesses(t, s.Processes("CallbackFunction"))
}

func wantProcesses(t *testing.T, n int) {
	t.Helper()
	if n < processes {
		t.Errorf("%d processes of callback, want at least %d", n, processes)
	}
}
