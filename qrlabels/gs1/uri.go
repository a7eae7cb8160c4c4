package gs1

import (
	"encoding/hex"
	"strings"
)

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

	// unreserved are the characters that are never percent-encoded (RFC 3986).
	unreserved = letters + digits + "-._~"

	// stemCharacters are those that a stem may have, and uriCharacters a URI.
	stemCharacters = unreserved + ":/[]@!$&'()*+,;=%"
	uriCharacters  = stemCharacters + "?#"

	// domainCharacters are those that a domain may have: names, ports, and
	// addresses of any form. To look closer is a browser's business.
	domainCharacters = letters + digits + "-.:[]"
)

// ParseLink reads a Digital Link URI of any domain. Parameters of the query whose
// names are not digits, and the fragment, are not GS1's and left out. Its error
// is an *Error.
func ParseLink(uri string) (Link, error) { return Permit{}.ParseLink(uri) }

// ParseLink is as the function, but accepts what p permits.
func (p Permit) ParseLink(uri string) (Link, error) {
	if len(uri) > maxInput {
		return Link{}, &Error{Fault: FaultTooLong, Part: "link"}
	}
	if i := outside(uri, uriCharacters); i >= 0 {
		return Link{}, &Error{Fault: FaultCharacter, Part: "link", Position: i + 1}
	}
	uri, _, _ = strings.Cut(uri, "#")
	uri, query, _ := strings.Cut(uri, "?")
	origin, path, err := cutOrigin(uri)
	if err != nil {
		return Link{}, err
	}
	prefix, elements, err := p.parsePath(path)
	if err != nil {
		return Link{}, err
	}
	attributes, err := p.parseQuery(query)
	if err != nil {
		return Link{}, err
	}
	link := Link{stem: origin + prefix, key: elements[0], qualifiers: elements[1:], attributes: attributes}
	if err := p.checkLink(link); err != nil {
		return Link{}, err
	}
	return link, nil
}

// cutOrigin splits a URI without a query behind the domain: into https://HOST, and
// the path with its slash.
func cutOrigin(uri string) (origin, path string, err error) {
	scheme, rest, _ := strings.Cut(uri, "://")
	switch scheme {
	case "https", "HTTPS", "http", "HTTP":
	default:
		return "", "", &Error{Fault: FaultScheme, Part: "scheme"}
	}
	domain, _, _ := strings.Cut(rest, "/")
	if domain == "" || outside(domain, domainCharacters) >= 0 {
		return "", "", &Error{Fault: FaultDomain, Part: "domain"}
	}
	return scheme + "://" + domain, rest[len(domain):], nil
}

// checkStem refuses what no link can begin with.
func checkStem(stem string) error {
	if i := outside(stem, stemCharacters); i >= 0 {
		return &Error{Fault: FaultCharacter, Part: "stem", Position: i + 1}
	}
	_, _, err := cutOrigin(stem)
	return err
}

// parsePath reads the path of a link. The key is the last segment that can be
// one, counted in pairs from the end; what is in front of it belongs to the stem.
func (p Permit) parsePath(path string) (prefix string, elements Elements, err error) {
	segments := strings.Split(path, "/")
	start := p.keySegment(segments)
	if start < 0 {
		return "", nil, &Error{Fault: FaultNoKey, Part: "path"}
	}
	for i := start; i < len(segments); i += 2 {
		ai := p.aiOfName(segments[i])
		value, ok := unescape(segments[i+1])
		if !ok {
			return "", nil, &Error{Fault: FaultEscape, AI: ai, Part: "path"}
		}
		e, err := p.linkElement(ai, value)
		if err != nil {
			return "", nil, err
		}
		elements = append(elements, e)
	}
	return strings.Join(segments[:start], "/"), elements, nil
}

// keySegment is the place of the segment that names the primary key, or -1.
func (p Permit) keySegment(segments []string) int {
	// The first segment is what is in front of the first slash, and empty.
	for i := len(segments) - 2; i > 0; i -= 2 {
		e, found := p.lookup(p.aiOfName(segments[i]))
		if !found {
			break
		}
		if e.isKey() {
			return i
		}
	}
	return -1
}

// parseQuery reads the data attributes of a link.
func (p Permit) parseQuery(query string) (Elements, error) {
	var attributes Elements
	for parameter := range strings.SplitSeq(query, "&") {
		ai, text, found := strings.Cut(parameter, "=")
		if !found || ai == "" || outside(ai, digits) >= 0 {
			continue
		}
		// In a query, + is a space, which no value may have.
		value, ok := unescape(strings.ReplaceAll(text, "+", " "))
		if !ok {
			return nil, &Error{Fault: FaultEscape, AI: shownAI(ai), Part: "query"}
		}
		e, err := p.linkElement(ai, value)
		if err != nil {
			return nil, err
		}
		attributes = append(attributes, e)
	}
	return attributes, nil
}

// escape percent-encodes everything but the unreserved characters.
func escape(value string) string {
	const upper = "0123456789ABCDEF"
	var text strings.Builder
	for i := range len(value) {
		if c := value[i]; strings.IndexByte(unreserved, c) >= 0 {
			text.WriteByte(c)
		} else {
			text.Write([]byte{'%', upper[c>>4], upper[c&15]})
		}
	}
	return text.String()
}

// unescape undoes percent-encoding, and reports whether it was sound. Unlike the
// Syntax Engine it does not take a % without two hexadecimal digits behind it for
// a character of the value: nobody can know which of the two was meant.
func unescape(text string) (value string, ok bool) {
	plain, rest, found := strings.Cut(text, "%")
	value = plain
	for found {
		if len(rest) < 2 {
			return "", false
		}
		c, err := hex.DecodeString(rest[:2])
		if err != nil || c[0] == 0 {
			return "", false
		}
		plain, rest, found = strings.Cut(rest[2:], "%")
		value += string(c) + plain
	}
	return value, true
}
