// Package catalog builds the login providers that are configured. It owns the
// list of all that exist, and the order in which they are offered.
package catalog

import (
	"errors"
	"slices"

	"daemun/shared/provider"
	"daemun/shared/provider/kakao"
)

// Config is the configuration of all providers. One whose client id is empty is
// not offered. No client secret is needed but to identify people.
type Config struct {
	Kakao kakao.Config `envPrefix:"KAKAO_"`
}

// Catalog is the configured providers. It does not change once it is made.
type Catalog struct {
	all []provider.Provider
}

// New builds the providers, or says everything that is wrong with their
// configuration. No provider at all is no error. It makes no network request.
func New(c Config, client *provider.Client) (*Catalog, error) {
	var all Catalog
	var problems []error
	if c.Kakao.ClientID != "" {
		p, err := kakao.New(c.Kakao, client)
		all.all, problems = append(all.all, p), append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &all, nil
}

// Get returns the provider of the exact name.
func (c *Catalog) Get(name string) (provider.Provider, bool) {
	i := slices.IndexFunc(c.all, func(p provider.Provider) bool { return p.Name() == name })
	if i < 0 {
		return nil, false
	}
	return c.all[i], true
}

// All returns the providers, always in the same order.
func (c *Catalog) All() []provider.Provider { return slices.Clone(c.all) }
