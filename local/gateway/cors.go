package gateway

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"daemun/local/template"
)

func checkCORS(cors *template.CORS) error {
	if cors != nil && cors.AllowCredentials && slices.Contains(cors.AllowOrigins, "*") {
		return errors.New("CORS: credentials are not allowed together with every origin")
	}
	return nil
}

// isPreflight is by the documentation's terms; any other OPTIONS is a request like all.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// setCORS answers an allowed origin, and says nothing to others.
func setCORS(header http.Header, cors *template.CORS, r *http.Request) {
	if cors == nil {
		return
	}
	origin := r.Header.Get("Origin")
	allowed := origin
	if slices.Contains(cors.AllowOrigins, "*") {
		allowed = "*"
	} else {
		header.Add("Vary", "Origin")
	}
	if origin == "" || !allows(cors.AllowOrigins, origin) {
		return
	}
	header.Set("Access-Control-Allow-Origin", allowed)
	if cors.AllowCredentials {
		header.Set("Access-Control-Allow-Credentials", "true")
	}
	if !isPreflight(r) {
		setList(header, "Access-Control-Expose-Headers", cors.ExposeHeaders)
		return
	}
	setList(header, "Access-Control-Allow-Methods", cors.AllowMethods)
	setList(header, "Access-Control-Allow-Headers", cors.AllowHeaders)
	if cors.MaxAge > 0 {
		header.Set("Access-Control-Max-Age", strconv.Itoa(cors.MaxAge))
	}
}

// allows compares byte for byte; the patterns are those that HTTP APIs have.
func allows(origins []string, origin string) bool {
	return slices.ContainsFunc(origins, func(allowed string) bool {
		switch allowed {
		case "*":
			return true
		case "https://*", "http://*":
			return strings.HasPrefix(origin, strings.TrimSuffix(allowed, "*"))
		}
		return allowed == origin
	})
}

func setList(header http.Header, name string, values []string) {
	if len(values) > 0 {
		header.Set(name, strings.Join(values, ","))
	}
}
