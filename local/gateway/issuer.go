package gateway

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// keysTTL is how long API Gateway keeps an issuer's keys. A key that is published meanwhile is unknown to it.
const keysTTL = 2 * time.Hour

// errIssuer says that an issuer's documents could not be had or read.
var errIssuer = errors.New("OIDC discovery endpoint communication error")

// issuerKeys are the RSA keys of an issuer, fetched when they are needed.
type issuerKeys struct {
	issuer string
	client *http.Client
	now    func() time.Time

	mu    sync.Mutex
	keys  map[string]*rsa.PublicKey
	until time.Time
}

// find fetches the keys if they are too old, but not for an unknown id.
func (i *issuerKeys) find(ctx context.Context, id string) (*rsa.PublicKey, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.now().Before(i.until) {
		keys, err := i.fetch(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errIssuer, err)
		}
		i.keys, i.until = keys, i.now().Add(keysTTL)
	}
	key, known := i.keys[id]
	if !known {
		return nil, errors.New("no RSA key of the issuer has the token's kid")
	}
	return key, nil
}

func (i *issuerKeys) fetch(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	var metadata struct {
		JWKSURI string `json:"jwks_uri"`
	}
	if err := i.get(ctx, strings.TrimSuffix(i.issuer, "/")+"/.well-known/openid-configuration", &metadata); err != nil {
		return nil, err
	}
	var set struct {
		Keys []struct {
			KeyType string `json:"kty"`
			ID      string `json:"kid"`
			N       string `json:"n"`
			E       string `json:"e"`
		} `json:"keys"`
	}
	if err := i.get(ctx, metadata.JWKSURI, &set); err != nil {
		return nil, err
	}
	keys := map[string]*rsa.PublicKey{}
	for _, k := range set.Keys {
		n, err := base64.RawURLEncoding.DecodeString(k.N)
		e, err2 := base64.RawURLEncoding.DecodeString(k.E)
		if err := errors.Join(err, err2); err != nil {
			return nil, fmt.Errorf("key %s: %w", k.ID, err)
		}
		if k.KeyType == "RSA" {
			keys[k.ID] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		}
	}
	return keys, nil
}

func (i *issuerKeys) get(ctx context.Context, url string, document any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := i.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	if err := json.UnmarshalRead(io.LimitReader(response.Body, 1<<20), document); err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	return nil
}
