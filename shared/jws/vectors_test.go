package jws_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"testing"

	"daemun/shared/jws"
)

// vector is a published example: a key, and a token that it made.
type vector struct {
	name    string
	private jws.PrivateKey
	token   string
	payload string
}

// joe is the payload of RFC 7515 A.1 to A.3.
const joe = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"

func vectors() []vector {
	return []vector{
		{
			"RFC 7515 A.2", jws.PrivateKey{Algorithm: jws.RS256, Signer: rfc7515A2()},
			"eyJhbGciOiJSUzI1NiJ9." +
				"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
				"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU" +
				"Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d" +
				"O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig" +
				"cN_IoypGlUPQGe77Rw",
			joe,
		},
		{
			"RFC 7515 A.3", jws.PrivateKey{Algorithm: jws.ES256, Signer: rfc7515A3()},
			"eyJhbGciOiJFUzI1NiJ9." +
				"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
				"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
			joe,
		},
		{
			"RFC 8037 A.4", jws.PrivateKey{Algorithm: jws.EdDSA, Signer: rfc8037A1()},
			"eyJhbGciOiJFZERTQSJ9." +
				"RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc." +
				"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
			"Example of Ed25519 signing",
		},
	}
}

func TestVerify_PublishedVectors(t *testing.T) {
	for _, v := range vectors() {
		got, err := jws.Verify(v.token, "", of(v.private)) // neither typ nor kid in their headers
		if err != nil || string(got) != v.payload {
			t.Errorf("%s: %q, %v", v.name, got, err)
		}
	}
}

// RS256 and EdDSA are deterministic: we make the same bytes.
func TestSign_PublishedVectors(t *testing.T) {
	for _, v := range vectors() {
		got, err := jws.Sign([]byte(v.payload), "", v.private)
		if err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		if v.private.Algorithm != jws.ES256 && got != v.token {
			t.Errorf("%s: got %s", v.name, got)
		}
		if _, err := jws.Verify(got, "", of(v.private)); err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
	}
}

// rfc7515A2 is the published key of RFC 7515 A.2.1.
func rfc7515A2() *rsa.PrivateKey {
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{E: 65537, N: integer(
			"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR" +
				"T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB" +
				"dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia" +
				"GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ")},
		D: integer(
			"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46su" +
				"i395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4" +
				"qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB" +
				"4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ"),
		Primes: []*big.Int{
			integer("4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8" +
				"cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc"),
			integer("uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t" +
				"62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc"),
		},
	}
	key.Precompute()
	return key
}

// rfc7515A3 is the published key of RFC 7515 A.3.1.
func rfc7515A3() *ecdsa.PrivateKey {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), decoded("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"))
	if err != nil {
		panic(err)
	}
	return key
}

// rfc8037A1 is the published key of RFC 8037 A.1.
func rfc8037A1() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(decoded("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
}

func integer(s string) *big.Int { return new(big.Int).SetBytes(decoded(s)) }

func decoded(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
