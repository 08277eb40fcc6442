package gateway

import (
	"context"
	"encoding/json" // whose Number the numbers are
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A jwtAuthorizer is API Gateway's own check of a JSON Web Token, as far as Amazon describes it. It knows RSA keys only.
type jwtAuthorizer struct {
	described Authorizer
	source    source
	keys      *issuerKeys
	options   Options
}

// A challenge refuses a call by the WWW-Authenticate header of RFC 6750.
type challenge struct {
	status int
	header string
}

// Error implements error.
func (c *challenge) Error() string { return c.header }

func (c *challenge) message() string { return http.StatusText(c.status) }

func newJWTAuthorizer(described Authorizer, sources []source, options Options) (authorizer, error) {
	if len(sources) != 1 {
		return nil, errors.New("a JWT authorizer has one identity source")
	}
	keys := &issuerKeys{issuer: described.Issuer, client: options.Client, now: options.Now}
	return &jwtAuthorizer{described: described, source: sources[0], keys: keys, options: options}, nil
}

func (j *jwtAuthorizer) authorize(c call) (any, error) {
	presented := j.source(c)
	if presented == "" {
		return nil, &challenge{http.StatusUnauthorized, "Bearer"}
	}
	if scheme, token, both := strings.Cut(presented, " "); both && strings.EqualFold(scheme, "Bearer") {
		presented = token
	}
	claims, err := j.verify(c.request.Context(), presented, c.time)
	if err != nil {
		if errors.Is(err, errIssuer) {
			j.options.Log.Error("no keys for the JWT authorizer", "api", j.options.APIID, "authorizer", j.described.Name, "error", err)
		}
		return nil, refusedToken(http.StatusUnauthorized, nil, "invalid_token", err.Error())
	}
	scopes := scopesOf(claims)
	if wanted := c.route.Scopes; len(wanted) > 0 && !slices.ContainsFunc(wanted, func(s string) bool { return slices.Contains(scopes, s) }) {
		return nil, refusedToken(http.StatusForbidden, wanted, "insufficient_scope", "the token does not have required scopes")
	} else if len(wanted) == 0 {
		scopes = nil
	}
	return map[string]any{"jwt": map[string]any{"claims": claimTexts(claims), "scopes": scopes}}, nil
}

func refusedToken(status int, scopes []string, code, why string) *challenge {
	return &challenge{status, fmt.Sprintf(`Bearer scope="%s" error="%s" error_description=%q`, strings.Join(scopes, " "), code, why)}
}

// verify checks the signature, iss, aud or else client_id, exp, which must be there, nbf and iat, without any leeway.
// Not checked: typ, and whether a member is there twice.
func (j *jwtAuthorizer) verify(ctx context.Context, presented string, now time.Time) (jwt.MapClaims, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256", "RS384", "RS512"}), jwt.WithJSONNumber(), jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(), jwt.WithIssuer(j.described.Issuer), jwt.WithTimeFunc(func() time.Time { return now }))
	claims := jwt.MapClaims{}
	_, err := parser.ParseWithClaims(presented, claims, func(token *jwt.Token) (any, error) {
		kid, _ := token.Header["kid"].(string)
		return j.keys.find(ctx, kid)
	})
	if err != nil {
		return nil, err
	}
	audience, err := claims.GetAudience()
	if clientID, ok := claims["client_id"].(string); ok && len(audience) == 0 {
		audience = jwt.ClaimStrings{clientID}
	}
	if err != nil || !slices.ContainsFunc(j.described.Audience, func(a string) bool { return slices.Contains(audience, a) }) {
		return nil, errors.New("the token does not have a valid audience")
	}
	return claims, nil
}

// scopesOf are the token's scopes, of scope or else scp, which may be a list.
func scopesOf(claims jwt.MapClaims) []string {
	for _, name := range []string{"scope", "scp"} {
		switch said := claims[name].(type) {
		case string:
			return strings.Fields(said)
		case []any:
			var scopes []string
			for _, scope := range said {
				scopes = append(scopes, fmt.Sprint(scope))
			}
			return scopes
		}
	}
	return nil
}

// claimTexts writes claims as functions get them, all as texts: lists as [a b], objects as JSON, and no nulls.
func claimTexts(claims jwt.MapClaims) map[string]string {
	texts := map[string]string{}
	for name, value := range claims {
		switch value := value.(type) {
		case nil:
		case map[string]any:
			object, _ := json.Marshal(value) // it was JSON before
			texts[name] = string(object)
		default:
			texts[name] = text(fmt.Sprint(value))
		}
	}
	return texts
}
