package lookalike

import (
	"net/http"

	"daemun/shared/provider/providertest"
)

// brand is how a stand-in's login page looks: its provider's colours.
type brand struct {
	Name             string
	Background, Text string // CSS colours
}

var (
	kakaoBrand  = brand{"Kakao", "#FEE500", "#191919"}
	naverBrand  = brand{"Naver", "#03C75A", "#FFFFFF"}
	googleBrand = brand{"Google", "#F2F2F2", "#1F1F1F"}
	appleBrand  = brand{"Apple", "#000000", "#FFFFFF"}
	lineBrand   = brand{"LINE", "#06C755", "#FFFFFF"}
	githubBrand = brand{"GitHub", "#24292F", "#FFFFFF"}
	oidcBrand   = brand{"OpenID Connect provider", "#4A5568", "#FFFFFF"}
)

// standIn is one provider. Its name is its path, and environment what functions
// need when it is served at base.
type standIn struct {
	name        string
	handler     http.Handler
	environment func(base string) map[string]string
}

func standIns(o Options, kakao *providertest.Kakao) []standIn {
	oidc := o.of(oidcBrand)
	oidc.SendsIssuer = true // as new providers do
	return []standIn{
		{"kakao", kakao, func(base string) map[string]string {
			return map[string]string{
				"KAKAO_AUTH_URL":      base + providertest.KakaoAuthorizePath,
				"KAKAO_TOKEN_URL":     base + providertest.KakaoTokenPath,
				"KAKAO_USERINFO_URL":  base + providertest.KakaoUserinfoPath,
				"KAKAO_CLIENT_ID":     providertest.KakaoClientID,
				"KAKAO_CLIENT_SECRET": providertest.KakaoClientSecret,
			}
		}},
		{"naver", providertest.NewNaver(o.of(naverBrand)), func(base string) map[string]string {
			return map[string]string{
				"NAVER_AUTH_URL":      base + providertest.NaverAuthorizePath,
				"NAVER_TOKEN_URL":     base + providertest.NaverTokenPath,
				"NAVER_USERINFO_URL":  base + providertest.NaverUserinfoPath,
				"NAVER_CLIENT_ID":     providertest.NaverClientID,
				"NAVER_CLIENT_SECRET": providertest.NaverClientSecret,
			}
		}},
		{"google", providertest.NewOIDC(o.of(googleBrand)), googleEnvironment},
		{"apple", providertest.NewApple(o.of(appleBrand)), func(base string) map[string]string {
			return map[string]string{
				"APPLE_AUTH_URL":    base + providertest.AppleAuthorizePath,
				"APPLE_TOKEN_URL":   base + providertest.AppleTokenPath,
				"APPLE_JWKS_URL":    base + providertest.AppleKeysPath,
				"APPLE_ISSUER":      base,
				"APPLE_CLIENT_ID":   providertest.AppleClientID,
				"APPLE_TEAM_ID":     providertest.AppleTeamID,
				"APPLE_KEY_ID":      providertest.AppleKeyID,
				"APPLE_PRIVATE_KEY": providertest.ApplePrivateKey(),
			}
		}},
		{"line", providertest.NewLINE(o.of(lineBrand)), func(base string) map[string]string {
			return map[string]string{
				"LINE_AUTH_URL":      base + providertest.LINEAuthorizePath,
				"LINE_TOKEN_URL":     base + providertest.LINETokenPath,
				"LINE_ISSUER":        base,
				"LINE_CLIENT_ID":     providertest.LINEClientID,
				"LINE_CLIENT_SECRET": providertest.LINEClientSecret,
			}
		}},
		{"github", providertest.NewGitHub(o.of(githubBrand)), func(base string) map[string]string {
			return map[string]string{
				"GITHUB_AUTH_URL":      base + providertest.GitHubAuthorizePath,
				"GITHUB_TOKEN_URL":     base + providertest.GitHubTokenPath,
				"GITHUB_USERINFO_URL":  base + providertest.GitHubUserinfoPath,
				"GITHUB_CLIENT_ID":     providertest.GitHubClientID,
				"GITHUB_CLIENT_SECRET": providertest.GitHubClientSecret,
			}
		}},
		{"oidc", providertest.NewOIDC(oidc), oidcEnvironment},
	}
}

// googleEnvironment makes a Google of the fake that speaks OpenID Connect and
// nothing else: Google does too.
func googleEnvironment(base string) map[string]string {
	return map[string]string{
		"GOOGLE_AUTH_URL":      base + providertest.OIDCAuthorizePath,
		"GOOGLE_TOKEN_URL":     base + providertest.OIDCTokenPath,
		"GOOGLE_USERINFO_URL":  base + providertest.OIDCUserinfoPath,
		"GOOGLE_JWKS_URL":      base + providertest.OIDCKeysPath,
		"GOOGLE_ISSUER":        base,
		"GOOGLE_CLIENT_ID":     providertest.OIDCClientID,
		"GOOGLE_CLIENT_SECRET": providertest.OIDCClientSecret,
	}
}

// oidcEnvironment tells of the issuer only: it publishes the rest.
func oidcEnvironment(base string) map[string]string {
	return map[string]string{
		"OIDC_PROVIDERS":          "oidc",
		"OIDC_OIDC_ISSUER":        base,
		"OIDC_OIDC_DISPLAY_NAME":  "OpenID Connect",
		"OIDC_OIDC_CLIENT_ID":     providertest.OIDCClientID,
		"OIDC_OIDC_CLIENT_SECRET": providertest.OIDCClientSecret,
	}
}
