package storetest

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"daemun/local/engine"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// shadowSuffix makes the name of a shadow table.
const shadowSuffix = "-shadow"

// shadow keeps, in a second table for each, what every item was before its last
// write, and answers from there the reads that do not ask for consistency. That
// is the worst that DynamoDB's eventually consistent reads may do.
type shadow struct {
	proxy *Proxy
	keys  map[string][]string // the names of the key's attributes, by table
}

// ServeStale has every read that does not ask for consistency answered with the
// state before the last write, from now on.
func (p *Proxy) ServeStale(t testing.TB) {
	t.Helper()
	s := &shadow{proxy: p, keys: map[string][]string{}}
	var doubles []engine.Table
	for _, table := range p.tables {
		doubles = append(doubles, engine.Table{Name: table.Name + shadowSuffix, Properties: table.Properties})
		schema, _ := table.Properties["KeySchema"].([]any)
		for _, element := range schema {
			name, _ := element.(map[string]any)["AttributeName"].(string)
			s.keys[table.Name] = append(s.keys[table.Name], name)
		}
	}
	if err := engine.CreateTables(context.Background(), p.engine, doubles); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shadow = s
}

type object = map[string]jsontext.Value

// see returns the body to forward: of a read that may be stale, with the
// shadow's name. Before a write it copies what the write may change.
func (s *shadow) see(header http.Header, call Call) ([]byte, error) {
	var input struct {
		TableName      string
		ConsistentRead bool
		Key            object
		Item           object
		TransactItems  []map[string]struct {
			TableName string
			Key       object
			Item      object
		}
		Rest object `json:",unknown"`
	}
	if err := json.Unmarshal(call.Body, &input); err != nil {
		return nil, fmt.Errorf("storetest: %w", err)
	}
	switch call.Operation {
	case "GetItem", "Query", "Scan":
		if !input.ConsistentRead {
			return rename(call.Body, input.TableName+shadowSuffix)
		}
	case "PutItem", "UpdateItem", "DeleteItem":
		return call.Body, s.remember(header, input.TableName, input.Key, input.Item)
	case "TransactWriteItems":
		for _, one := range input.TransactItems {
			for _, write := range one {
				if err := s.remember(header, write.TableName, write.Key, write.Item); err != nil {
					return nil, err
				}
			}
		}
	}
	return call.Body, nil
}

// remember copies an item, which a write names by its key or in full.
func (s *shadow) remember(header http.Header, table string, key, full object) error {
	if key == nil {
		key = object{}
		for _, name := range s.keys[table] {
			key[name] = full[name]
		}
	}
	var found struct{ Item object }
	if err := s.do(header, "GetItem", map[string]any{"TableName": table, "Key": key, "ConsistentRead": true}, &found); err != nil {
		return err
	}
	if found.Item == nil {
		return s.do(header, "DeleteItem", map[string]any{"TableName": table + shadowSuffix, "Key": key}, nil)
	}
	return s.do(header, "PutItem", map[string]any{"TableName": table + shadowSuffix, "Item": found.Item}, nil)
}

func (s *shadow) do(header http.Header, operation string, input map[string]any, output any) error {
	body, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("storetest: %w", err)
	}
	got, err := s.proxy.ask(header, operation, body)
	if err != nil {
		return err
	}
	if got.status != http.StatusOK {
		return fmt.Errorf("storetest: %s: %s", operation, got.body)
	}
	if output == nil {
		return nil
	}
	return json.Unmarshal(got.body, output)
}

func rename(body []byte, table string) ([]byte, error) {
	var input map[string]any
	if err := json.Unmarshal(body, &input); err != nil {
		return nil, fmt.Errorf("storetest: %w", err)
	}
	input["TableName"] = table
	return json.Marshal(input)
}
