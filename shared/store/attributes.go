package store

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func flag(b bool) types.AttributeValue { return &types.AttributeValueMemberBOOL{Value: b} }

// instant is a time in Unix milliseconds.
func instant(t time.Time) types.AttributeValue { return number(t.UnixMilli()) }

// deadline is a time to live: Unix seconds, rounded up, so that nothing is
// cleaned away before its time.
func deadline(t time.Time) types.AttributeValue { return number(t.Add(time.Second - 1).Unix()) }

// setText adds an attribute unless it is empty.
func setText(to item, name, value string) {
	if value != "" {
		to[name] = text(value)
	}
}

// setTexts adds a set unless it is empty, which the database does not allow.
func setTexts(to item, name string, values []string) {
	if len(values) > 0 {
		to[name] = &types.AttributeValueMemberSS{Value: values}
	}
}

// setInstant adds an attribute unless it is zero.
func setInstant(to item, name string, t time.Time) {
	if !t.IsZero() {
		to[name] = instant(t)
	}
}

// A reader takes attributes from an item and remembers the first that is
// missing or of the wrong type. Package attributevalue would fill those with
// zero values, and so make of a user whose mark is gone one who is not disabled.
type reader struct {
	item item
	err  error
}

func (r *reader) fail(name string) {
	if r.err == nil {
		r.err = fmt.Errorf("attribute %s is missing or of the wrong type", name)
	}
}

func (r *reader) has(name string) bool {
	_, ok := r.item[name]
	return ok
}

func (r *reader) text(name string) string {
	value, ok := r.item[name].(*types.AttributeValueMemberS)
	if !ok || value.Value == "" {
		r.fail(name)
		return ""
	}
	return value.Value
}

func (r *reader) optionalText(name string) string {
	if !r.has(name) {
		return ""
	}
	return r.text(name)
}

func (r *reader) optionalTexts(name string) []string {
	if !r.has(name) {
		return nil
	}
	value, ok := r.item[name].(*types.AttributeValueMemberSS)
	if !ok {
		r.fail(name)
		return nil
	}
	return slices.Sorted(slices.Values(value.Value))
}

func (r *reader) flag(name string) bool {
	value, ok := r.item[name].(*types.AttributeValueMemberBOOL)
	if !ok {
		r.fail(name)
		return false
	}
	return value.Value
}

func (r *reader) number(name string) int64 {
	value, ok := r.item[name].(*types.AttributeValueMemberN)
	if !ok {
		r.fail(name)
		return 0
	}
	n, err := strconv.ParseInt(value.Value, 10, 64)
	if err != nil {
		r.fail(name)
	}
	return n
}

func (r *reader) optionalNumber(name string) int64 {
	if !r.has(name) {
		return 0
	}
	return r.number(name)
}

func (r *reader) instant(name string) time.Time { return time.UnixMilli(r.number(name)).UTC() }

func (r *reader) optionalInstant(name string) time.Time {
	if !r.has(name) {
		return time.Time{}
	}
	return r.instant(name)
}
