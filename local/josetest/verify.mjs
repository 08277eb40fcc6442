// Checks access tokens with jose, as an API of somebody else would. Standard
// input: {"issuer", "audience", "tokens": {name: token}}. Standard output:
// {name: why it is refused}, "" where it is accepted.
import { createRemoteJWKSet, jwtVerify } from 'jose'

let text = ''
for await (const chunk of process.stdin) text += chunk
const { issuer, audience, tokens } = JSON.parse(text)

const answer = await fetch(issuer + '/.well-known/openid-configuration')
const metadata = await answer.json()
if (metadata.issuer !== issuer) throw new Error(`metadata of ${metadata.issuer}`)
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri))
const options = {
  issuer,
  audience,
  typ: 'at+jwt',
  algorithms: metadata.id_token_signing_alg_values_supported,
  requiredClaims: ['exp', 'iat', 'sub', 'sid', 'client_id', 'jti'],
}

const outcomes = {}
for (const [name, token] of Object.entries(tokens)) {
  try {
    await jwtVerify(token, keys, options)
    outcomes[name] = ''
  } catch (error) {
    outcomes[name] = `${error.code}: ${error.message}`
  }
}
console.log(JSON.stringify(outcomes))
