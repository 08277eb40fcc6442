package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"daemun/local/keyfiles"
	"daemun/shared/token"
)

type keysCommand struct {
	Dir    string        `help:"Directory of the key files, one JWK each: <dir>/<set>/<key id>.json." default:"keys" type:"path"`
	Set    string        `help:"Only this key set." enum:"all,transaction,refresh,signing" default:"all"`
	Init   initCommand   `cmd:"" help:"Make a first key for each set."`
	Rotate rotateCommand `cmd:"" help:"Publish a next key; called again two hours later, make it the active one."`
	Retire retireCommand `cmd:"" help:"Drop the retired keys whose last token has expired."`
	List   listCommand   `cmd:"" help:"Show the keys and what they are used for."`
}

// sets are the sets that the flags choose.
func (c *keysCommand) sets() []keyfiles.Set {
	var chosen []keyfiles.Set
	for _, s := range keyfiles.Sets() {
		if c.Set == "all" || c.Set == s.Name {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

type initCommand struct {
	Signing string `help:"Algorithm of access tokens; RS256 is what API Gateway's own JWT authorizer takes." enum:"ES256,EdDSA,RS256" default:"ES256"`
}

// Run makes the sets; one that is there already is an error.
func (c *initCommand) Run(all *keysCommand) error {
	for _, s := range all.sets() {
		kind := token.Secret
		if s.Name == "signing" {
			kind = c.Signing
		}
		ring, err := token.NewKeyring(kind, rand.Reader, time.Now())
		if err != nil {
			return err
		}
		if err := s.Create(all.Dir, ring); err != nil {
			return err
		}
	}
	return all.show(os.Stdout)
}

type rotateCommand struct {
	Now bool `help:"Do not wait two hours between publishing and use. Tokens of the new key are refused wherever the old keys are still cached."`
}

// Run moves each set one step on.
func (c *rotateCommand) Run(all *keysCommand) error {
	ahead := token.PublishAhead
	if c.Now {
		ahead = 0
	}
	var refused []error // a set that is too young does not hold the others up
	for _, s := range all.sets() {
		refused = append(refused, s.Change(all.Dir, func(ring *token.Keyring) error {
			err := ring.Promote(time.Now(), ahead)
			if errors.Is(err, token.ErrNoNext) {
				return ring.Publish(rand.Reader, time.Now())
			}
			return err
		}))
	}
	return errors.Join(append(refused, all.show(os.Stdout))...)
}

type retireCommand struct{}

// Run drops old keys.
func (c *retireCommand) Run(all *keysCommand) error {
	for _, s := range all.sets() {
		err := s.Change(all.Dir, func(ring *token.Keyring) error {
			// Functions may have gone on with the old key until they were told.
			for _, id := range ring.Retire(time.Now(), s.Life+token.PublishAhead) {
				fmt.Println("dropped", s.Name, id)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return all.show(os.Stdout)
}

type listCommand struct{}

// Run shows the sets.
func (c *listCommand) Run(all *keysCommand) error { return all.show(os.Stdout) }

func (c *keysCommand) show(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range c.sets() {
		ring, err := s.Read(c.Dir)
		if err != nil {
			return err
		}
		for _, k := range ring.List() {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\tsince %s\n", s.Name, k.ID, k.Kind, k.Status, k.Since.UTC().Format(time.RFC3339))
		}
	}
	return table.Flush()
}
