package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ricircolo/ricircolo/internal/store"
)

var limitTests = []test{
	{"LargeDocuments", testLargeDocuments},
	{"LargeEntries", testLargeEntries},
	{"BadDocuments", testBadDocuments},
	{"BadEntries", testBadEntries},
	{"BadReads", testBadReads},
	{"BadLabs", testBadLabs},
	{"ManyWritesInOneClosure", testManyWrites},
	{"LargeClosures", testLargeClosures},
	{"NeighboursOfALargeClosure", testLargeNeighbour},
}

// object is a JSON object of n bytes.
func object(n int) []byte {
	b := bytes.Repeat([]byte("x"), n)
	copy(b, `{"a":"`)
	copy(b[n-2:], `"}`)
	return b
}

func testLargeDocuments(t *testing.T, s store.Store) {
	d := doc("b", "", key("ward", strings.Repeat("w", store.MaxKeyBytes)))
	d.ID = strings.Repeat("i", store.MaxIDBytes)
	d.Body = object(store.MaxBodyBytes)
	for i := range store.MaxKeys - 1 {
		d.Keys = append(d.Keys, key("k", fmt.Sprint(i)))
	}
	mustPut(t, s, d)
	mustView(t, s, func(r store.Reader) error {
		got, err := r.Get("bin", d.ID)
		if err != nil || !bytes.Equal(got.Body, d.Body) || len(got.Keys) != store.MaxKeys {
			return fmt.Errorf("got %d bytes and %d keys, %v, want %d and %d", len(got.Body), len(got.Keys), err, len(d.Body), store.MaxKeys)
		}
		return nil
	})
	for what, spoil := range map[string]func(*store.Document){
		"body":  func(d *store.Document) { d.Body = object(store.MaxBodyBytes + 1) },
		"id":    func(d *store.Document) { d.ID += "i" },
		"kind":  func(d *store.Document) { d.Kind = store.Kind(strings.Repeat("k", store.MaxIDBytes+1)) },
		"keys":  func(d *store.Document) { d.Keys = append(d.Keys, key("one", "more")) },
		"value": func(d *store.Document) { d.Keys = []store.Key{key("k", strings.Repeat("w", store.MaxKeyBytes+1))} },
		"index": func(d *store.Document) { d.Keys = []store.Key{key(strings.Repeat("k", store.MaxIDBytes+1), "w")} },
	} {
		bad := d
		spoil(&bad)
		err := s.Update(t.Context(), lab, func(tx store.Tx) error { return tx.Put(bad) })
		wantError(t, "Put with a large "+what, err, store.ErrTooLarge)
	}
}

func testLargeEntries(t *testing.T, s store.Store) {
	e := store.Entry{ID: strings.Repeat("i", store.MaxIDBytes), Content: object(store.MaxEntryBytes - 100), Outcome: object(100)}
	mustAppend(t, s, e)
	mustView(t, s, func(r store.Reader) error {
		rec, err := r.Entry(e.ID)
		if err != nil || !bytes.Equal(rec.Entry.Content, e.Content) {
			return fmt.Errorf("got %d bytes, %v, want %d", len(rec.Entry.Content), err, len(e.Content))
		}
		_, err = VerifyChain(r)
		return err
	})
	for what, bad := range map[string]store.Entry{
		"content": {ID: "e", Content: object(store.MaxEntryBytes), Outcome: object(8)},
		"id":      {ID: e.ID + "i", Content: object(8), Outcome: object(8)},
	} {
		err := s.Update(t.Context(), lab, func(tx store.Tx) error { _, err := tx.Append(bad); return err })
		wantError(t, "Append with a large "+what, err, store.ErrTooLarge)
	}
}

// badText is refused wherever a name is wanted.
var badText = []string{"", "\x00", "a\x00b", "\xff", "a\xc0\x80", "\xed\xa0\x80"}

// badObjects are no JSON objects.
var badObjects = []string{
	"", "null", "1", `"a"`, "[]", "{", "}", `{"a"}`, `{'a':1}`, `{"a":1,}`, `{"a":01}`, `{"a":NaN}`, `{"a":"` + "\n" + `"}`,
	" {}", "{} ", "{}{}", "{}\n", "\ufeff{}", `{"a":"` + "\xff" + `"}`, `{"a":"` + "\x00" + `"}`, "{} //{}",
}

func testBadDocuments(t *testing.T, s store.Store) {
	bad := []store.Document{{Kind: "bin", ID: "b", Body: nil}}
	for _, body := range badObjects {
		bad = append(bad, doc("b", body))
	}
	for _, text := range badText {
		bad = append(bad, doc(text, `{}`), doc("b", `{}`, key(text, "w")),
			store.Document{Kind: store.Kind(text), ID: "b", Body: []byte(`{}`)})
		if text != "" { // a key may have an empty value
			bad = append(bad, doc("b", `{}`, key("k", text)))
		}
	}
	bad = append(bad, doc("b", `{}`, key("k", "w"), key("j", "w"), key("k", "w")))
	for _, d := range bad {
		err := s.Update(t.Context(), lab, func(tx store.Tx) error { return tx.Put(d) })
		wantError(t, fmt.Sprintf("Put %+v with body %q", d, d.Body), err, store.ErrInvalid)
	}
	// A refused call does not spoil the closure.
	mustUpdate(t, s, func(tx store.Tx) error {
		if err := tx.Put(bad[0]); err == nil {
			return fmt.Errorf("put without a body: got nil, want an error")
		}
		return tx.Put(doc("good", `{}`))
	})
	mustView(t, s, func(r store.Reader) error {
		docs, err := r.Documents(store.Ref{}, 10)
		if err != nil || len(docs) != 1 {
			return fmt.Errorf("got %v, %v, want the good document alone", docs, err)
		}
		return nil
	})
}

func testBadEntries(t *testing.T, s store.Store) {
	good := []byte(`{}`)
	bad := []store.Entry{{ID: "e", Content: nil, Outcome: good}, {ID: "e", Content: good, Outcome: nil}}
	for _, b := range badObjects {
		bad = append(bad, store.Entry{ID: "e", Content: []byte(b), Outcome: good}, store.Entry{ID: "e", Content: good, Outcome: []byte(b)})
	}
	for _, text := range badText {
		bad = append(bad, store.Entry{ID: text, Content: good, Outcome: good})
	}
	for _, e := range bad {
		err := s.Update(t.Context(), lab, func(tx store.Tx) error { _, err := tx.Append(e); return err })
		wantError(t, fmt.Sprintf("Append %q with %q, %q", e.ID, e.Content, e.Outcome), err, store.ErrInvalid)
	}
	mustView(t, s, func(r store.Reader) error {
		known, err := VerifyChain(r)
		if err == nil && len(known) != 0 {
			err = fmt.Errorf("got entries %q, want none", known)
		}
		return err
	})
}

func testBadReads(t *testing.T, s store.Store) {
	mustPut(t, s, doc("b", `{}`))
	check := func(r store.Reader) error {
		type read struct {
			name string
			call func() error
			want error
		}
		find := func(q store.Query) func() error { return func() error { _, err := r.Find(q); return err } }
		reads := []read{
			{"Find without a limit", find(store.Query{Kind: "bin"}), store.ErrInvalid},
			{"Find with a negative limit", find(store.Query{Kind: "bin", Limit: -1}), store.ErrInvalid},
			{"Find with a large limit", find(store.Query{Kind: "bin", Limit: store.MaxFind + 1}), store.ErrTooLarge},
			{"Changed without a limit", func() error { _, err := r.Changed("bin", store.SeqPosition{}, 0); return err }, store.ErrInvalid},
			{"Documents without a limit", func() error { _, err := r.Documents(store.Ref{}, 0); return err }, store.ErrInvalid},
			{"Entries without a limit", func() error { _, err := r.Entries(0, 0); return err }, store.ErrInvalid},
			{"Entries with a large limit", func() error { _, err := r.Entries(0, store.MaxFind+1); return err }, store.ErrTooLarge},
		}
		for _, text := range badText {
			reads = append(reads,
				read{"Get by id", func() error { _, err := r.Get("bin", text); return err }, store.ErrInvalid},
				read{"Get by kind", func() error { _, err := r.Get(store.Kind(text), "b"); return err }, store.ErrInvalid},
				read{"Find by kind", find(store.Query{Kind: store.Kind(text), Limit: 1}), store.ErrInvalid},
				read{"Entry", func() error { _, err := r.Entry(text); return err }, store.ErrInvalid})
			if text == "" {
				continue
			}
			reads = append(reads,
				read{"Find by index", find(store.Query{Kind: "bin", Index: text, Limit: 1}), store.ErrInvalid},
				read{"Find from", find(store.Query{Kind: "bin", From: text, Limit: 1}), store.ErrInvalid},
				read{"Find to", find(store.Query{Kind: "bin", To: text, Limit: 1}), store.ErrInvalid},
				read{"Find after", find(store.Query{Kind: "bin", After: &store.Position{Value: text}, Limit: 1}), store.ErrInvalid})
		}
		for _, rd := range reads {
			wantError(t, rd.name, rd.call(), rd.want)
		}
		return nil
	}
	mustView(t, s, check)
	mustUpdate(t, s, func(tx store.Tx) error { return check(tx) })
}

func testBadLabs(t *testing.T, s store.Store) {
	for _, text := range badText {
		name := store.LabID(text)
		wantError(t, fmt.Sprintf("Update of lab %q", text), s.Update(t.Context(), name, func(store.Tx) error { return nil }), store.ErrInvalid)
		wantError(t, fmt.Sprintf("View of lab %q", text), s.View(t.Context(), name, func(store.Reader) error { return nil }), store.ErrInvalid)
	}
	long := store.LabID(strings.Repeat("l", store.MaxIDBytes))
	if err := s.Update(t.Context(), long, func(tx store.Tx) error { return tx.Put(doc("b", `{}`)) }); err != nil {
		t.Errorf("Update of a lab with the longest name: %v", err)
	}
	wantError(t, "Update of a lab with a longer name", s.Update(t.Context(), long+"l", func(store.Tx) error { return nil }), store.ErrTooLarge)
}

func testManyWrites(t *testing.T, s store.Store) {
	const n = 3000
	mustUpdate(t, s, func(tx store.Tx) error {
		for i := range n {
			if _, err := tx.Append(entry(fmt.Sprint("e", i))); err != nil {
				return err
			}
			if err := tx.Put(doc(fmt.Sprint("b", i), `{}`, key("n", fmt.Sprint(i%10)))); err != nil {
				return err
			}
		}
		return nil
	})
	mustView(t, s, func(r store.Reader) error {
		known, err := VerifyChain(r)
		if err == nil && len(known) != n {
			err = fmt.Errorf("got %d entries, want %d", len(known), n)
		}
		if err != nil {
			return err
		}
		return wantBody(r, "bin", fmt.Sprint("b", n-1), `{}`)
	})
}

// largeClosures fill closures to the limit, in ways that an engine may not like.
func largeClosures() map[string]func(store.Tx) error {
	const overhead = 256
	fill := func(size, limit int, write func(i int) error) error {
		for i := range store.MaxUpdateBytes / (size + overhead + limit) {
			if err := write(i); err != nil {
				return err
			}
		}
		return nil
	}
	return map[string]func(store.Tx) error{
		"large documents": func(tx store.Tx) error {
			return fill(len(largeBody), 4, func(i int) error { return tx.Put(store.Document{Kind: "l", ID: fmt.Sprint(i), Body: largeBody}) })
		},
		"small numbers": func(tx store.Tx) error {
			return fill(len(numbersBody), 8, func(i int) error {
				return tx.Put(store.Document{Kind: "n", ID: fmt.Sprintf("%06d", i), Body: numbersBody})
			})
		},
		"entries": func(tx store.Tx) error {
			return fill(store.MaxEntryBytes, 200, func(i int) error {
				_, err := tx.Append(store.Entry{ID: fmt.Sprintf("%06d", i), Content: object(store.MaxEntryBytes - 100), Outcome: object(100)})
				return err
			})
		},
	}
}

var (
	largeBody   = object(store.MaxBodyBytes - 260)
	numbersBody = numbers(7000)
)

// numbers is an object of small numbers, which grow where an integer takes
// eight bytes.
func numbers(n int) []byte {
	b := []byte("{")
	for i := range n {
		b = fmt.Appendf(b, `"%c%c%c":1,`, 'a'+i/676, 'a'+i/26%26, 'a'+i%26)
	}
	b[len(b)-1] = '}'
	return b
}

func testLargeClosures(t *testing.T, s store.Store) {
	var all errgroup.Group
	for what, fill := range largeClosures() {
		all.Go(func() error {
			for range 2 { // the second time they replace what is there
				if err := s.Update(t.Context(), lab, fill); err != nil && !errors.Is(err, store.ErrDuplicate) {
					return fmt.Errorf("%s: %w", what, err)
				}
			}
			err := s.Update(t.Context(), lab, func(tx store.Tx) error {
				if err := largeClosures()["large documents"](tx); err != nil {
					return err
				}
				return tx.Put(store.Document{Kind: "one", ID: "more", Body: object(4096)})
			})
			if !errors.Is(err, store.ErrTooLarge) {
				return fmt.Errorf("one document more: got %v, want ErrTooLarge", err)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	mustView(t, s, func(r store.Reader) error {
		if _, err := r.Entry("000007"); err != nil {
			return err
		}
		return errors.Join(wantBody(r, "n", "000007", string(numbersBody)), wantBody(r, "l", "1", string(largeBody)), wantMissing(r, "one", "more"))
	})
}

// testLargeNeighbour lets a closure that is as large as can be wait behind small
// ones, which may share a commit: together they would be too large.
func testLargeNeighbour(t *testing.T, s store.Store) {
	started, release := make(chan struct{}), make(chan struct{})
	var all errgroup.Group
	all.Go(func() error {
		var once sync.Once
		return s.Update(t.Context(), lab, func(tx store.Tx) error {
			once.Do(func() { close(started); <-release })
			return nil
		})
	})
	<-started
	for i := range 40 {
		all.Go(func() error {
			return s.Update(t.Context(), lab, func(tx store.Tx) error {
				return tx.Put(store.Document{Kind: "small", ID: fmt.Sprint(i), Body: object(100 << 10)})
			})
		})
	}
	time.Sleep(100 * time.Millisecond) // until they are queued, as a rule
	all.Go(func() error { return s.Update(t.Context(), lab, largeClosures()["large documents"]) })
	time.Sleep(100 * time.Millisecond)
	close(release)
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}
