package qrlabels

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/ricircolo/ricircolo/qrlabels/gs1"
)

const (
	// MaxPayload is the longest text on a label, in characters: what a version 4
	// symbol holds at level H. Up to CompactPayload it is a version 3 symbol.
	MaxPayload     = 50
	CompactPayload = 35

	// MaxAssetPayload is the longest text on a label with a GRAI: version 6.
	MaxAssetPayload = MaxPayload + len(assetBefore) + assetDigits - len(pathBefore)

	pathBefore  = "/B/"    // between host and code
	assetBefore = "/8003/" // between host and GRAI
)

// Base is the configured start of every label's link, such as
// https://ricircolo.example. The zero Base is not valid.
type Base struct {
	scheme string // "https" or "http"
	host   string // lower case, with the port unless it is the scheme's own
	asset  string // the digits of a GRAI in front of its serial; "" for short links
}

// NewBase reads a base: https, or http for a loopback address, then a DNS name
// or IPv4 address and perhaps a port, and nothing more. Its error says which
// part to change, and how long the host may be where the text on the labels
// would be longer than MaxPayload.
func NewBase(s string) (Base, error) {
	b, err := parseBase(s)
	if err != nil {
		return Base{}, fmt.Errorf("label base %q: %w", s, err)
	}
	return b, nil
}

func parseBase(s string) (Base, error) {
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.Host == "" {
		return Base{}, errors.New("want a scheme and a host, such as https://ricircolo.example")
	}
	if u.User != nil {
		return Base{}, errors.New("leave out the user and password")
	}
	if strings.TrimPrefix(s[len(u.Scheme):], "://") != u.Host {
		return Base{}, errors.New("leave out everything after the host and port, a trailing slash too")
	}
	host, err := origin(u.Scheme, u.Host)
	if err != nil {
		return Base{}, err
	}
	b := Base{scheme: u.Scheme, host: host}
	if over := b.payloadLength() - MaxPayload; over > 0 {
		return Base{}, fmt.Errorf("host and port have %d characters, want at most %d: a longer link makes the modules of the symbol too small",
			len(host), len(host)-over)
	}
	return b, nil
}

// origin checks a scheme and the host of a link, and returns the host in
// canonical form: lower case, without the scheme's own port.
func origin(scheme, host string) (string, error) {
	name, port, hasPort := strings.Cut(strings.Map(lowerASCII, host), ":")
	if err := checkHost(name); err != nil {
		return "", err
	}
	switch {
	case scheme != "https" && scheme != "http":
		return "", fmt.Errorf("scheme is %q, want https", scheme)
	case scheme == "http" && !loopback(name):
		return "", errors.New("want https; http is for loopback addresses only")
	case !hasPort:
		return name, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '0' {
		return "", fmt.Errorf("port is %q, want 1 to 65535", port)
	}
	if (scheme == "https" && n == 443) || (scheme == "http" && n == 80) {
		return name, nil
	}
	return name + ":" + port, nil
}

// lowerASCII leaves other letters alone: strings.ToLower makes a plain k of the
// Kelvin sign.
func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

// checkHost accepts a DNS name of letters, digits and hyphens (RFC 1123) or an
// IPv4 address. An IPv6 address has brackets, which no QR code holds in
// alphanumeric mode.
func checkHost(host string) error {
	if strings.HasPrefix(host, "[") {
		return errors.New("want a DNS name or an IPv4 address, not an IPv6 one")
	}
	if len(host) == 0 || len(host) > 253 {
		return errors.New("host has no or more than 253 characters")
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if len(l) == 0 || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return fmt.Errorf("host %q is not a DNS name; write international names in their xn-- form", host)
		}
	}
	// Browsers take a host whose last part is a number, also one like 0x7f, for
	// an IPv4 address in some notation.
	last := labels[len(labels)-1]
	if hex, ok := strings.CutPrefix(last, "0x"); strings.Trim(last, "0123456789") == "" || (ok && strings.Trim(hex, "0123456789abcdef") == "") {
		if _, err := netip.ParseAddr(host); err != nil {
			return fmt.Errorf("host %q is not an IPv4 address", host)
		}
	}
	return nil
}

// loopback reports whether a checked host is this machine.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// String is the base as a URL, in lower case and without a port that the scheme
// implies.
func (b Base) String() string { return b.scheme + "://" + b.host }

// WithAsset is the base whose labels carry GS1 Digital Links: every bin is an asset
// of a type, and the code of its label the serial. The company prefix has 6 to 12
// digits, and the asset type fills it up to 12. The error is a *gs1.Error.
func (b Base) WithAsset(companyPrefix, assetType string) (Base, error) {
	grai, err := gs1.NewGRAI(companyPrefix, assetType, "")
	if err != nil {
		return Base{}, fmt.Errorf("assets of labels: %w", err)
	}
	b.asset = grai.String()
	return b, nil
}

// Payload is the text on the label of a code that is not zero: HTTPS://HOST/B/CODE,
// at most MaxPayload characters, or HTTPS://HOST/8003/GRAI, at most
// MaxAssetPayload, all of the alphanumeric mode of QR codes. Browsers lower the
// case of scheme and host but not of the path: the server has to answer at /B/.
func (b Base) Payload(c Code) string {
	origin := strings.ToUpper(b.String())
	if b.asset != "" {
		return origin + assetBefore + b.asset + c.text
	}
	return origin + pathBefore + c.text
}

func (b Base) payloadLength() int { return len(b.String()) + len(pathBefore) + CodeLength }

// Owns reports whether a payload leads to this base, with the same scheme, host
// and port.
func (b Base) Owns(p Payload) bool { return b.host != "" && b.scheme == p.Scheme && b.host == p.Host }
