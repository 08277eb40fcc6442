package runtime

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
)

// An invocation is a request on its way to a process and back.
type invocation struct {
	id, trace string
	payload   []byte
	deadline  time.Time
	answer    *Result      // of a process that has not asked for the next yet
	done      chan *Result // takes the one answer; nil: the function was closed
}

func newInvocation(payload []byte) *invocation {
	var random [32]byte
	rand.Read(random[:]) // never fails
	id := random[:16]
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // a UUID of version 4
	return &invocation{
		id: fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]),
		trace: fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0",
			time.Now().Unix(), hex.EncodeToString(random[16:28]), hex.EncodeToString(random[24:])),
		payload: payload,
		done:    make(chan *Result, 1),
	}
}

// A failure is an error as Lambda words it.
type failure struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (f *failure) json() []byte {
	text, err := json.Marshal(f)
	if err != nil {
		return []byte(`{"errorType":"Runtime.Unknown","errorMessage":"unprintable"}`)
	}
	return text
}

func (f *failure) result(id string) *Result {
	told := failure{f.Type, "RequestId: " + id + " Error: " + f.Message}
	return &Result{RequestID: id, Payload: told.json(), FunctionError: f.Type}
}
