//go:build !(linux && amd64)

package engine

import (
	"context"
	"errors"
)

func findDynoxide(context.Context) (launcher, error) {
	return nil, errors.New("dynoxide: it is pinned for Linux on x64 only")
}
