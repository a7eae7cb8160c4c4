package resttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// foreignKeys are what an attacker would like a server to take from a body.
var foreignKeys = []string{
	"lab", "labId", "tenant_id", "tenantId", "role", "seq", "version", "hash", "prev", "verified", "createdAt", "created_at",
	"recordedAt", "actor", "user", "admin", "_id", "$set", "__proto__",
}

// ForeignKeyVariants returns copies of a JSON body that no strict reader
// takes: with a key from outside in every object of the body, with every key
// twice, and with every key once more in another case. Keys in legitimate are
// not added.
func ForeignKeyVariants(tb testing.TB, good []byte, legitimate ...string) map[string][]byte {
	tb.Helper()
	variants := map[string][]byte{}
	for at, object := range objectsIn(tb, good) {
		insert := func(name, key, value string) {
			member := fmt.Sprintf("%q:%s", key, value)
			if len(object) > 0 {
				member += ","
			}
			body := slices.Concat(good[:at], []byte(member), good[at:])
			variants[fmt.Sprintf("%s %s at byte %d", name, key, at)] = body
		}
		for _, key := range foreignKeys {
			if _, present := object[key]; !present && !slices.Contains(legitimate, key) {
				insert("foreign key", key, `"x"`)
			}
		}
		for key, value := range object {
			insert("repeated key", key, string(value))
			insert("key in another case", strings.ToUpper(key[:1])+key[1:], string(value))
			insert("key in another case", strings.ToUpper(key), string(value))
		}
	}
	return variants
}

// objectsIn finds the objects of a JSON text: their members by the offset just
// behind the opening brace.
func objectsIn(tb testing.TB, text []byte) map[int]map[string]json.RawMessage {
	tb.Helper()
	found := map[int]map[string]json.RawMessage{}
	d := json.NewDecoder(bytes.NewReader(text))
	for d.More() || d.InputOffset() < int64(len(bytes.TrimSpace(text))) {
		token, err := d.Token()
		if err != nil {
			tb.Fatalf("not JSON: %v: %s", err, text)
		}
		if token != json.Delim('{') {
			continue
		}
		at := int(d.InputOffset())
		var members map[string]json.RawMessage
		if err := json.NewDecoder(bytes.NewReader(text[at-1:])).Decode(&members); err != nil {
			tb.Fatalf("not JSON: %v: %s", err, text)
		}
		found[at] = members
	}
	return found
}

// RefusesForeignKeys sends the variants of a good body and fails the test for
// each that is not answered with 400.
func (c *Client) RefusesForeignKeys(tb testing.TB, method, path string, good []byte, legitimate ...string) {
	tb.Helper()
	variants := ForeignKeyVariants(tb, good, legitimate...)
	for _, name := range slices.Sorted(maps.Keys(variants)) {
		if got := c.Do(tb, method, path, variants[name]); got.Status != http.StatusBadRequest {
			tb.Errorf("%s: got status %d, want 400: %s", name, got.Status, got.Body)
		}
	}
}
