package crashtest

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"

	"daemun/shared/provider/providertest"
	"daemun/shared/token"
)

// history is what functions handed out, also what reached nobody, and what they
// logged.
type history struct {
	mu       sync.Mutex
	tokens   map[token.Refresh]string // the refresh tokens of each generation of each session
	secrets  []string                 // ends of cookies
	problems []string
	log      bytes.Buffer
}

func newHistory() *history { return &history{tokens: map[token.Refresh]string{}} }

// Write takes the functions' logs.
func (h *history) Write(line []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(line)
}

// note takes an answer.
func (h *history) note(keys token.RefreshKeys, payload []byte) {
	var answer events.APIGatewayV2HTTPResponse
	if json.Unmarshal(payload, &answer) != nil {
		return // an authorizer's
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, line := range answer.Cookies {
		pair, _, _ := strings.Cut(line, ";")
		name, value, _ := strings.Cut(pair, "=")
		if value == "" {
			continue
		}
		h.secrets = append(h.secrets, value[max(0, len(value)-16):])
		if name != refreshCookie {
			continue
		}
		of, err := keys.Parse(value)
		switch before, again := h.tokens[of]; {
		case err != nil:
			h.problems = append(h.problems, "a refresh token that is not ours")
		case again && before != value:
			h.problems = append(h.problems, "V2: two tokens of one generation")
		}
		h.tokens[of] = value
	}
}

// audit reports what went wrong, and what of tokens, codes and secrets the logs
// show: V8.
func (h *history) audit(t testing.TB) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, problem := range h.problems {
		t.Error(problem)
	}
	log := h.log.String()
	for _, secret := range append(h.secrets, providertest.Marker) {
		if strings.Contains(log, secret) {
			t.Errorf("V8: the logs show %q", secret)
		}
	}
}

// logged is the log so far.
func (h *history) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}
