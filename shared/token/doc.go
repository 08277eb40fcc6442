// Package token owns every token that is ours: access tokens (JWT, RFC 9068),
// register tokens (JWT), refresh tokens (opaque, HMAC), sealed login transactions
// (AES-GCM), and the key sets that make and check them.
//
// It knows the clock only as an argument and randomness only as an io.Reader.
// It does not know who asks, where a token travels, or what is stored.
//
// Every kind of token has its own keys or its own audience, its own shape and
// its own type mark, so that none passes in the place of another.
package token
