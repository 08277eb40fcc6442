package crashtest

import (
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"daemun/shared/store/storetest"
)

// prepared is an operation whose client is about to send.
type prepared struct {
	run
	client *client
}

// prepareAll prepares operations for persons of their own.
func (w *world) prepareAll(operations []operation) []prepared {
	w.t.Helper()
	var all []prepared
	for i, o := range operations {
		c := w.newClient(int64(1 + 2*i))
		o.prepare(c)
		all = append(all, prepared{run{operation: o}, c})
	}
	return all
}

// sendAll has all clients send at once, and returns what they saw.
func sendAll(all []prepared) []string {
	outcomes := make([]string, len(all))
	var group sync.WaitGroup
	for i, p := range all {
		group.Go(func() { outcomes[i] = p.operation.send(p.client).outcome() })
	}
	group.Wait()
	return outcomes
}

// usingDatabase are the operations that call the database.
func usingDatabase() []operation {
	return slices.DeleteFunc(operations(), func(o operation) bool { return o.name == "login-url" })
}

// F-41, F-43, V7: when every call to the database takes a minute, every function
// says so before Lambda ends it, and the same process serves on afterwards. A
// process that Lambda had ended would show as a 500 of the gateway's.
func TestDeadline_AnswersBeforeLambdaEndsTheFunction(t *testing.T) {
	t.Parallel()
	all := usingDatabase()
	w := newWorld(t, len(all))
	waiting := w.prepareAll(all)
	w.db.Proxy.Reset()
	for _, operation := range []string{"GetItem", "PutItem", "UpdateItem", "Query", "TransactWriteItems"} {
		w.db.Proxy.On(operation, 0, storetest.Slow(time.Minute))
	}
	for i, got := range sendAll(waiting) {
		if got != busy {
			t.Errorf("%s: %s, want %s", waiting[i], got, busy)
		}
	}
	w.db.Proxy.Reset()
	for _, p := range waiting {
		p.recover(p.client)
		p.operation.check(p.client)
	}
	if len(w.instances) != len(w.current) {
		t.Errorf("%d instances of %d functions", len(w.instances), len(w.current))
	}
}

// F-43: while Lambda keeps a process frozen, its connections die. The first
// request after that succeeds all the same, also where nothing tells the process
// that they are dead.
func TestFreeze_FirstRequestSucceedsOnDeadConnections(t *testing.T) {
	t.Parallel()
	var all []operation
	for _, o := range usingDatabase() {
		switch o.name {
		case "callback, known user", "refresh, fresh token", "logout", "end of another session":
			all = append(all, o) // one of each function
		}
	}
	w := newWorld(t, 1)
	for name, die := range map[string]func(*connection){
		"closed": closeConnection, "reset": resetConnection, "silent": silenceConnection,
	} {
		w.wipe()
		waiting := w.prepareAll(all)
		var frozen []*instance
		for _, o := range all {
			w.ready(o.function)
			frozen = append(frozen, w.instance(o.function))
		}
		for _, i := range frozen {
			w.signal(i, syscall.SIGSTOP)
		}
		w.network.sever(die)
		w.tap.whenBusy(len(frozen), func() {
			for _, i := range frozen {
				w.signal(i, syscall.SIGCONT)
			}
		})
		for i, got := range sendAll(waiting) {
			if want := waiting[i].operation.success; got != want {
				t.Errorf("%s, connections %s: %s, want %s", waiting[i], name, got, want)
			}
			waiting[i].operation.check(waiting[i].client)
		}
	}
}
