package historytest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"daemun/shared/user"
)

// entry is a login of a person, to the model of first logins; or, when all is
// over, a look at whose the identity is.
type entry struct {
	person int64
	isLook bool
}

// owned is what came of it: whose the identity is, and whether that is a new user.
type owned struct {
	outcome outcome
	userID  string
	isNew   bool
}

func (o owned) of() outcome { return o.outcome }

// nobodyKnows is the user of a login of which nobody knows whether it happened.
const nobodyKnows = "somebody"

// modelOfFirstLogins is, for each person, a register that is set once: to the user
// that the first login makes.
func modelOfFirstLogins() porcupine.Model {
	model := porcupine.NondeterministicModel{
		Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
			return split(all, func(o porcupine.Operation) string { return fmt.Sprint(o.Input.(entry).person) })
		},
		Init: func() []any { return []any{""} },
		Step: func(state, input, output any) []any {
			owner, in, is := state.(string), input.(entry), output.(owned)
			switch {
			case is.outcome == unknown && owner == "":
				return []any{owner, nobodyKnows}
			case is.outcome == unknown:
				return []any{owner}
			case is.outcome != done || is.isNew != (owner == "" && !in.isLook):
				return nil
			case owner == "" && !in.isLook, owner == nobodyKnows && is.userID != "", owner == is.userID:
				return []any{is.userID}
			}
			return nil
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
	}
	return model.ToModel()
}

// F-63, V1, V6: ten clients log the same few persons in, whom nobody knows yet,
// while some of the database's requests go wrong and some clients go away. Each
// person becomes one user, and whoever was told of a user was told of this one.
func TestHistories_OfFirstLoginsAreLinearizable(t *testing.T) {
	const persons = 3
	each := rounds(1, 5)
	sum := inWorlds(t, rounds(12, 1000), func(w *world, seed int, sum *figures) {
		h, first := newHistory(), w.persons+1
		w.persons += persons
		m := &mishaps{random: chance(seed, clients), counts: &sum.faults}
		w.db.Proxy.Choose(m.choose)
		parallel(clients, func(n int) {
			random := chance(seed, n)
			for range each {
				ctx, cancel := mayLeave(t.Context(), random, 20*time.Millisecond)
				h.logIn(ctx, n, w.instances[random.IntN(len(w.instances))], first+random.Int64N(persons))
				cancel()
			}
		})
		w.db.Proxy.Choose(nil)
		for person := first; person <= w.persons; person++ {
			h.lookAt(t, w.instances[0], person)
		}
		h.wantExplained(t, modelOfFirstLogins(), seed)
		sum.histories++
		sum.outcomes.addAll(h.outcomes)
	})
	t.Logf("%d histories of %d clients with %d logins each of %d new persons, all linearizable: %v; faults: %v",
		sum.histories, clients, each, persons, sum.outcomes, sum.faults)
}

func (h *history) logIn(ctx context.Context, client int, i *instance, person int64) {
	h.record(client, func() (any, result) {
		done, _, err := i.logIn(ctx, person)
		is := owned{outcome: outcomeOf(err)}
		if err == nil {
			is.userID, is.isNew = done.User.ID, done.NewUser
		}
		return entry{person: person}, is
	})
}

// lookAt adds whose the person's identity is when all is over.
func (h *history) lookAt(t *testing.T, i *instance, person int64) {
	t.Helper()
	userID, err := i.users.FindIdentity(t.Context(), user.Identity{Provider: "kakao", Subject: fmt.Sprint(person)})
	if err != nil {
		t.Error(err)
	}
	h.record(clients, func() (any, result) { return entry{person, true}, owned{outcome: done, userID: userID} })
}
