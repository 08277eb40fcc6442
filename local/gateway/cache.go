package gateway

import (
	"maps"
	"sync"
	"time"
)

// A cache keeps the verdicts of one authorizer.
type cache struct {
	mu      sync.Mutex
	entries map[string]entry
}

type entry struct {
	verdict verdict
	until   time.Time
}

func newCache() *cache { return &cache{entries: map[string]entry{}} }

func (c *cache) get(key string, now time.Time) (verdict, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, ok := c.entries[key]
	return kept.verdict, ok && now.Before(kept.until)
}

func (c *cache) put(key string, v verdict, now time.Time, ttl time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.entries, func(_ string, old entry) bool { return !now.Before(old.until) })
	c.entries[key] = entry{v, now.Add(ttl)}
}
