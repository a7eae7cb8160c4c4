package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
)

var documentTests = []test{
	{"UnknownLabReadsAsEmpty", testUnknownLab},
	{"ReadYourWrites", testReadYourWrites},
	{"BodiesComeBackByteForByte", testBodies},
	{"TimesInBodiesKeepTheirMilliseconds", testTimes},
	{"IdsAreCaseSensitive", testCase},
	{"NoKeysAndEmptyKeysAreTheSame", testNoKeys},
	{"PutReplacesKeys", testPutReplacesKeys},
	{"SeqIsTheHeadAtPut", testDocumentSeq},
	{"Delete", testDelete},
	{"CallersOwnWhatTheyGetAndGive", testOwnership},
	{"LabsAreIsolated", testLabs},
}

func testUnknownLab(t *testing.T, s store.Store) {
	mustView(t, s, func(r store.Reader) error {
		seq, hash, err := r.Head()
		if err != nil || seq != 0 || hash != (store.Hash{}) {
			return fmt.Errorf("head: got %d %s %v, want zeros", seq, hash, err)
		}
		if _, err := r.Entry("e"); err == nil {
			return fmt.Errorf("entry of an unknown lab was found")
		}
		if err := Same(r, NewModel()); err != nil {
			return err
		}
		return wantMissing(r, "bin", "b")
	})
	if labs, err := s.Labs(t.Context()); err != nil || len(labs) != 0 {
		t.Errorf("Labs: got %v, %v, want none", labs, err)
	}
}

func testReadYourWrites(t *testing.T, s store.Store) {
	mustUpdate(t, s, func(tx store.Tx) error {
		if err := tx.Put(doc("b", `{"n":1}`, key("ward", "w1"))); err != nil {
			return err
		}
		if err := wantBody(tx, "bin", "b", `{"n":1}`); err != nil {
			return err
		}
		hits, err := tx.Find(store.Query{Kind: "bin", Index: "ward", Limit: 1})
		if err == nil && len(hits) != 1 {
			err = fmt.Errorf("find within the closure: got %d hits, want 1", len(hits))
		}
		return err
	})
	mustView(t, s, func(r store.Reader) error { return wantBody(r, "bin", "b", `{"n":1}`) })
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
}

// hostileBodies are JSON objects that an engine may be tempted to understand.
var hostileBodies = []string{
	`{}`,
	`{ "b" : 1 , "a" : [ ] }`,
	"{\n\t\"a\": 1\n}",
	`{"a":1,"a":2}`,
	`{"big":9223372036854775808,"small":-9223372036854775809,"float":1e400,"zero":-0,"exact":1.10}`,
	`{"$where":"sleep(1)","a.b":{"$ne":""},"$set":{"hospital.$[]":1},"_id":7}`,
	`{"sql":"'; DROP TABLE documents; --","quote":"\"","nul":"\u0000","slash":"\/","html":"<&>"}`,
	`{"text":"è 🗑 ` + "\u2028" + ` e\u0301 \ud800 ` + "\U0010ffff" + `"}`,
	`{"":{"":null}}`,
}

func testBodies(t *testing.T, s store.Store) {
	for i, body := range hostileBodies {
		mustPut(t, s, doc(fmt.Sprint(i), body))
	}
	mustView(t, s, func(r store.Reader) error {
		for i, body := range hostileBodies {
			if err := wantBody(r, "bin", fmt.Sprint(i), body); err != nil {
				return err
			}
		}
		return nil
	})
}

func testTimes(t *testing.T, s store.Store) {
	type weighing struct{ At time.Time }
	want := weighing{time.Date(2026, 3, 29, 1, 59, 59, 999_000_000, time.UTC)}
	body, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, doc("b", string(body)))
	mustView(t, s, func(r store.Reader) error {
		d, err := r.Get("bin", "b")
		if err != nil {
			return err
		}
		var got weighing
		if err := json.Unmarshal(d.Body, &got); err != nil {
			return err
		}
		if !got.At.Equal(want.At) || string(d.Body) != string(body) {
			return fmt.Errorf("got %s, want %s", d.Body, body)
		}
		return nil
	})
}

func testCase(t *testing.T, s store.Store) {
	same := []string{"bin", "Bin", "BIN", "bin ", " bin", "é", "e\u0301", "ß", "ss", "1", "01", "1.0"}
	for i, id := range same {
		mustPut(t, s, doc(id, fmt.Sprintf(`{"n":%d}`, i)))
		mustPut(t, s, store.Document{Kind: store.Kind(id), ID: "x", Body: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	mustView(t, s, func(r store.Reader) error {
		for i, id := range same {
			if err := wantBody(r, "bin", id, fmt.Sprintf(`{"n":%d}`, i)); err != nil {
				return err
			}
			if err := wantBody(r, store.Kind(id), "x", fmt.Sprintf(`{"n":%d}`, i)); id != "bin" && err != nil {
				return err
			}
		}
		return nil
	})
}

func testNoKeys(t *testing.T, s store.Store) {
	empty := doc("empty", `{}`)
	empty.Keys = []store.Key{}
	mustPut(t, s, doc("none", `{}`), empty)
	mustView(t, s, func(r store.Reader) error {
		for _, id := range []string{"none", "empty"} {
			if d, err := r.Get("bin", id); err != nil || len(d.Keys) != 0 {
				return fmt.Errorf("%s: got keys %v, %v, want none", id, d.Keys, err)
			}
		}
		return nil
	})
}

func testPutReplacesKeys(t *testing.T, s store.Store) {
	mustPut(t, s, doc("b", `{}`, key("ward", "w1"), key("open", "yes")))
	keys := []store.Key{key("ward", "w2"), key("open", "yes"), key("note", "")}
	mustPut(t, s, doc("b", `{}`, keys...))
	mustView(t, s, func(r store.Reader) error {
		d, err := r.Get("bin", "b")
		if err != nil || !slices.Equal(d.Keys, keys) {
			return fmt.Errorf("got keys %v, %v, want %v", d.Keys, err, keys)
		}
		for _, want := range []struct {
			index string
			hits  int
			first string
		}{{"ward", 1, "w2"}, {"open", 1, "yes"}, {"note", 1, ""}, {"other", 0, ""}} {
			hits, err := r.Find(store.Query{Kind: "bin", Index: want.index, Limit: 5})
			if err != nil || len(hits) != want.hits || want.hits > 0 && hits[0].Value != want.first {
				return fmt.Errorf("find %s: got %v, %v, want %d with %q", want.index, hits, err, want.hits, want.first)
			}
		}
		return nil
	})
}

func testDocumentSeq(t *testing.T, s store.Store) {
	mustUpdate(t, s, func(tx store.Tx) error {
		d := doc("before", `{}`)
		d.Seq = 99 // set by the store, whatever is given
		if err := tx.Put(d); err != nil {
			return err
		}
		for _, e := range []string{"e1", "e2"} {
			if _, err := tx.Append(entry(e)); err != nil {
				return err
			}
		}
		return tx.Put(doc("after", `{}`))
	})
	mustPut(t, s, doc("later", `{}`))
	mustView(t, s, func(r store.Reader) error {
		for id, want := range map[string]store.Seq{"before": 0, "after": 2, "later": 2} {
			if d, err := r.Get("bin", id); err != nil || d.Seq != want {
				return fmt.Errorf("%s: got number %d, %v, want %d", id, d.Seq, err, want)
			}
		}
		return nil
	})
}

func testDelete(t *testing.T, s store.Store) {
	mustPut(t, s, doc("gone", `{"old":1}`, key("ward", "w1")), doc("kept", `{}`, key("ward", "w1")))
	mustUpdate(t, s, func(tx store.Tx) error {
		if err := tx.Delete("bin", "gone"); err != nil {
			return err
		}
		if err := wantMissing(tx, "bin", "gone"); err != nil {
			return err
		}
		if err := tx.Delete("bin", "gone"); err == nil {
			return fmt.Errorf("second delete: got nil, want ErrNotFound")
		}
		if err := tx.Put(doc("brief", `{}`, key("ward", "w1"))); err != nil {
			return err
		}
		return tx.Delete("bin", "brief")
	})
	err := s.Update(t.Context(), lab, func(tx store.Tx) error { return tx.Delete("bin", "never") })
	wantError(t, "Delete of a document that is not there", err, store.ErrNotFound)
	mustView(t, s, func(r store.Reader) error {
		hits, err := r.Find(store.Query{Kind: "bin", Index: "ward", Limit: 5})
		if err != nil || len(hits) != 1 || hits[0].Document.ID != "kept" {
			return fmt.Errorf("find: got %v, %v, want kept alone", hits, err)
		}
		return wantMissing(r, "bin", "gone")
	})
	mustPut(t, s, doc("gone", `{"new":1}`))
	mustView(t, s, func(r store.Reader) error { return wantBody(r, "bin", "gone", `{"new":1}`) })
}

func testOwnership(t *testing.T, s store.Store) {
	spoil := func(d store.Document) {
		copy(d.Body, "XXXXXXX")
		for i := range d.Keys {
			d.Keys[i] = key("spoilt", "spoilt")
		}
	}
	mustUpdate(t, s, func(tx store.Tx) error {
		d := doc("b", `{"n":1}`, key("ward", "w1"))
		if err := tx.Put(d); err != nil {
			return err
		}
		spoil(d)
		e := entry("e")
		if _, err := tx.Append(e); err != nil {
			return err
		}
		copy(e.Content, "XXXX")
		return nil
	})
	for range 2 {
		mustUpdate(t, s, func(tx store.Tx) error {
			d, err := tx.Get("bin", "b")
			if err != nil {
				return err
			}
			spoil(d)
			hits, err := tx.Find(store.Query{Kind: "bin", Limit: 1})
			if err != nil {
				return err
			}
			spoil(hits[0].Document)
			rec, err := tx.Entry("e")
			copy(rec.Bytes, "XXXX")
			return err
		})
	}
	mustView(t, s, func(r store.Reader) error {
		if _, err := VerifyChain(r); err != nil {
			return err
		}
		d, err := r.Get("bin", "b")
		if err != nil || len(d.Keys) != 1 || d.Keys[0] != key("ward", "w1") {
			return fmt.Errorf("got keys %v, %v, want ward w1", d.Keys, err)
		}
		return wantBody(r, "bin", "b", `{"n":1}`)
	})
}

func testLabs(t *testing.T, s store.Store) {
	names := []store.LabID{"a", "B", "_identity", "é", "b", "a1"}
	for _, name := range names {
		err := s.Update(t.Context(), name, func(tx store.Tx) error {
			if seq, err := tx.Append(entry("e")); err != nil || seq != 1 {
				return fmt.Errorf("append: got %d, %v, want 1", seq, err)
			}
			return tx.Put(doc("b", fmt.Sprintf(`{"lab":%q}`, name), key("ward", "w")))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := s.Update(t.Context(), "failed", func(tx store.Tx) error {
		if err := tx.Put(doc("b", `{}`)); err != nil {
			return err
		}
		return errFail
	})
	wantError(t, "Update", err, errFail)
	for _, name := range names {
		err := s.View(t.Context(), name, func(r store.Reader) error {
			hits, err := r.Find(store.Query{Kind: "bin", Index: "ward", Limit: 10})
			if err != nil || len(hits) != 1 {
				return fmt.Errorf("find: got %d hits, %v, want 1", len(hits), err)
			}
			docs, err := r.Documents(store.Ref{}, 10)
			if err != nil || len(docs) != 1 {
				return fmt.Errorf("documents: got %d, %v, want 1", len(docs), err)
			}
			changed, err := r.Changed("bin", store.SeqPosition{}, 10)
			if err != nil || len(changed) != 1 {
				return fmt.Errorf("changed: got %d, %v, want 1", len(changed), err)
			}
			return wantBody(r, "bin", "b", fmt.Sprintf(`{"lab":%q}`, name))
		})
		if err != nil {
			t.Errorf("lab %s: %v", name, err)
		}
	}
	got, err := s.Labs(t.Context())
	slices.Sort(names)
	if err != nil || !slices.Equal(got, names) {
		t.Errorf("Labs: got %v, %v, want %v", got, err, names)
	}
}
