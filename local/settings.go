package local

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"strings"
)

const defaultEnvFile = ".env.local"

// settings are the values of variables that take the place of the template's.
type settings struct {
	defaults  map[string]string // of a local system
	overrides map[string]string // of whoever runs it; they win
}

// newSettings gathers what functions need to know of a system at base. Variables of the process that are empty count
// as absent.
func newSettings(options Options, base string, lookalikes map[string]string) (settings, error) {
	overrides, err := readEnvFile(options.EnvFile)
	if err != nil {
		return settings{}, err
	}
	for _, variable := range options.Environ {
		if name, value, _ := strings.Cut(variable, "="); value != "" {
			overrides[name] = value
		}
	}
	maps.Copy(overrides, options.Environment)
	defaults, err := developmentKeys(options.DataDir, options.SigningAlgorithm)
	if err != nil {
		return settings{}, fmt.Errorf("development keys: %w", err)
	}
	s := settings{defaults, overrides}
	maps.Copy(defaults, map[string]string{
		"PUBLIC_URL":         base,
		"FRONT_URL":          base,
		"REGISTER_URL":       base + "/register", // of the demo
		"INSECURE_COOKIES":   "true",
		"INSECURE_PROVIDERS": "true",
	})
	defaults["ALLOWED_ORIGINS"] = originOf(s.value("FRONT_URL"))
	defaults["CORS_ORIGINS"] = s.value("ALLOWED_ORIGINS")
	maps.Copy(defaults, s.realOrLookalike(lookalikes))
	return s, nil
}

// realOrLookalike leaves a provider alone whose client id somebody set: it is the real one. Its secret is then not the
// template's reference to a parameter on AWS, but what they set too, or none.
func (s settings) realOrLookalike(lookalikes map[string]string) map[string]string {
	variables := maps.Clone(lookalikes)
	for clientID := range lookalikes {
		provider, ok := strings.CutSuffix(clientID, "CLIENT_ID")
		if !ok || s.overrides[clientID] == "" {
			continue
		}
		maps.DeleteFunc(variables, func(name, _ string) bool { return strings.HasPrefix(name, provider) })
		variables[provider+"CLIENT_SECRET"], variables[provider+"PRIVATE_KEY"] = "", "" // of the one, or of the other
	}
	return variables
}

func (s settings) value(name string) string {
	if value, ok := s.overrides[name]; ok {
		return value
	}
	return s.defaults[name]
}

// environment replaces the values of the variables that the template names, and adds none, as `sam local` does.
func (s settings) environment(described map[string]string) map[string]string {
	variables := maps.Clone(described)
	for name := range variables {
		if value, ok := s.defaults[name]; ok {
			variables[name] = value
		}
		if value, ok := s.overrides[name]; ok {
			variables[name] = value
		}
	}
	return variables
}

// parameters are for what the gateway needs to know beside the functions. The last two are of services that Daemun
// guards, which live in stacks of their own.
func (s settings) parameters(stackName string) map[string]string {
	return map[string]string{
		"PublicUrl":      s.value("PUBLIC_URL"),
		"FrontUrl":       s.value("FRONT_URL"),
		"AllowedOrigins": s.value("ALLOWED_ORIGINS"),
		"CorsOrigins":    s.value("CORS_ORIGINS"),
		"DaemunStack":    stackName,
		"DaemunUrl":      s.value("PUBLIC_URL"),
	}
}

func originOf(absolute string) string {
	parsed, err := url.Parse(absolute)
	if err != nil {
		return absolute // the functions say what is wrong with it
	}
	return parsed.Scheme + "://" + parsed.Host
}

// readEnvFile reads NAME=VALUE lines; # begins a comment line, and quotes around a value are no part of it.
func readEnvFile(path string) (map[string]string, error) {
	wanted := path != ""
	if !wanted {
		path = defaultEnvFile
	}
	variables := map[string]string{}
	content, err := os.ReadFile(path)
	if !wanted && errors.Is(err, fs.ErrNotExist) {
		return variables, nil
	}
	if err != nil {
		return nil, fmt.Errorf("variables: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if !ok {
			return nil, fmt.Errorf("variables: %s:%d: not NAME=VALUE", path, number)
		}
		variables[strings.TrimSpace(name)] = unquote(strings.TrimSpace(value))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("variables: %s: %w", path, err)
	}
	return variables, nil
}

func unquote(value string) string {
	for _, quote := range []string{`"`, `'`} {
		if len(value) >= 2 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return value[1 : len(value)-1]
		}
	}
	return value
}
