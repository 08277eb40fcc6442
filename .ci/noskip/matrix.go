package main

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// matrix counts the cases of the contract that providers passed, by group of
// cases and by provider. The contract's tests are called TestContract, or
// TestContract_ and more where a provider has several ways.
type matrix map[string]map[string]int

// add counts a test that passed, if it is a case of the contract.
func (m matrix) add(e event) {
	test, name, found := strings.Cut(e.Test, "/")
	way, isContract := strings.CutPrefix(test, "TestContract")
	if !found || !isContract {
		return
	}
	group := strings.SplitN(name, "/", 3)
	switch {
	case group[0] != "id_token" && len(group) == 1:
		name = name[:1+strings.IndexAny(name[1:]+"_", "_")]
		if name != "token" && name != "userinfo" {
			name = strings.ReplaceAll(group[0], "_", " ")
		}
	case group[0] == "id_token" && len(group) == 2:
		word, _, _ := strings.Cut(group[1], "_")
		if word == "at" {
			word = "at_hash"
		}
		name = "id_token: " + word
	default: // a part of a case, or all of them
		return
	}
	provider := path.Base(e.Package) + strings.ReplaceAll(way, "_", " ")
	if m[name] == nil {
		m[name] = map[string]int{}
	}
	m[name][provider]++
}

// print writes the table: how many cases of each group each provider passed.
func (m matrix) print(w io.Writer) {
	all := map[string]int{}
	for _, row := range m {
		for provider, n := range row {
			all[provider] += n
		}
	}
	if len(all) == 0 {
		return
	}
	providers := slices.Sorted(maps.Keys(all))
	line := func(name string, cell func(provider string) string) {
		fmt.Fprintf(w, "%-21s", name)
		for _, p := range providers {
			fmt.Fprintf(w, " %*s", max(len(p), 4), cell(p))
		}
		fmt.Fprintln(w)
	}
	count := func(row map[string]int) func(string) string {
		return func(provider string) string {
			if row[provider] == 0 {
				return "-"
			}
			return fmt.Sprint(row[provider])
		}
	}
	line("contract cases passed", func(p string) string { return p })
	for _, name := range slices.Sorted(maps.Keys(m)) {
		line(name, count(m[name]))
	}
	line("all", count(all))
}
