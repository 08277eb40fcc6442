package lambdahttp

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Cookies writes our cookies (RFC 6265bis). All are HttpOnly, bound to this host
// and to the path "/".
type Cookies struct {
	// Insecure drops the __Host- prefix, and the Secure attribute where SameSite=None
	// does not need it, for http on a loopback address.
	Insecure bool
}

// CookieKind is one of our cookies.
type CookieKind struct {
	name     string
	sameSite string
}

// The cookies of a logged-in browser. The refresh token goes to no request that
// another site caused.
var (
	AccessCookie  = CookieKind{"daemun-at", "Lax"}
	RefreshCookie = CookieKind{"daemun-rt", "Strict"}
)

// RegisterCookie carries the register token of somebody who logged in and has no
// account yet.
var RegisterCookie = CookieKind{"daemun-reg", "Lax"}

const transactionPrefix = "daemun-tx-"

// TransactionCookie carries a login on its way; it must survive the provider's
// redirect back to us, a top-level GET from another site.
func TransactionCookie(id string) CookieKind {
	return CookieKind{transactionPrefix + id, "Lax"}
}

// CrossSiteTransactionCookie is TransactionCookie for providers that answer with
// a POST from their own page, on which a browser sends no Lax cookie. Browsers
// take SameSite=None with Secure only, and on http from a loopback address at
// most.
func CrossSiteTransactionCookie(id string) CookieKind {
	return CookieKind{transactionPrefix + id, "None"}
}

// Name is the cookie's full name.
func (c Cookies) Name(kind CookieKind) string {
	if c.Insecure {
		return kind.name
	}
	return "__Host-" + kind.name
}

// Set writes a cookie that lives for the given time, in full seconds.
func (c Cookies) Set(kind CookieKind, value string, life time.Duration) string {
	secure := "; Secure"
	if c.Insecure && kind.sameSite != "None" {
		secure = ""
	}
	return fmt.Sprintf("%s=%s; Path=/; Max-Age=%d; HttpOnly%s; SameSite=%s",
		c.Name(kind), value, int(life.Seconds()), secure, kind.sameSite)
}

// Clear removes a cookie.
func (c Cookies) Clear(kind CookieKind) string { return c.Set(kind, "", 0) }

// transactionID is what the names of transaction cookies end in.
var transactionID = regexp.MustCompile(`^[A-Za-z0-9_-]{8}$`)

// Transactions lists the ids of the transaction cookies that the browser holds.
// One with a name that we never gave is left alone: the name would be in our
// answer. Which of its two kinds a cookie is, a request does not tell.
func (c Cookies) Transactions(r *Request) []string {
	prefix := c.Name(CookieKind{name: transactionPrefix})
	var ids []string
	for _, name := range r.CookieNames(prefix) {
		id := name[len(prefix):]
		if transactionID.MatchString(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
