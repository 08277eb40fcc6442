package historytest

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"daemun/shared/gate"
	"daemun/shared/store/storetest"
	"daemun/shared/token"
)

// owner is an honest client, at whatever instance it comes to.
type owner struct {
	*world
	newest token.Refresh
	text   string
	access string
}

func (w *world) newOwner(t *rapid.T) *owner {
	done, _, err := w.instances[0].logIn(w.t.Context(), w.newPerson())
	if err != nil {
		t.Fatal(err)
	}
	o := &owner{world: w, text: done.RefreshToken, access: done.AccessToken}
	o.newest, _ = w.instances[0].keys.Parse(o.text)
	return o
}

// present presents the token, which is to be answered, and returns the answer.
func (o *owner) present(t *rapid.T, i *instance, text string) (token.Refresh, string) {
	got, _, err := i.refresh(o.t.Context(), text)
	if err != nil {
		t.Fatalf("clock off by %v: %v", i.skew, err)
	}
	of, err := i.keys.Parse(got.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	o.access = got.AccessToken
	return of, got.RefreshToken
}

func (o *owner) family() family {
	return stored(o.db.Get(o.t, o.db.RefreshTokens, storetest.Item{"user_id": o.newest.UserID, "session_id": o.newest.SessionID}))
}

// F-50, F-51, V4: while all clocks are within a second of the truth, and may go
// back by two, no client loses its family that comes back within the window,
// whatever it comes back for: an answer that it did not hear, or a tab that is
// behind.
func TestClocks_WithinASecondNoHonestClientIsTakenForAThief(t *testing.T) {
	w := newWorld(t)
	answered := 0
	rapid.Check(t, func(r *rapid.T) {
		o := w.newOwner(r)
		parent := o.text // of the newest
		var rotated time.Time
		r.Repeat(map[string]func(*rapid.T){
			"time passes": func(r *rapid.T) {
				w.pass(time.Duration(rapid.IntRange(0, 13_000).Draw(r, "milliseconds")) * time.Millisecond)
			},
			"refresh": func(r *rapid.T) {
				i := w.drifted(r)
				text := o.text
				if w.clock().Sub(rotated) < rule.Grace && rapid.Bool().Draw(r, "behind") {
					text = parent
				}
				next, got := o.present(r, i, text)
				if next.Generation > o.newest.Generation {
					parent, rotated = o.text, w.clock()
				}
				o.newest, o.text = next, got
				answered++
			},
		})
		if f := o.family(); f.ended != "" || f.generation != o.newest.Generation {
			r.Fatalf("family %+v, and its client has generation %d", f, o.newest.Generation)
		}
	})
	t.Logf("%d refreshes of the current token or, in its window, its parent, at instances within a second of the truth: all answered", answered)
}

// drifted is some instance, whose clock says something else again.
func (w *world) drifted(t *rapid.T) *instance {
	i := w.instances[rapid.IntRange(0, len(w.instances)-1).Draw(t, "instance")]
	i.drift(t)
	return i
}

// F-50, F-52: an access token of an instance whose clock is ahead is refused
// beyond the leeway, and that is all: whatever the clocks say, up to an hour, who
// has the current token keeps the family.
func TestClocks_FarApartRefuseAccessTokensAndEndNoFamily(t *testing.T) {
	w := newWorld(t)
	accepted, early := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		o := w.newOwner(r)
		for _, i := range w.instances {
			i.skew = time.Duration(rapid.IntRange(-3600, 3600).Draw(r, "skew")) * time.Second
		}
		r.Repeat(map[string]func(*rapid.T){
			"time passes": func(r *rapid.T) {
				w.pass(time.Duration(rapid.IntRange(0, 3600).Draw(r, "seconds")) * time.Second)
			},
			"refresh": func(r *rapid.T) {
				minted := w.instances[rapid.IntRange(0, 2).Draw(r, "instance")]
				asked := w.instances[rapid.IntRange(0, 2).Draw(r, "asked")]
				next, text := o.present(r, minted, o.text)
				if next.Generation < o.newest.Generation {
					r.Fatalf("V2: generation %d after %d", next.Generation, o.newest.Generation)
				}
				o.newest, o.text = next, text
				ahead := minted.skew - asked.skew
				err := w.admit(asked, o.access)
				switch {
				case ahead > time.Minute && errors.Is(err, token.ErrFuture):
					early++
				case ahead <= -token.MaxAccessLifetime && errors.Is(err, token.ErrExpired):
				case ahead <= time.Minute && ahead > -token.MaxAccessLifetime && err == nil:
					accepted++
				default:
					r.Fatalf("clock ahead by %v: %v", ahead, err)
				}
			},
			"": func(r *rapid.T) {
				if f := o.family(); f.ended != "" {
					r.Fatalf("family %+v", f)
				}
			},
		})
	})
	t.Logf("clocks up to two hours apart: %d access tokens accepted elsewhere, %d refused as too early; no family ended", accepted, early)
}

func (w *world) admit(i *instance, access string) error {
	var now time.Time
	g := gate.Gate{Verifier: token.AccessVerifier{Issuer: publicURL, Audience: publicURL, Keys: w.verification}, Now: i.clock(&now)}
	_, err := g.Admit(access)
	return err
}
