package token_test

import (
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"daemun/shared/token"
)

func transactionKeys(t testing.TB, keys ...string) *token.TransactionKeys {
	t.Helper()
	k := new(token.TransactionKeys)
	read(t, k, setOf(keys...))
	return k
}

func seal(t testing.TB, k *token.TransactionKeys, tx token.Transaction) string {
	t.Helper()
	sealed, err := k.Seal(tx, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

var someTransaction = token.Transaction{
	Provider: "kakao", StateHash: secretOf("h"), CodeVerifier: strings.Repeat("v", 43), Nonce: strings.Repeat("n", 43),
	ReturnTo: "https://app.example.com/a?b=c#d", IssuedAt: now.Add(123456789 * time.Nanosecond),
}

func TestTransaction_RoundTrip(t *testing.T) {
	k := transactionKeys(t, secretJWK("a", "active", "a"))
	for _, want := range []token.Transaction{someTransaction, {StateHash: []byte{}, IssuedAt: now}} {
		got, err := k.Open(seal(t, k, want))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
}

// ST-06: what is sealed cannot be read, and two of the same do not look alike.
func TestTransaction_ShowsNothing(t *testing.T) {
	k := transactionKeys(t, secretJWK("a", "active", "a"))
	a, b := seal(t, k, someTransaction), seal(t, k, someTransaction)
	prefix := 0
	for prefix < len(a) && a[prefix] == b[prefix] {
		prefix++
	}
	if prefix > 8 {
		t.Errorf("equal for %d characters", prefix)
	}
	if strings.Trim(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		t.Errorf("not fit for a cookie: %s", a)
	}
	for _, part := range []string{"kakao", "vvvv", "nnnn", "example", b64([]byte("verifier"))[:8]} {
		if strings.Contains(a, part) {
			t.Errorf("shows %q", part)
		}
	}
}

// TK-10: instances with different active keys open each other's.
func TestTransaction_OldAndComingKeysOpen(t *testing.T) {
	before := transactionKeys(t, secretJWK("a", "active", "a"), secretJWK("b", "next", "b"))
	after := transactionKeys(t, secretJWK("a", "retired", "a"), secretJWK("b", "active", "b"))
	for name, sealed := range map[string]string{"before": seal(t, before, someTransaction), "after": seal(t, after, someTransaction)} {
		for _, k := range []*token.TransactionKeys{before, after} {
			if _, err := k.Open(sealed); err != nil {
				t.Errorf("sealed %s: %v", name, err)
			}
		}
	}
	if sealed := seal(t, after, someTransaction); !strings.HasPrefix(sealed, "b.") {
		t.Errorf("sealed with another key than the active one: %.8s", sealed)
	}
}

// ST-04: no bit can be flipped, nothing cut off or added.
func TestTransaction_EveryMutationIsRefused(t *testing.T) {
	k := transactionKeys(t, secretJWK("a", "active", "a"), secretJWK("q", "next", "q"))
	sealed := seal(t, k, someTransaction)
	refuse := func(text string) {
		t.Helper()
		if got, err := k.Open(text); !errors.Is(err, token.ErrTransaction) || got.ReturnTo != "" {
			t.Fatalf("%q: %v, %v", text, got, err)
		}
	}
	for bit := range len(sealed) * 8 {
		bad := []byte(sealed)
		bad[bit/8] ^= 1 << (bit % 8)
		refuse(string(bad))
	}
	for i := range len(sealed) {
		refuse(sealed[:i])
		refuse(sealed[i+1:])
		for _, c := range []string{"\n", "\r", "=", "A", ".", " "} {
			refuse(sealed[:i] + c + sealed[i:])
		}
	}
	for _, text := range []string{sealed + "\n", sealed + "=", sealed + "A", sealed + "." + sealed, ".", "a", "a.", "", "q" + sealed[1:]} {
		refuse(text)
	}
}

// TK-07: the last character has bits to spare in two lengths of three.
func TestTransaction_HasOneSpelling(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	k := transactionKeys(t, secretJWK("a", "active", "a"))
	for n := range 3 {
		tx := someTransaction
		tx.Nonce = strings.Repeat("n", n)
		sealed := seal(t, k, tx)
		for _, last := range alphabet {
			text := sealed[:len(sealed)-1] + string(last)
			if _, err := k.Open(text); (err == nil) != (text == sealed) {
				t.Errorf("%d: last character %c: %v", n, last, err)
			}
		}
	}
}

func TestTransaction_OtherKeysAreRefused(t *testing.T) {
	sealed := seal(t, transactionKeys(t, secretJWK("a", "active", "a")), someTransaction)
	for name, k := range map[string]*token.TransactionKeys{
		"another key":                transactionKeys(t, secretJWK("b", "active", "b")),
		"another key of the same id": transactionKeys(t, secretJWK("a", "active", "b")),
		"the key under another id":   transactionKeys(t, secretJWK("b", "active", "a")),
	} {
		if _, err := k.Open(sealed); !errors.Is(err, token.ErrTransaction) {
			t.Errorf("%s: %v", name, err)
		}
	}
	renamed := transactionKeys(t, secretJWK("b", "active", "a"))
	if _, err := renamed.Open("b" + sealed[1:]); !errors.Is(err, token.ErrTransaction) {
		t.Errorf("the key id is not sealed in: %v", err)
	}
}

// TK-02: a refresh token is no transaction, even under the same key.
func TestTransaction_OtherTokensAreRefused(t *testing.T) {
	k := transactionKeys(t, secretJWK("r1", "active", "a"))
	refresh := mint(t, refreshKeys(t, secretJWK("r1", "active", "a")), someRefresh, "r1")
	for _, text := range []string{refresh, forge(t, goodClaims), "r1." + b64([]byte("{}")), "r1." + b64(make([]byte, 12)), "r1." + b64(make([]byte, 400))} {
		if _, err := k.Open(text); !errors.Is(err, token.ErrTransaction) {
			t.Errorf("%.20s: %v", text, err)
		}
	}
}

// CK-04: the largest transaction fits a cookie of 4096 bytes, name and
// attributes too, and five fit the headers that the gateway takes.
func TestTransaction_TheLargestFitsACookie(t *testing.T) {
	k := transactionKeys(t, members(t, newSecret(t), "kid", strings.Repeat("k", 64)))
	tx := someTransaction
	tx.Provider = strings.Repeat("p", 32)
	tx.ReturnTo = "/" + strings.Repeat(`"`, 511) // JSON doubles it
	size := len("__Host-daemun-tx-12345678=" + seal(t, k, tx))
	if attributes := len("; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=None"); size+attributes > 4096 {
		t.Errorf("%d bytes", size)
	}
	tx.ReturnTo = "/" + strings.Repeat("x", 511)
	if size := len("__Host-daemun-tx-12345678=" + seal(t, k, tx)); 5*size > 8192 {
		t.Errorf("five have %d bytes", 5*size)
	}
}

func TestTransaction_NeedsRandomness(t *testing.T) {
	k := transactionKeys(t, secretJWK("a", "active", "a"))
	for enough := range int64(12) {
		random := io.MultiReader(io.LimitReader(rand.Reader, enough), iotest.ErrReader(errors.New("dry")))
		if sealed, err := k.Seal(someTransaction, random); err == nil {
			t.Errorf("after %d bytes: %s", enough, sealed)
		}
	}
}

// Whatever opens was sealed here. IN-04.
func FuzzTransactionOpen(f *testing.F) {
	k := transactionKeys(f, secretJWK("a", "active", "a"))
	sealed, err := k.Seal(someTransaction, strings.NewReader("twelve bytes")) // the same in every process
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(sealed[:len(sealed)-2])
	f.Add(sealed + "\n")
	f.Add("a." + b64(make([]byte, 12)))
	f.Add("a.")
	f.Fuzz(func(t *testing.T, text string) {
		tx, err := k.Open(text)
		if err == nil && text != sealed {
			t.Errorf("%q opens: %v", text, tx)
		}
		if err != nil && !errors.Is(err, token.ErrTransaction) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
