package josetest

import (
	"bufio"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"daemun/local/child"
)

// moto is a stand-in of AWS that nobody here wrote.
type moto struct{ url string }

var listening = regexp.MustCompile(`Running on (http://127\.0\.0\.1:[0-9]+)`)

func startMoto(t *testing.T) moto {
	t.Helper()
	reader, writer := io.Pipe()
	command := exec.CommandContext(context.Background(), python(t, "requirements-moto.txt"), "-m", "moto.server", "-H", "127.0.0.1", "-p", "0")
	command.Stdout, command.Stderr = writer, writer
	process, err := child.Start(command)
	must(t, err)
	t.Cleanup(process.Kill)
	go func() {
		<-process.Done()
		writer.Close()
	}()
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, reader) }()
			return moto{found[1]}
		}
		t.Log(lines.Text())
	}
	t.Fatal("moto ended")
	return moto{}
}

// call sends a request to one of moto's services, which it knows by the
// credentials' scope alone.
func (m moto) call(t *testing.T, service, contentType, target, body string) []byte {
	t.Helper()
	a := do(t, http.MethodPost, m.url+"/", body, "Content-Type", contentType, "X-Amz-Target", target,
		"Authorization", "AWS4-HMAC-SHA256 Credential=nobody/20260101/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	if a.status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", service, target, a.status, a.body)
	}
	return a.body
}

const region = "ap-northeast-2"

func (m moto) kms(t *testing.T, operation, body string, out any) {
	t.Helper()
	must(t, json.Unmarshal(m.call(t, "kms", "application/x-amz-json-1.1", "TrentService."+operation, body), out))
}

// newKey makes a key as the guide says, and returns its ARN and the members of
// its JWK that are public.
func (m moto) newKey(t *testing.T) (arn, members string) {
	t.Helper()
	var made struct {
		KeyMetadata struct{ Arn string }
	}
	m.kms(t, "CreateKey", `{"KeySpec":"ECC_NIST_P256","KeyUsage":"SIGN_VERIFY"}`, &made)
	arn = made.KeyMetadata.Arn
	var public struct{ PublicKey []byte }
	m.kms(t, "GetPublicKey", `{"KeyId":"`+arn+`"}`, &public)
	b64 := base64.RawURLEncoding.EncodeToString
	point := public.PublicKey[len(public.PublicKey)-64:]
	return arn, `"kty":"EC","crv":"P-256","kid":"kms-1","use":"sig","alg":"ES256","status":"active","x":"` + b64(point[:32]) + `","y":"` + b64(point[32:]) + `"`
}

// credentials are those of an IAM user.
type credentials struct{ id, secret string }

// newUser makes a user who may do the action and nothing else.
func (m moto) newUser(t *testing.T, name, action string) credentials {
	t.Helper()
	iam := func(form string) string {
		return string(m.call(t, "iam", "application/x-www-form-urlencoded", "", form+"&UserName="+name+"&Version=2010-05-08"))
	}
	iam("Action=CreateUser")
	// moto asks for every resource, whatever the request is about.
	iam(`Action=PutUserPolicy&PolicyName=one&PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`)
	answer := iam("Action=CreateAccessKey")
	return credentials{element(answer, "AccessKeyId"), element(answer, "SecretAccessKey")}
}

// strict has moto check signatures and permissions from now on.
func (m moto) strict(t *testing.T) {
	t.Helper()
	if a := do(t, http.MethodPost, m.url+"/moto-api/reset-auth", "0"); a.status != http.StatusOK {
		t.Fatalf("moto answered %d", a.status)
	}
}

// element is the text of an XML element.
func element(text, name string) string {
	_, rest, _ := strings.Cut(text, "<"+name+">")
	value, _, _ := strings.Cut(rest, "</"+name+">")
	return value
}
