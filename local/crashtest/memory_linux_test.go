package crashtest

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"

	"daemun/local/runtime"
)

// highWater is the most memory that a process ever had, in /proc/<pid>/status.
var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

const maxResidentKB = 64 << 10

// F-44: the largest events that Lambda delivers, one after another, leave every
// function within half of the smallest memory that Lambda gives.
func TestMemory_LargestEventsFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	for _, described := range w.described.Functions {
		w.ready(described.LogicalID)
		i := w.instance(described.LogicalID)
		for _, payload := range largestEvents(t) {
			for range 3 {
				// An authorizer answers an event that is none of its own with an error.
				if _, err := w.invoke(t.Context(), described.LogicalID, payload); err != nil && len(described.Routes) > 0 {
					t.Errorf("%s: %v", described.LogicalID, err)
				}
			}
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.pid(i)))
		if err != nil {
			t.Fatal(err)
		}
		kB, err := strconv.Atoi(string(highWater.FindSubmatch(status)[1]))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-25s %2d MB", described.Name, kB>>10)
		if kB > maxResidentKB {
			t.Errorf("%s used %d MB", described.LogicalID, kB>>10)
		}
	}
}

// largestEvents are requests with bodies that are large in one way each. All else
// of a request is bounded by API Gateway to 10 KB.
func largestEvents(t *testing.T) [][]byte {
	t.Helper()
	const room = 4 << 10 // for the rest of the event
	var all [][]byte
	for _, unit := range []string{
		"[",    // JSON that is nested without an end
		"\x01", // of which the event has six bytes each
	} {
		payload, err := json.Marshal(events.APIGatewayV2HTTPRequest{
			Version: "2.0", RouteKey: "POST /auth/refresh", RawPath: "/auth/refresh",
			Headers: map[string]string{"content-type": "application/json"}, Body: strings.Repeat(unit, inEvent(t, unit, runtime.MaxRequest-room)),
		})
		if err != nil || len(payload) > runtime.MaxRequest {
			t.Fatalf("an event of %d bytes: %v", len(payload), err)
		}
		all = append(all, payload)
	}
	return all
}

// inEvent is how many units fit into so many bytes of JSON.
func inEvent(t *testing.T, unit string, size int) int {
	t.Helper()
	encoded, err := json.Marshal(unit)
	if err != nil {
		t.Fatal(err)
	}
	return size / (len(encoded) - len(`""`))
}
