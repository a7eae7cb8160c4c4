package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ricircolo/ricircolo/internal/store"
)

var queryTests = []test{
	{"OrderIsByBytes", testByteOrder},
	{"SeveralKeysInOneIndex", testMultiValued},
	{"PagingUnderInserts", testPagingUnderInserts},
	{"PagingThroughEqualValues", testEqualValues},
	{"ChangedIsWhatAPollerNeeds", testPolling},
	{"HostileTextIsText", testHostileText},
	{"TheLargestLimit", testLargestLimit},
}

// inOrder are texts in the order of their bytes, which is neither that of
// UTF-16 (where U+FFFF comes after U+10000) nor that of any language.
var inOrder = []string{
	"\x01", " ", "!", "'", "$a", "%", "0", "1", "10", "2", "A", "B", "Z", "_", "a", "a\x01", "a!", "aa", "b", "z",
	"\x7f", "\u0080", "\u00ff", "ß", "à", "ĳ", "\u0301", "\u200d", "\ud7ff", "\ue000", "\ufeff", "\uffff", "\U00010000", "\U0001F5D1", "\U0010ffff",
}

func testByteOrder(t *testing.T, s store.Store) {
	want := slices.Sorted(slices.Values(inOrder))
	mustUpdate(t, s, func(tx store.Tx) error {
		for i := range want {
			id := want[(i*17)%len(want)] // in another order than theirs
			if err := tx.Put(doc(id, `{}`, key("name", id))); err != nil {
				return err
			}
			if err := tx.Put(store.Document{Kind: store.Kind(id), ID: "x", Body: []byte(`{}`)}); err != nil {
				return err
			}
		}
		return sameOrder(tx, want)
	})
	mustView(t, s, func(r store.Reader) error { return sameOrder(r, want) })
}

func sameOrder(r store.Reader, want []string) error {
	down := slices.Clone(want)
	slices.Reverse(down)
	for _, index := range []string{"", "name"} {
		for _, descending := range []bool{false, true} {
			hits, err := r.Find(store.Query{Kind: "bin", Index: index, Descending: descending, Limit: 100})
			if err != nil {
				return err
			}
			got, expected := hitValues(hits), want
			if descending {
				expected = down
			}
			if !slices.Equal(got, expected) {
				return fmt.Errorf("find by %q, descending %t: got %q, want %q", index, descending, got, expected)
			}
		}
	}
	all, err := r.Documents(store.Ref{}, store.MaxFind)
	if err != nil {
		return err
	}
	var kinds []string
	for _, d := range all {
		if d.Kind != "bin" {
			kinds = append(kinds, string(d.Kind))
		}
	}
	if !slices.Equal(kinds, want) {
		return fmt.Errorf("kinds: got %q, want %q", kinds, want)
	}
	return nil
}

func hitValues(hits []store.Hit) []string {
	found := make([]string, len(hits))
	for i, h := range hits {
		found[i] = h.Value
	}
	return found
}

func testMultiValued(t *testing.T, s store.Store) {
	mustPut(t, s,
		doc("b1", `{}`, key("tag", "y"), key("tag", "x"), key("other", "x")),
		doc("b2", `{}`, key("tag", "x"), key("tag", "z")))
	mustView(t, s, func(r store.Reader) error {
		hits, err := r.Find(store.Query{Kind: "bin", Index: "tag", Limit: 10})
		if err != nil {
			return err
		}
		var got []string
		for _, h := range hits {
			got = append(got, h.Value+h.Position.ID+h.Document.ID)
		}
		if want := []string{"xb1b1", "xb2b2", "yb1b1", "zb2b2"}; !slices.Equal(got, want) {
			return fmt.Errorf("got %q, want %q", got, want)
		}
		return nil
	})
}

func testPagingUnderInserts(t *testing.T, s store.Store) {
	for i := range 40 {
		id := fmt.Sprintf("old-%02d", i)
		mustPut(t, s, doc(id, `{}`, key("at", fmt.Sprintf("%02d", i*2))))
	}
	for _, q := range []store.Query{
		{Kind: "bin", Index: "at", Limit: 7},
		{Kind: "bin", Index: "at", Limit: 7, Descending: true},
		{Kind: "bin", Limit: 7},
		{Kind: "bin", Limit: 7, Descending: true},
	} {
		seen := make(map[string]int)
		for page := 0; ; page++ {
			var hits []store.Hit
			mustView(t, s, func(r store.Reader) (err error) { hits, err = r.Find(q); return err })
			for _, h := range hits {
				seen[h.Document.ID]++
			}
			if len(hits) < q.Limit {
				break
			}
			q.After = &hits[len(hits)-1].Position
			// Rows come in before and behind the place, and at it.
			for _, at := range []string{"00", q.After.Value, "99"} {
				mustPut(t, s, doc(fmt.Sprintf("new-%s-%d-%s", q.Index, page, at), `{}`, key("at", at)))
			}
		}
		for i := range 40 {
			if id := fmt.Sprintf("old-%02d", i); seen[id] != 1 {
				t.Errorf("query %+v: %s came %d times, want once", q, id, seen[id])
			}
		}
		for id, n := range seen {
			if n > 1 {
				t.Errorf("query %+v: %s came %d times", q, id, n)
			}
		}
	}
}

func testEqualValues(t *testing.T, s store.Store) {
	const n = 25
	mustUpdate(t, s, func(tx store.Tx) error {
		for i := range n {
			if err := tx.Put(doc(fmt.Sprintf("b%02d", i), `{}`, key("ward", "w"))); err != nil {
				return err
			}
		}
		return nil
	})
	for _, descending := range []bool{false, true} {
		q := store.Query{Kind: "bin", Index: "ward", From: "w", To: "x", Limit: 4, Descending: descending}
		seen := make(map[string]bool)
		for {
			var hits []store.Hit
			mustView(t, s, func(r store.Reader) (err error) { hits, err = r.Find(q); return err })
			for _, h := range hits {
				if seen[h.Document.ID] {
					t.Fatalf("%s came twice", h.Document.ID)
				}
				seen[h.Document.ID] = true
			}
			if len(hits) < q.Limit {
				break
			}
			q.After = &hits[len(hits)-1].Position
		}
		if len(seen) != n {
			t.Errorf("descending %t: got %d documents, want %d", descending, len(seen), n)
		}
	}
}

func testPolling(t *testing.T, s store.Store) {
	change := func(entryID string, ids ...string) {
		mustUpdate(t, s, func(tx store.Tx) error {
			if _, err := tx.Append(entry(entryID)); err != nil {
				return err
			}
			for _, id := range ids {
				if err := tx.Put(doc(id, fmt.Sprintf(`{"by":%q}`, entryID))); err != nil {
					return err
				}
			}
			return tx.Put(store.Document{Kind: "other", ID: "x", Body: []byte(`{}`)})
		})
	}
	mirror := make(map[string]string)
	var after store.SeqPosition
	poll := func() {
		for more := true; more; {
			mustView(t, s, func(r store.Reader) error {
				docs, err := r.Changed("bin", after, 2)
				for _, d := range docs {
					mirror[d.ID] = string(d.Body)
					after = store.SeqPosition{Seq: d.Seq, ID: d.ID}
				}
				more = len(docs) > 0
				return err
			})
		}
	}
	change("e1", "c", "a", "b")
	poll()
	change("e2", "a", "d")
	change("e3", "c")
	poll()
	want := map[string]string{"a": `{"by":"e2"}`, "b": `{"by":"e1"}`, "c": `{"by":"e3"}`, "d": `{"by":"e2"}`}
	for id, body := range want {
		if mirror[id] != body {
			t.Errorf("%s: got %s, want %s", id, mirror[id], body)
		}
	}
	if len(mirror) != len(want) {
		t.Errorf("got %d documents, want %d", len(mirror), len(want))
	}
}

func testHostileText(t *testing.T, s store.Store) {
	hostile := []string{
		`' OR 1=1 --`, `"; DROP TABLE documents; --`, `$where`, `{"$ne":""}`, `hospital.$[]`, `a.b`, `.`, `..`, `/`, `\`,
		`%`, `_%`, `*`, `?`, `[a-z]`, "\n", "\r\n", "\t", `=1+1`, `<script>`, `null`, `true`, `NaN`, "\u202e", "\ufeff",
	}
	mustUpdate(t, s, func(tx store.Tx) error {
		for _, text := range hostile {
			d := store.Document{Kind: store.Kind(text), ID: text, Body: []byte(`{}`), Keys: []store.Key{key(text, text)}}
			if err := tx.Put(d); err != nil {
				return fmt.Errorf("%q: %w", text, err)
			}
			if _, err := tx.Append(entry(text)); err != nil {
				return fmt.Errorf("%q: %w", text, err)
			}
		}
		return nil
	})
	mustView(t, s, func(r store.Reader) error {
		for _, text := range hostile {
			if err := wantBody(r, store.Kind(text), text, `{}`); err != nil {
				return err
			}
			hits, err := r.Find(store.Query{Kind: store.Kind(text), Index: text, From: text, Limit: 9})
			if err != nil || len(hits) != 1 || hits[0].Value != text {
				return fmt.Errorf("find %q: got %v, %v, want it alone", text, hits, err)
			}
			if _, err := r.Entry(text); err != nil {
				return err
			}
		}
		return nil
	})
}

func testLargestLimit(t *testing.T, s store.Store) {
	mustUpdate(t, s, func(tx store.Tx) error {
		for i := range store.MaxFind + 5 {
			if _, err := tx.Append(entry(fmt.Sprintf("e%04d", i))); err != nil {
				return err
			}
			if err := tx.Put(doc(fmt.Sprintf("b%04d", i), `{}`, key("all", ""))); err != nil {
				return err
			}
		}
		return nil
	})
	mustView(t, s, func(r store.Reader) error {
		hits, err := r.Find(store.Query{Kind: "bin", Index: "all", Limit: store.MaxFind})
		if err != nil || len(hits) != store.MaxFind {
			return fmt.Errorf("find: got %d, %v, want %d", len(hits), err, store.MaxFind)
		}
		records, err := r.Entries(0, store.MaxFind)
		if err != nil || len(records) != store.MaxFind {
			return fmt.Errorf("entries: got %d, %v, want %d", len(records), err, store.MaxFind)
		}
		return nil
	})
}
