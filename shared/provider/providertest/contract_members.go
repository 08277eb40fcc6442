package providertest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daemun/shared/fault"
	"daemun/shared/provider"
)

// wrongTypes gives each member of what the provider tells of a person a type
// that it does not have, one at a time. Whoever reads the member refuses it, and
// nobody makes something else of it (CB-12).
func (s *Suite) wrongTypes(t *testing.T) {
	refused := 0
	s.eachMember(t, []string{`[]`, `{}`, `0`, `"x"`, `true`}, func(t *testing.T, got provider.Person, err error) {
		if err != nil {
			refused++
			s.refuses(t, got, err, fault.BadProviderResponse)
		} else if got != s.Want {
			t.Errorf("got %+v, want %+v or a refusal", got, s.Want)
		}
	})
	if refused == 0 {
		t.Error("nothing is refused")
	}
}

// missingFields takes each member away, and makes it null. It is another person's
// login in no case, and no address becomes verified by what is not there.
func (s *Suite) missingFields(t *testing.T) {
	taken := 0
	s.eachMember(t, []string{"", `null`}, func(t *testing.T, got provider.Person, err error) {
		if err != nil {
			s.refuses(t, got, err, fault.BadProviderResponse)
			return
		}
		taken++
		p, want := got.Profile, s.Want.Profile
		if got.Identity != s.Want.Identity || p.Email != "" && p.Email != want.Email || p.PictureURL != "" && p.PictureURL != want.PictureURL ||
			p.EmailVerified && (p.Email == "" || !want.EmailVerified) {
			t.Errorf("got %+v, want less than %+v", got, s.Want)
		}
	})
	if taken == 0 {
		t.Error("nothing may be missing")
	}
}

// eachMember logs in for each of the values in the place of each member of the
// user object and of the id_token, as far as there are any. A value of the same
// type as what it replaces is left out; "" takes the member away.
func (s *Suite) eachMember(t *testing.T, values []string, judge func(*testing.T, provider.Person, error)) {
	b := s.open(t, provider.Timeouts{})
	try := func(where string, program func(change func(string) string)) {
		honest := make(chan string, 1)
		program(func(body string) string { honest <- body; return body })
		s.logsIn(t, b)
		whole := jsontext.Value(<-honest)
		for _, path := range pathsOf(whole) {
			for _, value := range values {
				if value != "" && sameType(at(whole, path), jsontext.Value(value)) {
					continue
				}
				t.Run(where+" "+strings.Join(path, ".")+" "+value, func(t *testing.T) {
					program(func(body string) string { return string(replaced(jsontext.Value(body), path, value)) })
					got, err := s.login(t, b)
					judge(t, got, err)
				})
			}
		}
		program(strings.Clone)
	}
	if s.Userinfo != nil {
		try("userinfo", func(change func(string) string) { b.fake.Always(Userinfo, rewritten(200, contentTypeJSON, change)) })
	}
	if s.Signer != nil {
		try("id_token", func(change func(string) string) { s.Signer(b.fake).Mutate(&Mutation{Payload: change}) })
	}
}

func membersOf(text jsontext.Value) map[string]jsontext.Value {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(text, &members); err != nil {
		panic(err) // a test's own data
	}
	return members
}

// pathsOf are the paths to all members of an object, and of those in it.
func pathsOf(text jsontext.Value) [][]string {
	var paths [][]string
	members := membersOf(text)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		paths = append(paths, []string{name})
		if members[name].Kind() == '{' {
			for _, path := range pathsOf(members[name]) {
				paths = append(paths, append([]string{name}, path...))
			}
		}
	}
	return paths
}

func at(text jsontext.Value, path []string) jsontext.Value {
	for _, name := range path {
		text = membersOf(text)[name]
	}
	return text
}

// replaced is an object with another value at the path, "" for none.
func replaced(text jsontext.Value, path []string, value string) jsontext.Value {
	members := membersOf(text)
	switch {
	case len(path) > 1:
		members[path[0]] = replaced(members[path[0]], path[1:], value)
	case value == "":
		delete(members, path[0])
	default:
		members[path[0]] = jsontext.Value(value)
	}
	return jsontext.Value(compact(members))
}

func sameType(a, b jsontext.Value) bool {
	boolean := func(v jsontext.Value) bool { return v.Kind() == 't' || v.Kind() == 'f' }
	return a.Kind() == b.Kind() || boolean(a) && boolean(b)
}
