package runtime

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
)

const apiVersion = "/2018-06-01/runtime/"

// api is the Lambda Runtime API of one process.
func (p *process) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+apiVersion+"invocation/next", p.next)
	mux.HandleFunc("POST "+apiVersion+"invocation/{id}/response", p.respond)
	mux.HandleFunc("POST "+apiVersion+"invocation/{id}/error", p.fail)
	mux.HandleFunc("POST "+apiVersion+"init/error", p.failInit)
	return mux
}

// next makes the process idle and waits for work; the server's end cuts the wait short.
func (p *process) next(w http.ResponseWriter, r *http.Request) {
	if !p.rest() {
		refuse(w, http.StatusForbidden, "InvalidStateTransition", "the last invocation has no answer yet")
		return
	}
	select {
	case <-r.Context().Done():
	case work := <-p.work:
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Lambda-Runtime-Aws-Request-Id", work.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(work.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", p.function.options.ARN)
		header.Set("Lambda-Runtime-Trace-Id", work.trace)
		_, _ = w.Write(work.payload) // a process that is gone is noticed by its end
	}
}

// rest makes the process idle, which concludes its invocation; false: it may not ask now.
func (p *process) rest() bool {
	f := p.function
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.ending || slices.Contains(f.idle, p) {
		return false
	}
	if p.current != nil {
		if p.current.answer == nil {
			return false
		}
		p.finish(p.current.answer)
	}
	if p.starting {
		p.starting = false
		p.timer.Stop()
		f.starting--
	}
	f.idle = append(f.idle, p)
	f.dispatch()
	f.announce()
	return true
}

func (p *process) respond(w http.ResponseWriter, r *http.Request) {
	body, err := read(w, r)
	if tooLarge(err) {
		message := fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", MaxResponse)
		p.answer(r.PathValue("id"), (&failure{"Function.ResponseSizeTooLarge", message}).result(r.PathValue("id")))
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the response is too large")
		return
	}
	if err != nil {
		return // the process ended in the middle of its answer
	}
	p.conclude(w, r, &Result{Payload: body})
}

func (p *process) fail(w http.ResponseWriter, r *http.Request) {
	body, err := read(w, r)
	if err != nil && !tooLarge(err) {
		return
	}
	p.conclude(w, r, &Result{Payload: body, FunctionError: errorType(r)})
}

func (p *process) conclude(w http.ResponseWriter, r *http.Request, result *Result) {
	result.RequestID = r.PathValue("id")
	if !p.answer(result.RequestID, result) {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	accept(w)
}

func (p *process) answer(id string, result *Result) bool {
	p.function.mu.Lock()
	defer p.function.mu.Unlock()
	if p.current == nil || p.current.id != id || p.current.answer != nil || p.ending {
		return false
	}
	p.current.answer = result
	return true
}

// failInit keeps what the process says of its end, which it is expected to come to now.
func (p *process) failInit(w http.ResponseWriter, r *http.Request) {
	body, err := read(w, r)
	var said failure
	if err != nil || json.Unmarshal(body, &said) != nil || said.Type == "" {
		said = failure{errorType(r), string(body)}
	}
	p.function.mu.Lock()
	p.failure = &said
	p.function.mu.Unlock()
	accept(w)
}

func errorType(r *http.Request) string {
	if name := r.Header.Get("Lambda-Runtime-Function-Error-Type"); name != "" {
		return name
	}
	return "Unhandled"
}

func read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(w, r.Body, MaxResponse))
}

func tooLarge(err error) bool {
	var large *http.MaxBytesError
	return errors.As(err, &large)
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write((&failure{kind, message}).json())
}
