// Package child starts programs that must not outlive this one: the functions' binaries and the database engine.
// It knows how a program is started, watched and stopped, and nothing of what the program does.
//
// On Linux the kernel ends a child as soon as we die, however we die, and a Ctrl-C in the terminal reaches us alone,
// so that we decide in which order things stop. Elsewhere a child survives our being killed.
package child

import (
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a started program. Its methods may be called by several goroutines.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start starts cmd. The caller must Stop the process or see it end; cmd must not be used by the caller afterwards.
func Start(cmd *exec.Cmd) (*Process, error) {
	cmd.SysProcAttr = attributes()
	// A grandchild that keeps our pipes open does not keep us waiting.
	cmd.WaitDelay = time.Second
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// run holds one thread for the life of the child: Linux signals the child when the thread that started it ends,
// not when the process does.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

// Done is closed when the program has ended and all of its output was written.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the program ended, as [exec.Cmd.Wait] does; nil is exit status 0. It waits for the end.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Kill ends the program at once and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // the only error is that it has ended already
	<-p.done
}

// Stop asks the program to end, kills it when it has not ended within grace, and waits for its end.
func (p *Process) Stop(grace time.Duration) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails when it has ended, or where there are no signals: then Kill does it
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.Kill()
	}
}
