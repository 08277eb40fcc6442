package engine_test

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"daemun/local/engine"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// sessionsTable has a name of its own, so that tests can share an engine that was running before them.
func sessionsTable() engine.Table {
	return engine.Table{Name: "Sessions-" + rand.Text(), Properties: sessionProperties}
}

var sessionProperties = map[string]any{
	"TableName":                        "ignored",
	"BillingMode":                      "PAY_PER_REQUEST",
	"AttributeDefinitions":             []any{map[string]any{"AttributeName": "user_id", "AttributeType": "S"}, map[string]any{"AttributeName": "session_id", "AttributeType": "S"}},
	"KeySchema":                        []any{map[string]any{"AttributeName": "user_id", "KeyType": "HASH"}, map[string]any{"AttributeName": "session_id", "KeyType": "RANGE"}},
	"TimeToLiveSpecification":          map[string]any{"AttributeName": "expires_at", "Enabled": true},
	"StreamSpecification":              map[string]any{"StreamViewType": "NEW_IMAGE"},
	"SSESpecification":                 map[string]any{"SSEEnabled": true},
	"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
}

func start(t *testing.T, options engine.Options) *engine.Engine {
	t.Helper()
	running, err := engine.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(running.Close)
	return running
}

func createTables(t *testing.T, endpoint string, tables ...engine.Table) {
	t.Helper()
	if err := engine.CreateTables(t.Context(), endpoint, tables); err != nil {
		t.Fatal(err)
	}
}

// do sends one operation as any DynamoDB client would.
func do(t *testing.T, endpoint, operation, input string) map[string]any {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, strings.NewReader(input))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	request.Header.Set("X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"))
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+engine.AccessKeyID+"/20260101/"+engine.Region+"/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", operation, response.StatusCode, body)
	}
	var output map[string]any
	if err := json.Unmarshal(body, &output); err != nil {
		t.Fatal(err)
	}
	return output
}

func TestCreateTables_TableOfTemplateHoldsItems(t *testing.T) {
	endpoint, table := start(t, engine.Options{}).Endpoint(), sessionsTable()
	createTables(t, endpoint, table)

	do(t, endpoint, "PutItem", `{"TableName":"`+table.Name+`","Item":{"user_id":{"S":"u"},"session_id":{"S":"s"},"generation":{"N":"1"}}}`)
	got := do(t, endpoint, "GetItem", `{"TableName":"`+table.Name+`","Key":{"user_id":{"S":"u"},"session_id":{"S":"s"}},"ConsistentRead":true}`)

	want := map[string]any{"Item": map[string]any{
		"user_id":    map[string]any{"S": "u"},
		"session_id": map[string]any{"S": "s"},
		"generation": map[string]any{"N": "1"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCreateTables_EnablesTimeToLive(t *testing.T) {
	endpoint, table := start(t, engine.Options{}).Endpoint(), sessionsTable()
	createTables(t, endpoint, table)

	got := do(t, endpoint, "DescribeTimeToLive", `{"TableName":"`+table.Name+`"}`)

	want := map[string]any{"TimeToLiveDescription": map[string]any{"AttributeName": "expires_at", "TimeToLiveStatus": "ENABLED"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCreateTables_ExistingTableKeepsItsItems(t *testing.T) {
	endpoint, table := start(t, engine.Options{}).Endpoint(), sessionsTable()
	createTables(t, endpoint, table)
	do(t, endpoint, "PutItem", `{"TableName":"`+table.Name+`","Item":{"user_id":{"S":"u"},"session_id":{"S":"s"}}}`)

	createTables(t, endpoint, table)

	if count := do(t, endpoint, "Scan", `{"TableName":"`+table.Name+`"}`)["Count"]; count != 1.0 {
		t.Errorf("items: %v", count)
	}
}

func TestCreateTables_NamesTheRefusedTable(t *testing.T) {
	endpoint := start(t, engine.Options{}).Endpoint()

	err := engine.CreateTables(t.Context(), endpoint, []engine.Table{{Name: "Broken", Properties: map[string]any{"BillingMode": "PAY_PER_REQUEST"}}})

	if err == nil || !strings.Contains(err.Error(), "table Broken: CreateTable:") {
		t.Errorf("got %v", err)
	}
}

func TestStart_DirKeepsTables(t *testing.T) {
	t.Setenv("DYNAMODB_ENDPOINT", "")
	dir := t.TempDir() + "/data"
	first, table := start(t, engine.Options{Dir: dir}), sessionsTable()
	createTables(t, first.Endpoint(), table)
	first.Close()

	second := start(t, engine.Options{Dir: dir})

	if diff := cmp.Diff([]any{table.Name}, do(t, second.Endpoint(), "ListTables", `{}`)["TableNames"]); diff != "" {
		t.Error(diff)
	}
}

func TestStart_ManyAtOnceAreSeparate(t *testing.T) {
	t.Setenv("DYNAMODB_ENDPOINT", "")
	endpoints := make([]string, 8)
	var group sync.WaitGroup
	for i := range endpoints {
		group.Go(func() {
			running, err := engine.Start(t.Context(), engine.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(running.Close)
			endpoints[i] = running.Endpoint()
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for _, endpoint := range endpoints {
		if seen[endpoint] {
			t.Errorf("%s twice", endpoint)
		}
		seen[endpoint] = true
	}
}

func TestStart_UsesEngineThatRuns(t *testing.T) {
	running := start(t, engine.Options{})
	t.Setenv("DYNAMODB_ENDPOINT", running.Endpoint())

	second := start(t, engine.Options{})
	if second.Endpoint() != running.Endpoint() {
		t.Errorf("got %s, want %s", second.Endpoint(), running.Endpoint())
	}
	second.Close()

	do(t, running.Endpoint(), "ListTables", `{}`)
}

func TestStart_SaysThatEngineDoesNotAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	_, err := engine.Start(ctx, engine.Options{Endpoint: "http://127.0.0.1:1"})

	if err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:1: it does not answer") {
		t.Errorf("got %v", err)
	}
}

func TestClose_StopsEngine(t *testing.T) {
	t.Setenv("DYNAMODB_ENDPOINT", "")
	running := start(t, engine.Options{})
	running.Close()

	if response, err := http.Get(running.Endpoint()); err == nil {
		response.Body.Close()
		t.Error("the engine still answers")
	}
}
