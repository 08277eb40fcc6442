package token_test

import (
	"strings"
	"testing"

	"daemun/shared/token"
)

// kinds are the four kinds of key sets, each with a good active key.
func kinds(t testing.TB) map[string]struct {
	set func() keySet
	key string
} {
	return map[string]struct {
		set func() keySet
		key string
	}{
		"refresh":      {func() keySet { return new(token.RefreshKeys) }, secretJWK("a", "active", "a")},
		"transaction":  {func() keySet { return new(token.TransactionKeys) }, secretJWK("a", "active", "a")},
		"signing":      {func() keySet { return new(token.SigningKey) }, okp("a", "active", "a")},
		"verification": {func() keySet { return new(token.VerificationKeys) }, public(t, okp("a", "active", "a"))},
	}
}

// TK-04, F-75: what is no key set is refused when it is read.
func TestKeySets_RefuseWhatIsNone(t *testing.T) {
	for kind, k := range kinds(t) {
		good := setOf(k.key)
		read(t, k.set(), good)
		for _, text := range []string{
			"", " ", "\n", "\x00", "secret", "a", `"secret"`, "null", "[]", "{}", "0", strings.Repeat("s", 32),
			`{"keys":null}`, `{"keys":[]}`, `{"keys":{}}`, `{"keys":"secret"}`, `{"keys":[null]}`, `{"keys":[[]]}`, `{"keys":["secret"]}`,
			`{"Keys":[` + k.key + `]}`, `{"keys":[],"keys":[` + k.key + `]}`,
			k.key, "[" + k.key + "]", "\ufeff" + good, good + "\ufeff", good + good, good + "x", good[:len(good)-1], "ssm:/daemun/keys",
		} {
			if err := k.set().UnmarshalText([]byte(text)); err == nil {
				t.Errorf("%s: %.60q is taken", kind, text)
			}
		}
	}
}

// F-75: white space around the JSON is no part of a key.
func TestKeySets_TrailingNewlineChangesNothing(t *testing.T) {
	var a, b token.RefreshKeys
	read(t, &a, setOf(secretJWK("a", "active", "a")))
	read(t, &b, "\n "+setOf(secretJWK("a", "active", "a"))+"\r\n")
	r := token.Refresh{UserID: userID, SessionID: "s", Generation: 1}
	if mint(t, &a, r, "a") != mint(t, &b, r, "a") {
		t.Error("another key")
	}
}

func TestKeySets_RefuseKeysThatAreNotWellFormed(t *testing.T) {
	for kind, k := range kinds(t) {
		for name, key := range map[string]string{
			"no id":               members(t, k.key, "kid", nil),
			"empty id":            members(t, k.key, "kid", ""),
			"id with a dot":       members(t, k.key, "kid", "a.b"),
			"id with a slash":     members(t, k.key, "kid", "../a"),
			"id with a newline":   members(t, k.key, "kid", "a\n"),
			"id with a space":     members(t, k.key, "kid", "a "),
			"id not ASCII":        members(t, k.key, "kid", "ａ"),
			"id of 65":            members(t, k.key, "kid", strings.Repeat("a", 65)),
			"id a number":         members(t, k.key, "kid", 1),
			"no status":           members(t, k.key, "status", nil),
			"empty status":        members(t, k.key, "status", ""),
			"unknown status":      members(t, k.key, "status", "revoked"),
			"status in caps":      members(t, k.key, "status", "Active"),
			"no type":             members(t, k.key, "kty", nil),
			"type in other case":  members(t, k.key, "kty", strings.ToUpper(member(t, k.key, "kty"))+"x"),
			"twice the same name": strings.Replace(k.key, "{", `{"kid":"b",`, 1),
		} {
			if err := k.set().UnmarshalText([]byte(setOf(key))); err == nil {
				t.Errorf("%s: %s is taken", kind, name)
			}
		}
		read(t, k.set(), setOf(members(t, k.key, "kid", strings.Repeat("a", 64))))
	}
}

func TestKeySets_RefuseTwoKeysOfOneID(t *testing.T) {
	for kind, k := range kinds(t) {
		twice := setOf(k.key, members(t, k.key, "status", "retired"))
		if err := k.set().UnmarshalText([]byte(twice)); err == nil {
			t.Errorf("%s: taken", kind)
		}
		read(t, k.set(), setOf(k.key, members(t, k.key, "status", "retired", "kid", "b")))
	}
}

// One key makes tokens. Where none are made, none has to be active.
func TestKeySets_WantAnActiveKey(t *testing.T) {
	for kind, k := range kinds(t) {
		next := members(t, k.key, "status", "next", "kid", "n")
		retired := members(t, k.key, "status", "retired", "kid", "r")
		read(t, k.set(), setOf(next, k.key, retired))
		err := k.set().UnmarshalText([]byte(setOf(next, retired)))
		if (err == nil) != (kind == "verification") {
			t.Errorf("%s, none active: %v", kind, err)
		}
	}
}

// TK-10: while the two writes of a promotion are on their way, both keys are
// active. The newer one makes tokens, whatever the order of the set.
func TestKeySets_NewestActiveKeyMakesTokens(t *testing.T) {
	older := members(t, secretJWK("a", "active", "a"), "since", 100)
	newer := members(t, secretJWK("b", "active", "b"), "since", 200)
	twin := members(t, secretJWK("c", "active", "c"), "since", 200)
	for text, want := range map[string]string{
		setOf(older, newer): "b", setOf(newer, older): "b", setOf(newer, twin): "c", setOf(twin, newer): "c",
	} {
		var k token.RefreshKeys
		if err := k.UnmarshalText([]byte(text)); err != nil || k.ActiveID() != want {
			t.Errorf("%q is active, want %q (%v)", k.ActiveID(), want, err)
		}
	}
}

// TK-04.
func TestSecretKeys_RefuseOtherThan32Bytes(t *testing.T) {
	for _, set := range []keySet{new(token.RefreshKeys), new(token.TransactionKeys)} {
		good := secretJWK("a", "active", "a")
		bad := map[string]string{
			"missing":        members(t, good, "k", nil),
			"null":           strings.Replace(good, `"k":"`+member(t, good, "k")+`"`, `"k":null`, 1),
			"number":         members(t, good, "k", 1),
			"not base64":     members(t, good, "k", strings.Repeat("!", 43)),
			"standard":       members(t, good, "k", strings.Repeat("+/", 21)+"8"),
			"padded":         members(t, good, "k", member(t, good, "k")+"="),
			"newline inside": members(t, good, "k", member(t, good, "k")+"\n"),
			"not canonical":  members(t, good, "k", strings.TrimSuffix(member(t, good, "k"), "E")+"F"),
			"an EC key":      newEC(t),
			"an OKP key":     okp("a", "active", "a"),
			"EC with k":      members(t, good, "kty", "EC"),
		}
		for _, n := range []int{0, 1, 16, 31, 33, 64} {
			bad[strings.Repeat("s", n)] = members(t, good, "k", b64([]byte(strings.Repeat("s", n))))
		}
		read(t, set, setOf(good))
		for name, key := range bad {
			if err := set.UnmarshalText([]byte(setOf(key))); err == nil {
				t.Errorf("%T: %q is taken", set, name)
			}
		}
	}
}

// A key that is not in use yet is judged like the one that is.
func TestKeySets_RefuseABrokenKeyOfAnyStatus(t *testing.T) {
	for kind, k := range kinds(t) {
		for _, status := range []string{"next", "retired"} {
			broken := []string{members(t, k.key, "kid", "b", "status", status, "k", "AA", "x", "AA")}
			if kind == "signing" {
				broken = append(broken, members(t, k.key, "kid", "b", "status", status, "d", b64(secretOf("b"))))
			}
			for _, key := range broken {
				if err := k.set().UnmarshalText([]byte(setOf(k.key, key))); err == nil {
					t.Errorf("%s: a broken key that is %s is taken", kind, status)
				}
			}
		}
	}
}

// LG-01: what is wrong with a key is told without the key.
func TestKeySets_ErrorsDoNotRepeatKeys(t *testing.T) {
	const canary = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"
	for kind, k := range kinds(t) {
		for _, key := range []string{
			members(t, k.key, "d", canary, "k", canary),
			members(t, k.key, "d", canary+"!", "k", canary+"!"),
			members(t, k.key, "d", []any{canary}, "k", []any{canary}),
			`{"d":"` + canary + `","k":"` + canary + `"`,
			`"` + canary + `"`,
			canary,
		} {
			err := k.set().UnmarshalText([]byte(setOf(key)))
			if err == nil || strings.Contains(err.Error(), canary) {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
}
