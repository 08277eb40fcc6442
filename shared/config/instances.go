package config

import (
	"strconv"
	"strings"
)

// The generic provider can be configured several times: OIDC_PROVIDERS lists
// the names, and the variables of each begin with OIDC_ and its name, in
// capitals and with _ for -: OIDC_ACME_ISSUER.
const (
	instanceNames  = "OIDC_PROVIDERS"
	instancePrefix = "OIDC_"
)

// numberInstances gives the variables of every instance the names under which
// package env finds the elements of a slice: OIDC_0_ISSUER, and OIDC_0_NAME for
// the name itself.
func numberInstances(vars map[string]string) {
	if vars[instanceNames] == "" {
		return
	}
	for i, name := range strings.Split(vars[instanceNames], ",") {
		from := instancePrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_"
		to := instancePrefix + strconv.Itoa(i) + "_"
		numbered := map[string]string{to + "NAME": name}
		for key, value := range vars {
			if rest, ok := strings.CutPrefix(key, from); ok {
				numbered[to+rest] = value
			}
		}
		for key, value := range numbered {
			vars[key] = value
		}
	}
}
