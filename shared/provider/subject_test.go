package provider_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/provider"
)

// CB-03, CB-04.
func TestNumericIdentity_TakesAPositiveInt64AsItIsWritten(t *testing.T) {
	for subject, good := range map[string]bool{
		`1`: true, `9007199254740992`: true, `9007199254740993`: true, `9223372036854775807`: true,
		``: false, `null`: false, `0`: false, `-0`: false, `-1`: false, `1.0`: false, `1e3`: false, `9223372036854775808`: false,
		`"1"`: false, `[1]`: false, `{}`: false, `true`: false,
	} {
		got, err := provider.NumericIdentity("p", jsontext.Value(subject))
		if good != (err == nil) || good && got.Subject != subject || !good && fault.CodeOf(err) != fault.BadProviderResponse {
			t.Errorf("%s: got %v, %v", subject, got, err)
		}
	}
}

// CB-03.
func TestTextIdentity_RefusesWhatCouldBeTwoPeople(t *testing.T) {
	for subject, good := range map[string]bool{
		"a": true, "000123.abc.456": true, strings.Repeat("s", 255): true,
		"": false, " ": false, "a ": false, "a\x00": false, "\uFFFD": false, "é": false, strings.Repeat("s", 256): false,
	} {
		got, err := provider.TextIdentity("p", subject)
		if good != (err == nil) || good && got.Subject != subject || !good && fault.CodeOf(err) != fault.BadProviderResponse {
			t.Errorf("%.20q: got %v, %v", subject, got, err)
		}
	}
}
