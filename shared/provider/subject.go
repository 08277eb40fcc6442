package provider

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/user"
)

// TextIdentity is the identity of a subject that the provider writes as a JSON
// string. Fault: bad_provider_response for one that could make two people one.
func TextIdentity(name, subject string) (user.Identity, error) {
	identity, err := user.NewIdentity(name, subject)
	if err != nil { // its text quotes a byte of the subject at most
		return user.Identity{}, fault.New(fault.BadProviderResponse, err)
	}
	return identity, nil
}

// NumericIdentity is the identity of a subject that the provider writes as a
// JSON number: a positive int64, and written as such. Decoded leniently, a
// missing one would be 0 for everybody, and two large ones could become one
// float. Fault: bad_provider_response.
func NumericIdentity(name string, subject jsontext.Value) (user.Identity, error) {
	id, err := strconv.ParseInt(string(subject), 10, 64)
	if err != nil || id <= 0 {
		return user.Identity{}, fault.Newf(fault.BadProviderResponse, "userinfo: id is not a positive 64-bit integer")
	}
	return TextIdentity(name, strconv.FormatInt(id, 10))
}
