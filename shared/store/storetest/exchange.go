package storetest

import (
	"net"
	"net/http"
	"time"
)

// exchange is one call on its way through the proxy.
type exchange struct {
	proxy   *Proxy
	call    Call
	fault   Fault
	hook    func(Call, Point)
	shadow  *shadow
	writer  http.ResponseWriter
	request *http.Request
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// forward has the engine do the call.
func (x *exchange) forward() (*answer, error) {
	x.at(BeforeForward)
	body := x.call.Body
	if x.shadow != nil {
		var err error
		if body, err = x.shadow.see(x.request.Header, x.call); err != nil {
			return nil, err
		}
	}
	got, err := x.proxy.ask(x.request.Header, x.call.Operation, body)
	x.at(AfterForward)
	return got, err
}

func (x *exchange) at(point Point) {
	if x.hook != nil {
		x.hook(x.call, point)
	}
}

// reply gives the client an answer, with its checksum if it has one. No fault
// changes the body of an answer that has.
func (x *exchange) reply(a *answer, err error) {
	if err != nil {
		http.Error(x.writer, err.Error(), http.StatusBadGateway)
		return
	}
	for name, values := range a.header {
		if name != "Content-Length" && name != "Connection" {
			x.writer.Header()[name] = values
		}
	}
	x.writer.WriteHeader(a.status)
	_, _ = x.writer.Write(a.body) // fails when the client went away
}

// reset breaks the client's connection.
func (x *exchange) reset() {
	connection, _, err := x.writer.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset and not an end
	}
	_ = connection.Close()
}

// wait returns false when the client went away before.
func (x *exchange) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.request.Context().Done():
		return false
	}
}
