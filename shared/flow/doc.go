// Package flow decides: what a login, a registration, a refresh and a logout do,
// step by step. It knows tokens, sessions, users and the contract of a provider.
// It does not know AWS, HTTP or the environment, nor what a sign-up asks;
// functions translate for it.
//
// A login in cookies:
//
//	browser            login-url              provider            callback
//	   | -- /login ------> Begin                  |                   |
//	   | <-- 302, sealed transaction (cookie)     |                   |
//	   | ---------------------------------------> | the person agrees |
//	   | <--------------------------- 302, code and state             |
//	   | ------------------------------------------------------> Complete
//	   |                                          |      1. open the transaction, compare state, provider, age
//	   |                                          |      2. claim the state: once, for ever
//	   |                                          | <--- 3. exchange the code, ask who it is
//	   |                                          |      4. find or make the user, start a session
//	   | <------------------------------------------- 302, tokens (cookies)
//
// A login in JSON is the same, but for who keeps the transaction and where the
// provider sends the browser: to a page of the client, whose own address for this
// provider is configuration.
//
//	client              login-url              provider            callback
//	   | -- /login-url --> BeginJSON              |                   |
//	   | <-- URL, state, sealed transaction (JSON)|                   |
//	   | ---------------------------------------> | the person agrees |
//	   | <--------------------- to the client: code and state         |
//	   | compares state                           |                   |
//	   | -- /token: code, state, transaction -------------------> Complete: 1. the client and its page's
//	   |                                          |                  origin, too; 2. to 4. as above
//	   | <--------------------------------------------- tokens (JSON) |
//
// Step 4 for a person without an account is what the Policy says: an account at
// once, complete (Automatic) or not (Deferred, until Patch has all that is
// required), or none:
//
//	browser            callback               register
//	   | -- code ------> Complete                |
//	   | <-- register token, nothing is stored   |
//	   | -- token, answers -------------------> Register
//	   |                                         | 1. open the token, compare where it came from
//	   |                                         | 2. check the answers
//	   |                                         | 3. mark, identity, user and session: all or nothing, once
//	   | <------------------------------------------- tokens
//
// A refresh token's life is drawn in package session.
package flow
