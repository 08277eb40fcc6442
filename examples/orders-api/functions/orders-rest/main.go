// Command orders-rest serves the example's REST API, whose events have another shape than those of HTTP APIs. It takes
// who is asking from requestContext.authorizer alone.
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

func handle(_ context.Context, event events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
	userID, _ := event.RequestContext.Authorizer["user_id"].(string)
	switch route := event.HTTPMethod + " " + event.Resource; {
	case userID == "":
		// A route without an authorizer: a mistake in the template, that must let nobody in.
		return answer(http.StatusUnauthorized, map[string]string{"error": "unauthorized"})
	case route == "GET /orders":
		return answer(http.StatusOK, orders.Of(userID))
	case route == "GET /payments":
		return answer(http.StatusOK, orders.PaymentsOf(userID))
	case route == "DELETE /orders/{id}":
		return answer(http.StatusOK, orders.Delete(userID, event.PathParameters["id"]))
	default:
		return answer(http.StatusNotFound, map[string]string{"error": "not_found"})
	}
}

func answer(status int, body any) (events.APIGatewayProxyResponse, error) {
	text, err := json.Marshal(body)
	return events.APIGatewayProxyResponse{
		StatusCode: status,
		Headers:    map[string]string{"content-type": "application/json", "cache-control": "no-store"},
		Body:       string(text),
	}, err
}
