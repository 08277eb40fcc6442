package browsertest

import (
	"strings"
	"testing"

	"daemun/local"
)

const ordersTemplate = "../../examples/orders-api/template.yaml"

// startWithOrders starts Daemun and the example's orders API beside it, which wants the role admin to delete.
func startWithOrders(t *testing.T) (*local.System, *browser) {
	t.Helper()
	return startConfigured(t, map[string]string{"AUTHORIZER_DEMANDS": `{"*":{"DELETE /orders/{id}":{"roles":["admin"]}}}`}, ordersTemplate)
}

func TestOrders_AreCalledOnAnotherHostWithTheAccessToken(t *testing.T) {
	system, b := startWithOrders(t)
	tb := b.visitor(t)
	tb.login(person(0))
	tb.click("orders-call")
	tb.wantSeen("orders-status", "200")
	if body, id := tb.see("orders-body"), tb.see("user-id"); !strings.Contains(body, `"user_id":"`+id+`"`) {
		t.Errorf("the API answered %s to %s", body, id)
	}
	tb.photograph("orders called")
	tb.click("orders-delete")
	tb.wantSeen("orders-status", "403")
	if body := tb.see("orders-body"); body != `{"message":"Forbidden"}` {
		t.Errorf("the API answered %s without the role", body)
	}
	tb.click("orders-bare")
	tb.wantSeen("orders-status", "401")
	if body := tb.see("orders-body"); body != `{"message":"Unauthorized"}` {
		t.Errorf("the API answered %s without a token", body)
	}
	tb.photograph("orders refused")
	tb.wantAbsent("error")

	tb.click("language-ko")
	tb.wantSeen("orders-call", "주문 API 호출")
	tb.click("logout")
	tb.wantSeen("login-kakao", "카카오 로그인")
	tb.wantAbsent("orders-body")
	if calls := tb.requested(system.APIs[1].URL + "/orders"); len(calls) < 3 || !strings.HasPrefix(calls[0].url, "http://127.0.0.1:") {
		t.Errorf("calls: %v", calls)
	}
}

func TestOrders_AreNotOfferedWhereThereIsNoSuchAPI(t *testing.T) {
	_, b := startSystem(t)
	tb := b.visitor(t)
	tb.login(person(0))
	tb.wantAbsent("orders")
}
