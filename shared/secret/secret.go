// Package secret owns values that never print. A secret shows itself only to
// the caller of Reveal; formatted, marshalled or logged it is "[redacted]".
package secret

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// String is a text that must not be seen. Its value hides behind a pointer, so
// that not even %#v of a struct around it shows more than an address.
// The zero String is empty.
type String struct{ p *string }

// New hides a text.
func New(s string) String { return String{&s} }

// Reveal returns the hidden text. Use it only where the text leaves for its
// rightful place.
func (s String) Reveal() string {
	if s.p == nil {
		return ""
	}
	return *s.p
}

// Empty reports whether there is nothing to hide.
func (s String) Empty() bool { return s.Reveal() == "" }

// Format implements fmt.Formatter for every verb.
func (s String) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText implements encoding.TextMarshaler, which JSON uses too.
func (s String) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText implements encoding.TextUnmarshaler, so that configuration is
// hidden from the moment it is read.
func (s *String) UnmarshalText(b []byte) error {
	*s = New(string(b))
	return nil
}

// LogValue implements slog.LogValuer.
func (s String) LogValue() slog.Value { return slog.StringValue(redacted) }
