package gateway

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A verdict is an authorizer's answer. It may be about calls that were not asked for, as far as its policy says.
type verdict struct {
	allowed   bool    // of a simple answer
	policy    *policy // nil: a simple answer
	principal string
	context   map[string]jsontext.Value
}

// on judges a call by its ARN.
func (v verdict) on(arn string) error {
	switch {
	case v.policy != nil:
		return v.policy.on(arn)
	case !v.allowed:
		return errDenied
	}
	return nil
}

// readSimpleAnswer reads an answer of payload format 2.0 with simple responses.
func readSimpleAnswer(answer []byte) (verdict, error) {
	var said struct {
		IsAuthorized *bool                     `json:"isAuthorized"`
		Context      map[string]jsontext.Value `json:"context"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return verdict{}, err
	}
	if said.IsAuthorized == nil {
		return verdict{}, errors.New("no isAuthorized")
	}
	return verdict{allowed: *said.IsAuthorized, context: said.Context}, nil
}

// readPolicyAnswer reads the answer that has an IAM policy.
func readPolicyAnswer(answer []byte) (verdict, error) {
	var said struct {
		PrincipalID    string                    `json:"principalId"`
		PolicyDocument *policy                   `json:"policyDocument"`
		Context        map[string]jsontext.Value `json:"context"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return verdict{}, err
	}
	if said.PrincipalID == "" || said.PolicyDocument == nil {
		return verdict{}, errors.New("no principalId or no policyDocument")
	}
	if err := said.PolicyDocument.check(); err != nil {
		return verdict{}, err
	}
	return verdict{policy: said.PolicyDocument, principal: said.PrincipalID, context: said.Context}, nil
}

// readRESTAnswer holds the context to what REST APIs can pass on.
func readRESTAnswer(answer []byte) (verdict, error) {
	v, err := readPolicyAnswer(answer)
	if err != nil {
		return verdict{}, err
	}
	for name, value := range v.context {
		if _, err := scalar(value); err != nil {
			return verdict{}, fmt.Errorf("context %s: %w", name, err)
		}
	}
	return v, nil
}

// tellREST makes texts of the context's values.
func tellREST(v verdict) any {
	told := map[string]any{}
	for name, value := range v.context {
		told[name], _ = scalar(value) // readRESTAnswer has seen to it
	}
	told["principalId"] = v.principal
	return told
}
