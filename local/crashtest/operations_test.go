package crashtest

import (
	"net/http"
	"slices"

	"daemun/shared/session"
	"daemun/shared/store/storetest"
)

// operation is something that a client does. To have another one crashed, add it
// to operations.
type operation struct {
	name     string
	function string // that runs it
	// prepare brings the client to where send is the next thing to do.
	prepare func(*client)
	// send is one request. Success is its outcome when nothing happens.
	send    func(*client) answer
	success string
	// spent are the outcomes that tell the client to begin anew, which is what anew
	// does. The first is what it sees after a crash.
	spent []string
	anew  func(*client)
	// isSpent says after which crashes the client will have to.
	isSpent func(crash) bool
	// ends are the reasons for which the operation ends sessions.
	ends []session.EndReason
	// parallel: it makes two calls at once. Which of them a crash lets through is
	// chance, and with it what the next tries find and call.
	parallel bool
	// check looks at what has become of everything when the client is done.
	check func(*client)
}

func operations() []operation {
	return slices.Concat(loginOperations(), []operation{registerOperation()}, refreshOperations(), endOperations())
}

func loginOperations() []operation {
	callback := operation{
		function: "CallbackFunction", prepare: (*client).begin, send: (*client).finish, success: "302",
		spent: []string{"invalid_state"}, anew: (*client).begin, check: (*client).isOneUser,
		// The claim of the state is the first call of all. Once it is made, the login
		// is spent: its code may have been sent.
		isSpent: func(c crash) bool { return c != crash{call{"PutItem", 1}, beforeSend} },
		ends:    []session.EndReason{session.EndedByFault}, // the new session, where a fault meets the login
	}
	newPerson, known := callback, callback
	newPerson.name = "callback, new person"
	known.name, known.parallel = "callback, known user", true
	known.prepare = func(c *client) {
		c.logIn()
		c.kept = []string{c.me()}
		c.begin()
	}
	known.check = func(c *client) {
		if id := c.me(); id != c.kept[0] {
			c.w.t.Errorf("V1: user %s became %s", c.kept[0], id)
		}
		c.isOneUser()
	}
	crowded := callback
	crowded.name, crowded.parallel = "callback, one session too many", true
	crowded.ends = []session.EndReason{session.EndedByLimit, session.EndedByFault}
	crowded.prepare = func(c *client) {
		for range sessionLimit {
			device := c.w.newClient(c.person.ID)
			device.logIn()
			c.kept = append(c.kept, device.cookie(refreshCookie))
		}
		c.begin()
	}
	crowded.check = func(c *client) {
		if live := c.liveSessions(); live != sessionLimit {
			c.w.t.Errorf("V4: %d sessions are alive, want %d", live, sessionLimit)
		}
		c.isOneUser()
		c.ended(c.kept[0], session.EndedByLimit)
	}
	login := operation{name: "login-url", function: "LoginUrlFunction", prepare: func(*client) {}, success: "302"}
	login.send = func(c *client) answer {
		a := c.do(http.MethodGet, "/auth/kakao/login", "")
		if a.status == http.StatusFound {
			c.kept = []string{a.location}
		}
		return a
	}
	login.check = func(c *client) {
		c.agree(answer{location: c.kept[0]})
		c.expect("login", c.finish(), "302")
		c.isOneUser()
	}
	return []operation{login, known, crowded, newPerson}
}

// registerOperation makes the account of somebody who was asked for more. Who is
// told that it is made already logs in, and is that one user.
func registerOperation() operation {
	return operation{
		name: "register", function: "RegisterFunction", success: "200",
		ends: []session.EndReason{session.EndedByFault}, // of the login after it, as above
		prepare: func(c *client) {
			c.w.ready("CallbackFunction") // for the login: its start is no part of this
			c.w.ready("AccountFunction")
			c.beAsked()
		},
		send: func(c *client) answer {
			if c.callback == "" {
				return c.do(http.MethodPost, "/auth/register", `{"terms_of_service":true}`)
			}
			if a := c.finish(); a.outcome() != "302" {
				return a
			}
			return c.do(http.MethodGet, "/me", "")
		},
		spent: []string{"already_registered", "invalid_state"}, anew: (*client).begin,
		// Once the one call is made, so is the account.
		isSpent: func(c crash) bool { return c != crash{call{"TransactWriteItems", 1}, beforeSend} },
		check:   (*client).isOneUser,
	}
}

func refreshOperations() []operation {
	refresh := operation{function: "RefreshFunction", send: (*client).refresh, success: "200"}

	fresh := refresh
	fresh.name = "refresh, fresh token"
	fresh.prepare = func(c *client) {
		c.logIn()
		c.kept = []string{c.cookie(refreshCookie)}
	}
	fresh.check = func(c *client) {
		successor := c.cookie(refreshCookie)
		c.alive(2)
		c.put(c.kept[0]) // as a tab that has not heard of it
		c.expect("the parent in its window", c.refresh(), "200")
		if c.cookie(refreshCookie) != successor {
			c.w.t.Errorf("V2: the parent has a second successor")
		}
		c.expect("the successor in the same window", c.refresh(), "200")
		c.alive(2)
		c.rotate()
	}

	repeated := fresh
	repeated.name = "refresh, repeated"
	repeated.prepare = func(c *client) {
		fresh.prepare(c)
		c.expect("refresh", c.refresh(), "200")
		c.put(c.kept[0])
	}

	theft := refresh
	theft.name, theft.success, theft.ends = "refresh, theft", "invalid_grant", []session.EndReason{session.EndedByReuse}
	theft.prepare = func(c *client) {
		c.logIn()
		stolen := c.cookie(refreshCookie)
		c.rotate()
		c.rotate()
		c.kept = []string{c.cookie(refreshCookie)}
		c.leaveWindow()
		c.put(stolen)
	}
	theft.check = func(c *client) { c.ended(c.kept[0], session.EndedByReuse) }

	gone := refresh
	gone.name, gone.success, gone.ends = "refresh, user disabled", "invalid_grant", []session.EndReason{session.EndedByUserGone}
	gone.prepare = func(c *client) {
		fresh.prepare(c)
		c.w.db.Set(c.w.t, c.w.db.Users, storetest.Item{"pk": "USER#" + c.token().UserID, "sk": "USER"}, storetest.Item{"disabled": true})
	}
	gone.check = func(c *client) { c.ended(c.kept[0], session.EndedByUserGone) }
	return []operation{fresh, repeated, theft, gone}
}

func endOperations() []operation {
	ends := []session.EndReason{session.EndedByLogout}
	logout := operation{
		name: "logout", function: "LogoutFunction", success: "204", ends: ends,
		send:    func(c *client) answer { return c.do(http.MethodPost, "/auth/logout", "") },
		prepare: (*client).logInTwice,
		check: func(c *client) {
			c.ended(c.kept[0], session.EndedByLogout)
			c.others[0].rotate() // the other device
			c.others[1].rotate()
		},
	}
	all := logout
	all.name = "logout of all"
	all.send = func(c *client) answer { return c.do(http.MethodPost, "/auth/logout", `{"all":true}`) }
	all.check = func(c *client) {
		c.ended(c.kept[0], session.EndedByLogout)
		c.ended(c.kept[1], session.EndedByLogout)
		c.others[1].rotate() // another person
	}
	other := logout
	other.name, other.function = "end of another session", "AccountFunction"
	other.send = func(c *client) answer {
		return c.do(http.MethodDelete, "/me/sessions/"+c.others[0].token().SessionID, "")
	}
	other.check = func(c *client) {
		c.rotate() // this device
		c.others[1].rotate()
		c.ended(c.kept[1], session.EndedByLogout)
	}
	return []operation{logout, all, other}
}

// logInTwice logs the person in here and on another device, and somebody else on
// theirs.
func (c *client) logInTwice() {
	c.w.t.Helper()
	device, stranger := c.w.newClient(c.person.ID), c.w.newClient(c.person.ID+1)
	c.others = []*client{device, stranger}
	device.logIn()
	stranger.logIn()
	c.logIn()
	c.kept = []string{c.cookie(refreshCookie), device.cookie(refreshCookie)}
}
