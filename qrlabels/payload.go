package qrlabels

import (
	"fmt"
	"strings"
	"unicode"
)

// maxScan bounds what ParsePayload looks at, in bytes.
const maxScan = 256

// Payload is what the symbol of a label says, whoever printed it. Ask
// Base.Owns whether it is one of ours.
type Payload struct {
	Code   Code
	Scheme string // "https", or "http" for a loopback host
	Host   string // lower case, with the port unless it is the scheme's own
}

// PayloadFault is why a scanned text is not a label's.
type PayloadFault string

// The faults of a scanned text. None of them is a reason to open the text.
const (
	PayloadTooLong   PayloadFault = "too-long"  // more than 256 bytes
	PayloadForeign   PayloadFault = "foreign"   // some other code: text, Wi-Fi, another scheme
	PayloadScript    PayloadFault = "script"    // javascript:, data: or vbscript:
	PayloadMalformed PayloadFault = "malformed" // a link that is broken
	PayloadDisguised PayloadFault = "disguised" // a link made to look like another: a user part, a backslash, a letter of another script in the host
	PayloadPath      PayloadFault = "path"      // a link, but not to a label
	PayloadAsset     PayloadFault = "asset"     // a GS1 Digital Link to something else than a label, or with a wrong check digit
	PayloadCode      PayloadFault = "code"      // a link to a label with a code that is none; Err is a *CodeError
)

// PayloadError says why a scanned text is not a label's. Its text does not
// repeat the scanned one.
type PayloadError struct {
	Fault PayloadFault
	Err   error // the cause, if there is more to say
}

func (e *PayloadError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("scanned code is not a label (%s): %v", e.Fault, e.Err)
	}
	return fmt.Sprintf("scanned code is not a label (%s)", e.Fault)
}

// Unwrap gives the cause.
func (e *PayloadError) Unwrap() error { return e.Err }

// ParsePayload reads what a camera saw: SCHEME://HOST[:PORT]/B/CODE in upper or
// lower case and nothing around it, or a GS1 Digital Link of a bin, of any host. It
// is stricter than a browser: what it accepts, every browser understands in the
// same way. Its error is a *PayloadError.
func ParsePayload(s string) (Payload, error) {
	if len(s) > maxScan {
		return Payload{}, &PayloadError{Fault: PayloadTooLong}
	}
	scheme, rest, err := cutScheme(s)
	if err != nil {
		return Payload{}, err
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if disguised(authority) {
		return Payload{}, &PayloadError{Fault: PayloadDisguised}
	}
	host, err := origin(scheme, authority)
	if err != nil {
		return Payload{}, &PayloadError{Fault: PayloadMalformed, Err: err}
	}
	code, err := parsePath(scheme+"://"+host, path)
	if err != nil {
		return Payload{}, err
	}
	return Payload{Code: code, Scheme: scheme, Host: host}, nil
}

// parsePath reads what follows the host: /B/CODE, or else a Digital Link.
func parsePath(origin, path string) (Code, error) {
	if len(path) < len(pathBefore) || !strings.EqualFold(path[:len(pathBefore)], pathBefore) {
		return parseAssetLink(origin + path)
	}
	if strings.ContainsFunc(path[len(pathBefore):], notInSegment) {
		return Code{}, &PayloadError{Fault: PayloadPath}
	}
	code, err := ParseCode(path[len(pathBefore):])
	if err != nil {
		return Code{}, &PayloadError{Fault: PayloadCode, Err: err}
	}
	return code, nil
}

// cutScheme splits https:// or http:// off and returns the scheme in lower case.
func cutScheme(s string) (scheme, rest string, err error) {
	scheme, rest, found := strings.Cut(s, ":")
	// Browsers skip white space and control characters in front of a scheme and
	// inside it, so that they must not hide one here.
	scheme = strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, scheme))
	switch {
	case found && (scheme == "javascript" || scheme == "data" || scheme == "vbscript"):
		return "", "", &PayloadError{Fault: PayloadScript}
	case !found || (scheme != "https" && scheme != "http"):
		return "", "", &PayloadError{Fault: PayloadForeign}
	case !strings.EqualFold(s[:len(s)-len(rest)], scheme+":") || !strings.HasPrefix(rest, "//"):
		return "", "", &PayloadError{Fault: PayloadMalformed}
	}
	return scheme, rest[2:], nil
}

// notInSegment reports the characters that end a segment of a path, or that
// browsers would write differently.
func notInSegment(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("/?#%\\", r)
}

// disguised reports whether the part between the slashes would be read
// differently by a person, or by a lax parser, than by a browser.
func disguised(authority string) bool {
	for _, r := range authority {
		if r == '@' || r == '\\' || r == '%' || r > unicode.MaxASCII {
			return true
		}
	}
	return false
}
