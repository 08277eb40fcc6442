package template

import (
	"errors"
	"fmt"
	"slices"
)

// problems gathers what was not understood, so that one run tells all of it, each thing once.
type problems struct{ all []error }

func (p *problems) add(path, format string, arguments ...any) {
	problem := path + ": " + fmt.Sprintf(format, arguments...)
	if !slices.ContainsFunc(p.all, func(known error) bool { return known.Error() == problem }) {
		p.all = append(p.all, errors.New(problem))
	}
}

func (p *problems) err() error { return errors.Join(p.all...) }
