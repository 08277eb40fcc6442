"""Checks access tokens with joserfc, as an API of somebody else would.

Standard input: {"issuer", "audience", "tokens": {name: token}}. Standard
output: {name: why it is refused}, "" where it is accepted.
"""

import json
import sys
import urllib.request

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


asked = json.load(sys.stdin)
metadata = fetch(asked["issuer"] + "/.well-known/openid-configuration")
assert metadata["issuer"] == asked["issuer"], metadata
keys = KeySet.import_key_set(fetch(metadata["jwks_uri"]))
algorithms = metadata["id_token_signing_alg_values_supported"]
claims = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": asked["issuer"]},
    aud={"essential": True, "value": asked["audience"]},
    **{name: {"essential": True} for name in ("exp", "iat", "sub", "sid", "client_id", "jti")},
)


def refusal(text):
    try:
        token = jwt.decode(text, keys, algorithms=algorithms)
        claims.validate(token.claims)
    except (JoseError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return "" if token.header["typ"] == "at+jwt" else "typ " + token.header["typ"]


print(json.dumps({name: refusal(text) for name, text in asked["tokens"].items()}))
