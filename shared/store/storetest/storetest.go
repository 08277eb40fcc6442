// Package storetest gives a test a real database: an engine of its own, with
// the tables of template.yaml, behind a Proxy that counts requests and injects
// the faults that engines do not have. It knows the tables' names, not what is
// in them.
//
// Of everything below shared/, only this package may import daemun/local.
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"daemun/local/engine"
	"daemun/local/template"
	"daemun/shared/store"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// DB is a database with empty tables, which ends with its test.
type DB struct {
	// Proxy is what clients talk to.
	Proxy *Proxy
	// Names of the tables.
	Users, RefreshTokens, OneTime string

	direct *dynamodb.Client // past the proxy
}

// New starts an engine, which takes milliseconds, and makes the tables. Where
// DYNAMODB_ENDPOINT names an engine that runs, the names of the tables keep
// tests apart.
func New(t testing.TB) *DB {
	t.Helper()
	running, err := engine.Start(context.Background(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(running.Close)
	tables, err := templateTables("UsersTable", "RefreshTokensTable", "OneTimeTable")
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.CreateTables(context.Background(), running.Endpoint(), tables); err != nil {
		t.Fatal(err)
	}
	return &DB{
		Proxy:         newProxy(t, running.Endpoint(), tables),
		Users:         tables[0].Name,
		RefreshTokens: tables[1].Name,
		OneTime:       tables[2].Name,
		direct:        newDirectClient(running.Endpoint()),
	}
}

// Config is for a Store on this database, through the proxy.
func (db *DB) Config() store.Config {
	environment := db.Environment()
	return store.Config{
		Endpoint:           db.Proxy.URL(),
		UsersTable:         db.Users,
		RefreshTokensTable: db.RefreshTokens,
		OneTimeTable:       db.OneTime,
		Getenv:             func(name string) string { return environment[name] },
	}
}

// Environment is what a function finds in its environment to use this database,
// through the proxy.
func (db *DB) Environment() map[string]string {
	return map[string]string{
		"DYNAMODB_ENDPOINT":     db.Proxy.URL(),
		"USERS_TABLE":           db.Users,
		"REFRESH_TOKENS_TABLE":  db.RefreshTokens,
		"ONE_TIME_TABLE":        db.OneTime,
		"AWS_REGION":            engine.Region,
		"AWS_ACCESS_KEY_ID":     engine.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": engine.SecretAccessKey,
	}
}

// templateTables reads the tables with these logical ids, under names of their own.
func templateTables(logicalIDs ...string) ([]engine.Table, error) {
	path, err := templatePath()
	if err != nil {
		return nil, err
	}
	read, err := template.Read(path, template.Options{})
	if err != nil {
		return nil, err
	}
	suffix := rand.Text()
	var tables []engine.Table
	for _, logicalID := range logicalIDs {
		table, ok := read.Table(logicalID)
		if !ok {
			return nil, fmt.Errorf("%s has no table %s", path, logicalID)
		}
		// No time to live: an engine that has a cleaner would clean by its own clock
		// what a test dates by another.
		properties := maps.Clone(table.Properties)
		delete(properties, "TimeToLiveSpecification")
		tables = append(tables, engine.Table{Name: logicalID + "-" + suffix, Properties: properties})
	}
	return tables, nil
}

// templatePath finds template.yaml beside the go.mod that the working directory,
// which is the tested package's, belongs to.
func templatePath() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "template.yaml"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a Go module", start)
		}
	}
}

func newDirectClient(endpoint string) *dynamodb.Client {
	return dynamodb.NewFromConfig(aws.Config{
		Region:       engine.Region,
		BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: engine.AccessKeyID, SecretAccessKey: engine.SecretAccessKey}, nil
		}),
	})
}
