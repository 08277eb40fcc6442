// Package catalog builds the login providers that are configured. It owns the
// list of all that exist, and the order in which they are offered.
package catalog

import (
	"errors"
	"fmt"
	"slices"

	"daemun/shared/provider"
	"daemun/shared/provider/apple"
	"daemun/shared/provider/github"
	"daemun/shared/provider/google"
	"daemun/shared/provider/kakao"
	"daemun/shared/provider/line"
	"daemun/shared/provider/naver"
	"daemun/shared/provider/oidc"
)

// Config is the configuration of all providers. One whose client id is empty is
// not offered, but for those of OIDC, which are named one by one. No client
// secret is needed but to identify people.
type Config struct {
	Kakao  kakao.Config  `envPrefix:"KAKAO_"`
	Naver  naver.Config  `envPrefix:"NAVER_"`
	Google google.Config `envPrefix:"GOOGLE_"`
	Apple  apple.Config  `envPrefix:"APPLE_"`
	LINE   line.Config   `envPrefix:"LINE_"`
	GitHub github.Config `envPrefix:"GITHUB_"`
	OIDC   []oidc.Config `envPrefix:"OIDC_"`
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
	for _, known := range []struct {
		clientID string
		build    func() (provider.Provider, error)
	}{
		{c.Kakao.ClientID, func() (provider.Provider, error) { return kakao.New(c.Kakao, client) }},
		{c.Naver.ClientID, func() (provider.Provider, error) { return naver.New(c.Naver, client) }},
		{c.Google.ClientID, func() (provider.Provider, error) { return google.New(c.Google, client) }},
		{c.Apple.ClientID, func() (provider.Provider, error) { return apple.New(c.Apple, client) }},
		{c.LINE.ClientID, func() (provider.Provider, error) { return line.New(c.LINE, client) }},
		{c.GitHub.ClientID, func() (provider.Provider, error) { return github.New(c.GitHub, client) }},
	} {
		if known.clientID != "" {
			p, err := known.build()
			problems = append(problems, all.add(p, err))
		}
	}
	for _, instance := range c.OIDC {
		if _, taken := all.Get(instance.Name); taken || reserved(instance.Name) {
			problems = append(problems, fmt.Errorf("oidc: the name %.40q is taken", instance.Name))
			continue
		}
		p, err := oidc.New(instance, client)
		problems = append(problems, all.add(p, err))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &all, nil
}

// add offers a provider, unless making it failed.
func (c *Catalog) add(p provider.Provider, err error) error {
	if err == nil {
		c.all = append(c.all, p)
	}
	return err
}

// reserved are the names of the providers that we know, whether they are
// offered or not: who was "google" once must not become somebody else.
func reserved(name string) bool {
	return slices.Contains([]string{"kakao", "naver", "google", "apple", "line", "github"}, name)
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
