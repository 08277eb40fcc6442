package store

import (
	"errors"

	"daemun/shared/fault"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// What an operator must look at. Methods return faults that wrap these; other
// failures pass by themselves.
var (
	// ErrMisconfigured means that the database refuses this function for good: a
	// table, a permission or the credentials are missing. The fault is
	// temporarily_unavailable.
	ErrMisconfigured = errors.New("the database refuses this function")
	// ErrCorrupt means an item that this code cannot have written: an attribute
	// is missing or of the wrong type. The fault is internal.
	ErrCorrupt = errors.New("corrupt item")
)

// failure makes the fault of an operation that the database did not do, or of
// which it is unknown whether it did. nil stays nil. The text names no item.
func failure(operation string, err error) error {
	var api smithy.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &api) && isMisconfiguration(api.ErrorCode()):
		refused := fault.Newf(fault.TemporarilyUnavailable, "%s: %w: %w", operation, ErrMisconfigured, err)
		refused.Alarm = true
		return refused
	case isOurMistake(err):
		return fault.Newf(fault.Internal, "%s: %w", operation, err)
	default:
		return fault.Newf(fault.TemporarilyUnavailable, "%s: %w", operation, err)
	}
}

// corrupt makes the fault of an item that cannot be read.
func corrupt(kind string, cause error) error {
	return fault.Newf(fault.Internal, "%w: %s: %w", ErrCorrupt, kind, cause)
}

func isMisconfiguration(code string) bool {
	switch code {
	case "AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException",
		"InvalidSignatureException", "IncompleteSignatureException", "MissingAuthenticationTokenException",
		"ExpiredTokenException":
		return true
	}
	return false
}

// isOurMistake reports whether the same request would fail for ever.
func isOurMistake(err error) bool {
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) {
		return !isTransient(canceled.CancellationReasons)
	}
	var api smithy.APIError
	return errors.As(err, &api) && (api.ErrorCode() == "ValidationException" || api.ErrorCode() == "SerializationException")
}

// isTransient reports whether a canceled transaction may succeed when it is
// repeated.
func isTransient(reasons []types.CancellationReason) bool {
	for _, reason := range reasons {
		switch code(reason) {
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			return true
		}
	}
	return false
}

// code is the code of a cancellation reason; "None" is that of an item that
// did not cancel.
func code(reason types.CancellationReason) string {
	if reason.Code == nil {
		return "None"
	}
	return *reason.Code
}

// refusedItem returns the item that made a condition fail, as it stood at that
// instant, and whether a failed condition is what err is. A condition that
// failed because there was no item has none.
func refusedItem(err error) (item, bool) {
	var refused *types.ConditionalCheckFailedException
	if !errors.As(err, &refused) {
		return nil, false
	}
	return refused.Item, true
}

// mistake makes the fault of a request that could not even be built.
func mistake(operation string, err error) error {
	return fault.Newf(fault.Internal, "%s: %w", operation, err)
}
