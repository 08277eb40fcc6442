package crashtest

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"daemun/local/engine"
	"daemun/local/runtime"
	"daemun/shared/provider/providertest"
)

// instance is a function that can be killed: its processes, of which there is at
// most one but where events are delivered twice.
type instance struct {
	*runtime.Function
	id      string
	pidFile string // has the id of the process that started last
}

// instance is the function's living instance; its first invocation starts a
// process.
func (w *world) instance(function string) *instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current[function] == nil {
		w.current[function] = w.newInstance(function)
	}
	return w.current[function]
}

// startWithID leaves a process's id behind before it becomes the function.
const startWithID = `echo $$ >"$0"; exec "$1"`

// newInstance is the function as the template describes it. What it calls, it
// calls by the tap and under its id. w.mu is held.
func (w *world) newInstance(function string) *instance {
	described, ok := w.described.Function(function)
	if !ok {
		w.t.Fatalf("the template has no function %s", function)
	}
	id := strconv.Itoa(len(w.instances))
	binary, err := filepath.Abs("../../.build/" + function + "/bootstrap")
	w.must(err)
	environment := w.environment(described.Environment, w.tapServer.URL+"/"+id)
	if function == "RegisterFunction" {
		environment["REGISTRATION"] = "required" // of whom callback, here, would not ask it
	}
	pidFile := filepath.Join(w.dir, id)
	w.instances[id] = &instance{id: id, pidFile: pidFile, Function: runtime.New(runtime.Options{
		Name: described.Name, ARN: described.ARN, Handler: described.Handler, MemoryMB: described.MemoryMB,
		Command: []string{"/bin/sh", "-c", startWithID, pidFile, binary}, Timeout: described.Timeout,
		Environment: environment, Maximum: w.maximum,
		Region: engine.Region, AccessKeyID: engine.AccessKeyID, SecretAccessKey: engine.SecretAccessKey, Logs: w.history,
	})}
	return w.instances[id]
}

// environment fills in the variables that the template names.
func (w *world) environment(described map[string]string, tap string) map[string]string {
	variables := maps.Clone(described)
	for name := range variables {
		switch name {
		case "DYNAMODB_ENDPOINT":
			variables[name] = tap
		case "KAKAO_TOKEN_URL":
			variables[name] = tap + providertest.KakaoTokenPath
		case "KAKAO_USERINFO_URL":
			variables[name] = tap + providertest.KakaoUserinfoPath
		default:
			if value, ok := w.env[name]; ok {
				variables[name] = value
			}
		}
	}
	return variables
}

// ready has a process of the function wait for work: what it does at its start is
// no part of an operation.
func (w *world) ready(function string) {
	w.t.Helper()
	i := w.instance(function)
	w.tap.begin(i.id)
	w.must(i.Warm(w.t.Context(), 1))
	w.tap.end(i.id)
}

// kill ends the instance with SIGKILL and returns when it is dead. The function's
// next invocation starts another.
func (w *world) kill(id string) {
	w.mu.Lock()
	dies := w.instances[id]
	maps.DeleteFunc(w.current, func(_ string, i *instance) bool { return i == dies })
	w.mu.Unlock()
	dies.Close()
}

// signal sends a signal to the instance's process.
func (w *world) signal(i *instance, s syscall.Signal) {
	w.t.Helper()
	w.must(syscall.Kill(w.pid(i), s))
}

func (w *world) pid(i *instance) int {
	w.t.Helper()
	text, err := os.ReadFile(i.pidFile)
	w.must(err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	w.must(err)
	return pid
}
