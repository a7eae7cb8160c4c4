package gs1

import (
	"slices"
	"strings"
)

// canonicalStem is the stem of canonical links: GS1's own resolver.
const canonicalStem = "https://id.gs1.org"

// Link is a Digital Link: what a URI such as
// https://example.com/01/09521234000013/21/ABC?17=271231 says. The zero Link says
// nothing.
type Link struct {
	stem       string
	key        Element
	qualifiers Elements
	attributes Elements
}

// NewLink makes the link that elements stand for, in any order. The first one that
// may be a primary key is the key, what can be its qualifiers becomes that, and
// the others become data attributes. Elements that are there twice count once.
// Its error is an *Error.
func NewLink(elements Elements) (Link, error) { return Permit{}.NewLink(elements) }

// NewLink is as the function, but accepts what p permits.
func (p Permit) NewLink(elements Elements) (Link, error) {
	if len(elements) > maxElements {
		return Link{}, &Error{Fault: FaultTooLong, Part: "elements"}
	}
	for _, e := range elements {
		if _, err := p.element(e.AI, e.Value); err != nil {
			return Link{}, err
		}
	}
	rest, err := elements.distinct()
	if err != nil {
		return Link{}, err
	}
	first := slices.IndexFunc(rest, func(e Element) bool {
		row, _ := lookup(e.AI)
		return row.isKey()
	})
	if first < 0 {
		return Link{}, &Error{Fault: FaultNoKey, Part: "elements"}
	}
	link := Link{stem: canonicalStem, key: rest[first]}
	link.qualifiers, link.attributes = arrange(link.key, slices.Delete(rest, first, first+1))
	if err := p.checkLink(link); err != nil {
		return Link{}, err
	}
	return link, nil
}

// arrange splits elements into the qualifiers of a key, in their order, and data
// attributes. Of the alternatives it takes the one that most elements fit, and of
// equals the first. Attributes of predefined length come first, as in barcodes.
func arrange(key Element, elements Elements) (qualifiers, attributes Elements) {
	row, _ := lookup(key.AI)
	var order []string
	for _, alternative := range row.qualifiers() {
		fitting := slices.DeleteFunc(alternative, func(ai string) bool {
			_, found := elements.Value(ai)
			return !found
		})
		if len(fitting) > len(order) {
			order = fitting
		}
	}
	for _, ai := range order {
		value, _ := elements.Value(ai)
		qualifiers = append(qualifiers, Element{ai, value})
	}
	var separated Elements
	for _, e := range elements {
		switch {
		case slices.Contains(order, e.AI):
		case needsSeparator(e.AI):
			separated = append(separated, e)
		default:
			attributes = append(attributes, e)
		}
	}
	return qualifiers, append(attributes, separated...)
}

// checkLink refuses a link whose parts do not belong together. Each value has
// been checked before.
func (p Permit) checkLink(l Link) error {
	row, _ := lookup(l.key.AI)
	alternatives, path := row.qualifiers(), l.qualifiers.ais()
	fits := func(alternative []string) bool { return inOrder(path, alternative) }
	if len(path) > 0 && !slices.ContainsFunc(alternatives, fits) {
		return &Error{Fault: FaultQualifier, AI: l.key.AI, Part: "path"}
	}
	seen := append([]string{l.key.AI}, path...)
	for _, ai := range l.attributes.ais() {
		attribute, _ := p.lookup(ai)
		switch {
		case slices.Contains(seen, ai):
			return &Error{Fault: FaultDuplicate, AI: ai, Part: "query"}
		case !attribute.isAttribute():
			return &Error{Fault: FaultAttribute, AI: ai, Part: "query"}
		case slices.ContainsFunc(alternatives, func(a []string) bool { return fits(a) && slices.Contains(a, ai) }):
			return &Error{Fault: FaultMisplaced, AI: ai, Part: "query"}
		}
		seen = append(seen, ai)
	}
	switch {
	case len(seen) > maxElements:
		return &Error{Fault: FaultTooLong, Part: "elements"}
	case len(l.String()) > maxInput:
		return &Error{Fault: FaultTooLong, Part: "link"}
	}
	return p.checkPairings(seen)
}

// checkPairings refuses AIs without those that they need or with those that they
// exclude. An AI does not exclude itself, even if it matches the pattern.
func (p Permit) checkPairings(ais []string) error {
	if p.AnyPairing {
		return nil
	}
	for i, ai := range ais {
		row, _ := p.lookup(ai)
		others := slices.Concat(ais[:i], ais[i+1:])
		switch {
		case !row.satisfied(others):
			return &Error{Fault: FaultMissing, AI: ai, Part: "elements"}
		case row.excludes(others):
			return &Error{Fault: FaultExcluded, AI: ai, Part: "elements"}
		}
	}
	return nil
}

// inOrder reports whether some AIs are in a sequence, in the same order.
func inOrder(some, sequence []string) bool {
	for _, ai := range some {
		at := slices.Index(sequence, ai)
		if at < 0 {
			return false
		}
		sequence = sequence[at+1:]
	}
	return true
}

// Key is the primary key.
func (l Link) Key() Element { return l.key }

// Qualifiers are the elements behind the key in the path.
func (l Link) Qualifiers() Elements { return slices.Clone(l.qualifiers) }

// Attributes are the data attributes of the query.
func (l Link) Attributes() Elements { return slices.Clone(l.attributes) }

// Elements are the key, the qualifiers and the attributes.
func (l Link) Elements() Elements {
	if l.IsZero() {
		return nil
	}
	return slices.Concat(Elements{l.key}, l.qualifiers, l.attributes)
}

// Stem is what was in front of the key when the link was read, such as
// https://example.com/shop. It is https://id.gs1.org for a link that was made.
func (l Link) Stem() string { return l.stem }

// IsZero reports whether l is the zero Link.
func (l Link) IsZero() bool { return l.key == Element{} }

// String is the canonical URI: under https://id.gs1.org, with every number in
// full length and everything but letters, digits and -._~ percent-encoded. It is
// empty for the zero Link.
func (l Link) String() string {
	if l.IsZero() {
		return ""
	}
	return l.under(canonicalStem)
}

// Under is the URI under another stem, such as https://example.com/shop. Its
// error is an *Error.
func (l Link) Under(stem string) (string, error) {
	stem = strings.TrimSuffix(stem, "/")
	if err := checkStem(stem); err != nil {
		return "", err
	}
	if l.IsZero() {
		return "", &Error{Fault: FaultNoKey, Part: "link"}
	}
	uri := l.under(stem)
	if len(uri) > maxInput {
		return "", &Error{Fault: FaultTooLong, Part: "link"}
	}
	return uri, nil
}

// under writes the URI.
func (l Link) under(stem string) string {
	var uri strings.Builder
	uri.WriteString(stem)
	for _, e := range append(Elements{l.key}, l.qualifiers...) {
		uri.WriteString("/" + e.AI + "/" + escape(e.Value))
	}
	separator := "?"
	for _, e := range l.attributes {
		uri.WriteString(separator + e.AI + "=" + escape(e.Value))
		separator = "&"
	}
	return uri.String()
}

// Constrained is the link that names the same thing in the only way that EPCIS
// events do: the key and the one qualifier that is finest, no others, no
// attributes, no stem of one's own. Hashes of events are computed over it.
func (l Link) Constrained() Link {
	if l.IsZero() {
		return Link{}
	}
	constrained := Link{stem: canonicalStem, key: l.key}
	for _, ai := range finest(l.key.AI) {
		if value, found := l.qualifiers.Value(ai); found {
			constrained.qualifiers = Elements{{ai, value}}
			break
		}
	}
	return constrained
}

// finest lists the qualifiers of a key that name something smaller, the smallest
// first. The other qualifiers (22, 7040, 8019) say more of the same thing.
func finest(key string) []string {
	switch key {
	case "01":
		return []string{"21", "235", "10"}
	case "8006":
		return []string{"21", "10"}
	case "414":
		return []string{"254"}
	case "415":
		return []string{"8020"}
	case "8010":
		return []string{"8011"}
	}
	return nil
}
