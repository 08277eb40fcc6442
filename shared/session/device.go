package session

import (
	"net/netip"
	"strings"
)

// Device is what we know of the client that logged in, for its owner to
// recognise it by. Make one with NewDevice.
type Device struct {
	UserAgent string
	SourceIP  string
}

// maxUserAgent is in bytes; browsers send fewer.
const maxUserAgent = 256

// NewDevice keeps the beginning of an overlong user agent: clients write what
// they like.
func NewDevice(userAgent, sourceIP string) Device {
	if len(userAgent) > maxUserAgent {
		userAgent = strings.ToValidUTF8(userAgent[:maxUserAgent], "")
	}
	return Device{UserAgent: userAgent, SourceIP: sourceIP}
}

// Unknown stands where a device does not say what it is, or not so that we
// understand it.
const Unknown = "unknown"

// Network is the network of a device's address, coarse enough to say nothing of a
// household: 203.0.113.0/24, or the /32 of an IPv6 address, which is about a
// provider's; a /48 can be one household's. It is Unknown without a valid address.
func Network(sourceIP string) string {
	address, err := netip.ParseAddr(sourceIP)
	if err != nil {
		return Unknown
	}
	address = address.Unmap()
	bits := 32
	if address.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(address, bits).Masked().String()
}

// Summary names the device that sent a user agent in words that its owner knows,
// such as "Chrome on Windows", or Unknown. Every word is one of ours: nothing
// that the device wrote itself is repeated. What it claims is believed; many
// browsers claim to be Chrome, and an iPad in its default mode claims to be a Mac.
func Summary(userAgent string) string {
	browser, system := browserOf(userAgent), systemOf(userAgent)
	switch {
	case browser == "" && system == "":
		return Unknown
	case browser == "":
		return system
	case system == "":
		return browser
	default:
		return browser + " on " + system
	}
}

// sign is a part of a user agent that gives away what sent it.
type sign struct{ part, name string }

// first returns the name of the first sign in the user agent, "" without one.
func first(userAgent string, signs []sign) string {
	for _, s := range signs {
		if strings.Contains(userAgent, s.part) {
			return s.name
		}
	}
	return ""
}

// browserOf names the browser. Nearly all of them also name those that they are
// built on, or were once mistaken for: the more special come first. Only Apple's
// own Safari counts as Safari.
func browserOf(userAgent string) string {
	found := first(userAgent, []sign{
		{"KAKAOTALK", "KakaoTalk"},
		{"NAVER(inapp", "Naver"},
		{" Line/", "LINE"},
		{"Instagram ", "Instagram"},
		{"FBAN/", "Facebook"},
		{"FB_IAB/", "Facebook"},
		{"Whale/", "Whale"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Edg/", "Edge"},
		{"EdgA/", "Edge"},
		{"EdgiOS/", "Edge"},
		{"Edge/", "Edge"},
		{"OPR/", "Opera"},
		{"OPT/", "Opera"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"GSA/", "Google"},
		{"; wv)", "WebView"},
		{"Chrome/", "Chrome"},
		{"Trident/", "Internet Explorer"},
		{"Safari/", safari},
	})
	if found == safari && !strings.Contains(userAgent, "(Macintosh;") && !strings.Contains(userAgent, "(iP") {
		return ""
	}
	return found
}

const safari = "Safari"

func systemOf(userAgent string) string {
	return first(userAgent, []sign{
		{"Windows NT", "Windows"},
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"CrOS", "ChromeOS"},
		{"Macintosh", "macOS"},
		{"Linux", "Linux"},
	})
}
