package staging

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ricircolo/ricircolo/internal/store"
)

// CheckLab says whether a lab's name keeps to the rules of the port.
func CheckLab(lab store.LabID) error { return checkName("lab id", string(lab)) }

func invalid(what, why string) error {
	return fmt.Errorf("%s %s: %w", what, why, store.ErrInvalid)
}

func tooLarge(what string, got, limit int) error {
	return fmt.Errorf("%s has %d, limit %d: %w", what, got, limit, store.ErrTooLarge)
}

// checkName checks ids, kinds, lab ids and the names of indices.
func checkName(what, s string) error {
	if s == "" {
		return invalid(what, "is empty")
	}
	return checkText(what, s, store.MaxIDBytes)
}

func checkText(what, s string, limit int) error {
	if len(s) > limit {
		return tooLarge("bytes of "+what, len(s), limit)
	}
	if !utf8.ValidString(s) {
		return invalid(what, "is not UTF-8")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return invalid(what, "has a NUL")
	}
	return nil
}

// checkObject checks a JSON object in UTF-8. White space around it is refused:
// it would not survive in a record, whose bytes are canonical.
func checkObject(what string, b []byte) error {
	if len(b) < 2 || b[0] != '{' || b[len(b)-1] != '}' {
		return invalid(what, "is not a JSON object")
	}
	if !json.Valid(b) || !utf8.Valid(b) {
		return invalid(what, "is not valid JSON")
	}
	return nil
}

func checkRef(kind store.Kind, id string) error {
	if err := checkName("kind", string(kind)); err != nil {
		return err
	}
	return checkName("document id", id)
}

func checkDocument(d store.Document) error {
	if err := checkRef(d.Kind, d.ID); err != nil {
		return err
	}
	if len(d.Body) > store.MaxBodyBytes {
		return tooLarge("bytes of document body", len(d.Body), store.MaxBodyBytes)
	}
	if err := checkObject("document body", d.Body); err != nil {
		return err
	}
	if len(d.Keys) > store.MaxKeys {
		return tooLarge("index keys", len(d.Keys), store.MaxKeys)
	}
	for i, k := range d.Keys {
		if err := checkName("index name", k.Index); err != nil {
			return err
		}
		if err := checkText("key value", k.Value, store.MaxKeyBytes); err != nil {
			return err
		}
		for _, other := range d.Keys[:i] {
			if k == other {
				return invalid("index key", "is there twice")
			}
		}
	}
	return nil
}

func checkEntry(e store.Entry) error {
	if err := checkName("entry id", e.ID); err != nil {
		return err
	}
	if n := len(e.Content) + len(e.Outcome); n > store.MaxEntryBytes {
		return tooLarge("bytes of entry", n, store.MaxEntryBytes)
	}
	if err := checkObject("entry content", e.Content); err != nil {
		return err
	}
	return checkObject("entry outcome", e.Outcome)
}

func checkLimit(limit int) error {
	if limit < 1 {
		return invalid("limit", "is below 1")
	}
	if limit > store.MaxFind {
		return tooLarge("limit", limit, store.MaxFind)
	}
	return nil
}

func checkQuery(q store.Query) error {
	if err := checkName("kind", string(q.Kind)); err != nil {
		return err
	}
	if q.Index != "" {
		if err := checkName("index name", q.Index); err != nil {
			return err
		}
	}
	bounds := [...]string{q.From, q.To, "", ""}
	if q.After != nil {
		bounds[2], bounds[3] = q.After.Value, q.After.ID
	}
	for _, b := range bounds {
		if err := checkText("bound of query", b, store.MaxKeyBytes); err != nil {
			return err
		}
	}
	return checkLimit(q.Limit)
}

// checkPosition checks the text of a place to go on behind, which may be
// empty: before everything.
func checkPosition(limit int, texts ...string) error {
	for _, s := range texts {
		if err := checkText("position", s, store.MaxIDBytes); err != nil {
			return err
		}
	}
	return checkLimit(limit)
}
