// Command orders serves the example's two HTTP APIs. It takes who is asking from requestContext.authorizer alone, which
// only API Gateway writes, and never from a header that anybody could send.
package main

import (
	"context"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/go-json-experiment/json"

	"daemun/examples/orders-api/orders"
)

func main() { lambda.Start(handle) }

func handle(_ context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	userID := userOf(event.RequestContext.Authorizer)
	switch {
	case userID == "":
		// A route without an authorizer: a mistake in the template, that must let nobody in.
		return answer(http.StatusUnauthorized, map[string]string{"error": "unauthorized"})
	case event.RouteKey == "GET /orders":
		return answer(http.StatusOK, orders.Of(userID))
	case event.RouteKey == "GET /payments":
		return answer(http.StatusOK, orders.PaymentsOf(userID))
	case event.RouteKey == "DELETE /orders/{id}":
		return answer(http.StatusOK, orders.Delete(userID, event.PathParameters["id"]))
	default:
		return answer(http.StatusNotFound, map[string]string{"error": "not_found"})
	}
}

// userOf reads what Daemun's authorizer says, or API Gateway's own check of our token.
func userOf(authorizer *events.APIGatewayV2HTTPRequestContextAuthorizerDescription) string {
	switch {
	case authorizer == nil:
		return ""
	case authorizer.JWT != nil:
		return authorizer.JWT.Claims["sub"]
	default:
		userID, _ := authorizer.Lambda["user_id"].(string)
		return userID
	}
}

func answer(status int, body any) (events.APIGatewayV2HTTPResponse, error) {
	text, err := json.Marshal(body)
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers:    map[string]string{"content-type": "application/json", "cache-control": "no-store"},
		Body:       string(text),
	}, err
}
