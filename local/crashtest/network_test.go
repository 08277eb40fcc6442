package crashtest

import (
	"net"
	"sync"
	"sync/atomic"
)

// network is a listener whose connections can be made to fail.
type network struct {
	net.Listener
	mu    sync.Mutex
	conns []*connection
}

// connection is silent when what is sent to it is lost on the way.
type connection struct {
	*net.TCPConn
	silent atomic.Bool
}

// Accept implements net.Listener.
func (n *network) Accept() (net.Conn, error) {
	accepted, err := n.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{TCPConn: accepted.(*net.TCPConn)}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns = append(n.conns, c)
	return c, nil
}

// Read implements net.Conn.
func (c *connection) Read(b []byte) (int, error) {
	for {
		if n, err := c.TCPConn.Read(b); err != nil || !c.silent.Load() {
			return n, err
		}
	}
}

// sever does something to every connection that there is now.
func (n *network) sever(do func(*connection)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.conns {
		do(c)
	}
	n.conns = nil
}

func closeConnection(c *connection) { _ = c.Close() } // it may be closed already

func resetConnection(c *connection) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

func silenceConnection(c *connection) { c.silent.Store(true) }
