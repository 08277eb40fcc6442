package store

import (
	"testing"

	"daemun/shared/user"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"
)

func pk(t testing.TB, i user.Identity) string {
	key, err := identityKey(i)
	if err != nil {
		t.Fatal(err)
	}
	return key[attrPK].(*types.AttributeValueMemberS).Value
}

// CB-02.
func TestIdentityKey_IsProviderAndSubject(t *testing.T) {
	if got, want := pk(t, user.Identity{Provider: "kakao", Subject: "12"}), "IDENTITY#kakao#12"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// CB-02: no two identities share a key, wherever their parts meet.
func TestIdentityKey_IsInjective(t *testing.T) {
	provider := rapid.StringMatching(`[ab-]{0,2}|a[ab-]{0,2}`)
	subject := rapid.StringMatching(`[ab#:-]{1,3}`)
	rapid.Check(t, func(t *rapid.T) {
		a := user.Identity{Provider: provider.Draw(t, "provider a"), Subject: subject.Draw(t, "subject a")}
		b := user.Identity{Provider: provider.Draw(t, "provider b"), Subject: subject.Draw(t, "subject b")}
		keyA, errA := identityKey(a)
		keyB, errB := identityKey(b)
		if errA != nil || errB != nil {
			return
		}
		same := *keyA[attrPK].(*types.AttributeValueMemberS) == *keyB[attrPK].(*types.AttributeValueMemberS)
		if same != (a == b) {
			t.Fatalf("%v and %v: same key: %v", a, b, same)
		}
	})
}

func TestIdentityKey_RefusesWhatIsNoIdentity(t *testing.T) {
	for _, i := range []user.Identity{
		{}, {Provider: "kakao"}, {Subject: "12"}, {Provider: "a#b", Subject: "c"}, {Provider: "kakao", Subject: "\xff"},
	} {
		if key, err := identityKey(i); err == nil {
			t.Errorf("%v: got %v", i, key)
		}
	}
}
