package session_test

import (
	"strings"
	"testing"

	"daemun/shared/session"
)

func TestNewDevice_KeepsTheBeginningOfAUserAgent(t *testing.T) {
	for _, test := range []struct{ name, userAgent, want string }{
		{"short", "Mozilla/5.0", "Mozilla/5.0"},
		{"longest", strings.Repeat("a", 256), strings.Repeat("a", 256)},
		{"too long", strings.Repeat("a", 257), strings.Repeat("a", 256)},
		{"cut inside a character", strings.Repeat("a", 255) + "대문", strings.Repeat("a", 255)},
	} {
		if got := session.NewDevice(test.userAgent, "192.0.2.1"); got.UserAgent != test.want || got.SourceIP != "192.0.2.1" {
			t.Errorf("%s: got %d bytes", test.name, len(got.UserAgent))
		}
	}
}

// Real ones, and what people do to them. Nothing of a user agent is repeated.
func TestSummary_NamesBrowserAndSystem(t *testing.T) {
	const (
		windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		mac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
		iPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
		iPad    = "Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
		android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
		galaxy  = "Mozilla/5.0 (Linux; Android 14; SM-S928N Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
	)
	for userAgent, want := range map[string]string{
		windows + "Chrome/126.0.0.0 Safari/537.36": "Chrome on Windows",
		mac + "Chrome/126.0.0.0 Safari/537.36":     "Chrome on macOS",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":              "Chrome on Linux",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36":      "Chrome on Linux",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":     "Chrome on ChromeOS",
		android + "Chrome/126.0.0.0 Mobile Safari/537.36":                                                                    "Chrome on Android",
		iPhone + "CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1":                                                            "Chrome on iPhone",
		iPad + "CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1":                                                              "Chrome on iPad",
		windows + "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.68":                                                         "Edge on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0 Safari/537.36 Edge/17": "Edge on Windows",
		android + "Chrome/126.0.0.0 Mobile Safari/537.36 EdgA/126.0.0.0":                                                     "Edge on Android",
		iPhone + "Version/17.0 EdgiOS/125.0.2535.96 Mobile/15E148 Safari/604.1":                                              "Edge on iPhone",
		windows + "Chrome/125.0.0.0 Safari/537.36 OPR/111.0.0.0":                                                             "Opera on Windows",
		iPhone + "Version/17.5 Mobile/15E148 Safari/604.1 OPT/4.8.0":                                                         "Opera on iPhone",
		windows + "Chrome/124.0.0.0 Whale/3.26.244.21 Safari/537.36":                                                         "Whale on Windows",
		android + "Chrome/124.0.0.0 Whale/3.7.0.1 Mobile Safari/537.36":                                                      "Whale on Android",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0":                                   "Firefox on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0":                               "Firefox on macOS",
		"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0":                                     "Firefox on Linux",
		"Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0":                                               "Firefox on Android",
		iPhone + "FxiOS/127.0 Mobile/15E148 Safari/605.1.15":                                                                 "Firefox on iPhone",
		mac + "Version/17.5 Safari/605.1.15":                                                                                 "Safari on macOS", // an iPad says this too
		iPhone + "Version/17.5 Mobile/15E148 Safari/604.1":                                                                   "Safari on iPhone",
		iPad + "Version/16.6 Mobile/15E148 Safari/604.1":                                                                     "Safari on iPad",
		android + "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36":                                                "Samsung Internet on Android",
		galaxy + "Chrome/126.0.6478.122 Mobile Safari/537.36;KAKAOTALK 2410630":                                              "KakaoTalk on Android",
		iPhone + "Mobile/15E148 KAKAOTALK 10.8.3 (INAPP)":                                                                    "KakaoTalk on iPhone",
		galaxy + "Chrome/126.0.6478.122 Mobile Safari/537.36 NAVER(inapp; search; 1810; 12.7.3)":                             "Naver on Android",
		iPhone + "Mobile/15E148 Safari/605.1 NAVER(inapp; search; 2000; 12.7.3; 15PRO)":                                      "Naver on iPhone",
		galaxy + "Chrome/126.0.6478.122 Mobile Safari/537.36 Line/14.9.0/IAB":                                                "LINE on Android",
		iPhone + "Mobile/15E148 Safari Line/14.9.0":                                                                          "LINE on iPhone",
		iPhone + "Mobile/15E148 Instagram 334.0.4.32.98 (iPhone15,2; iOS 17_5_1; ko_KR; ko; scale=3.00)":                     "Instagram on iPhone",
		iPhone + "Mobile/15E148 [FBAN/FBIOS;FBAV/469.0.0.38.105;FBDV/iPhone15,2]":                                            "Facebook on iPhone",
		galaxy + "Chrome/126.0.6478.71 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/469.0.0.49.79;]":                               "Facebook on Android",
		iPhone + "GSA/322.0.648915268 Mobile/15E148 Safari/604.1":                                                            "Google on iPhone",
		galaxy + "Chrome/126.0.6478.122 Mobile Safari/537.36":                                                                "WebView on Android",
		iPhone + "Mobile/15E148": "iPhone",
		"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko":                                 "Internet Explorer on Windows",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15": "Linux", // not Apple's
		"Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UD1A)":                                               "Android",

		"":                                "unknown",
		"Mozilla/5.0":                     "unknown",
		"okhttp/4.12.0":                   "unknown",
		"Shop/3 CFNetwork/1496 Darwin/23": "unknown",
		"Dart/3.4 (dart:io)":              "unknown",
		"curl/8.6.0":                      "unknown",
		"chrome/126":                      "unknown",
		"<script>alert(1)</script>":       "unknown",
		"\x00\xff\r\nSet-Cookie: a=b":     "unknown",
		"<b>Firefox/127.0</b>":            "Firefox",
	} {
		if got := session.Summary(userAgent); got != want {
			t.Errorf("%s: %q, want %q", userAgent, got, want)
		}
	}
}

func TestNetwork_IsCoarse(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.77":             "203.0.113.0/24",
		"0.0.0.0":                  "0.0.0.0/24",
		"255.255.255.255":          "255.255.255.0/24",
		"2001:db8:1:2:3:4:5:6":     "2001:db8::/32",
		"::1":                      "::/32",
		"fe80::1%eth0":             "fe80::/32",
		"::ffff:203.0.113.77":      "203.0.113.0/24",
		"":                         "unknown",
		"203.0.113":                "unknown",
		"203.0.113.77:443":         "unknown",
		"203.0.113.77, 192.0.2.1":  "unknown",
		"<script>":                 "unknown",
		"2001:db8:1:2:3:4:5:6:7:8": "unknown",
	} {
		if got := session.Network(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
