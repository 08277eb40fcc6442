package session_test

import (
	"strings"
	"testing"

	"daemun/shared/session"
)

func TestNewDevice_KeepsTheBeginningOfAUserAgent(t *testing.T) {
	for _, test := range []struct{ name, userAgent, want string }{
		{"short", "Mozilla/5.0", "Mozilla/5.0"},
		{"longest", strings.Repeat("a", 256), strings.Repeat("a", 256)},
		{"too long", strings.Repeat("a", 257), strings.Repeat("a", 256)},
		{"cut inside a character", strings.Repeat("a", 255) + "대문", strings.Repeat("a", 255)},
	} {
		if got := session.NewDevice(test.userAgent, "192.0.2.1"); got.UserAgent != test.want || got.SourceIP != "192.0.2.1" {
			t.Errorf("%s: got %d bytes", test.name, len(got.UserAgent))
		}
	}
}
