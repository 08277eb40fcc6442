package lambdaauth

import (
	"errors"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"

	"daemun/shared/token"
)

// verdict is what becomes of a request.
type verdict int

const (
	unauthenticated verdict = iota // no good token
	undecided                      // a good token whose session cannot be read
	forbidden                      // a good token that may not do this
	allowed
)

// errUnauthorized is the one error that API Gateway turns into 401. Its text is
// the whole protocol: any other is a 500.
var errUnauthorized = errors.New("Unauthorized")

// errUndecided is such another. A deny would tell people that they may not, for
// as long as the gateway keeps it; an error it does not keep.
var errUndecided = errors.New("the session cannot be read")

// answer writes the verdict in the form that the question's shape asks for.
func (h *Handler) answer(q question, v verdict, who token.Access) ([]byte, error) {
	var form any
	switch {
	case v == undecided:
		return nil, errUndecided
	case v == unauthenticated && h.unauthorizedError(q.shape):
		return nil, errUnauthorized
	case q.shape == unknown, q.shape == http2:
		simple := events.APIGatewayV2CustomAuthorizerSimpleResponse{IsAuthorized: v == allowed}
		if v == allowed {
			simple.Context = contextOf(who)
		}
		form = simple
	default:
		form = h.policy(q, v, who)
	}
	encoded, err := json.Marshal(form)
	if err != nil {
		return nil, errUnauthorized
	}
	return encoded, nil
}

// unauthorizedError reports whether a bad token is said by error, which the
// gateway answers with 401 and does not keep.
func (h *Handler) unauthorizedError(s shape) bool {
	switch s {
	case http1, http2:
		return h.HTTPUnauthorized
	case restToken, rest, websocket:
		return true
	default:
		return false
	}
}

// policy is an IAM policy. The gateway may keep it for everything that the same
// token asks for next. A policy that allows nothing denies all of that, so it
// says so. One that allows speaks for the whole stage only where no route of the
// API demands anything; else for the one method and path that was asked for.
func (h *Handler) policy(q question, v verdict, who token.Access) events.APIGatewayCustomAuthorizerResponse {
	statement := events.IAMPolicyStatement{
		Action: []string{"execute-api:Invoke"}, Effect: "Deny", Resource: []string{q.stageARN + "/*"},
	}
	answer := events.APIGatewayCustomAuthorizerResponse{PrincipalID: who.UserID}
	if v == unauthenticated {
		answer.PrincipalID = "anonymous"
	}
	if v == allowed {
		statement.Effect, answer.Context = "Allow", contextOf(who)
		if h.Demands.AskOf(q.apiID) {
			statement.Resource = []string{q.arn}
		}
	}
	answer.PolicyDocument = events.APIGatewayCustomAuthorizerPolicy{
		Version: "2012-10-17", Statement: []events.IAMPolicyStatement{statement},
	}
	return answer
}

// maxResource is the longest resource that the gateway takes in a policy, in
// characters.
const maxResource = 512

// isExact reports whether a policy can name this ARN and nothing else. Its path
// is the client's: a "*" in there would allow what it matches.
func isExact(arn string) bool {
	return len(arn) <= maxResource && !strings.ContainsAny(arn, "*?") && !strings.Contains(arn, "${")
}

// contextOf is what the function behind the gateway learns: texts that we made
// ourselves, nothing that a client sent. Together they are shorter than the
// longest token.
func contextOf(who token.Access) map[string]any {
	return map[string]any{
		"user_id":          who.UserID,
		"session_id":       who.SessionID,
		"roles":            strings.Join(who.Roles, ","),
		"profile_complete": strconv.FormatBool(who.ProfileComplete),
	}
}
