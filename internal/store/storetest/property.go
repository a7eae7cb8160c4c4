package storetest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ricircolo/ricircolo/internal/store"
)

// errFail is what a closure of the suite returns when it is meant to fail.
var errFail = errors.New("closure fails on purpose")

func testProperty(t *testing.T, s store.Store) {
	labs := 0
	rapid.Check(t, func(rt *rapid.T) {
		labs++
		lab := store.LabID(fmt.Sprintf("lab-%d", labs))
		model := NewModel()
		for range rapid.IntRange(1, 6).Draw(rt, "closures") {
			script := DrawScript(rt)
			fails := rapid.IntRange(0, 3).Draw(rt, "fails") == 0
			var after *Model
			err := s.Update(t.Context(), lab, func(tx store.Tx) error {
				after = model.Clone()
				if err := script.Run(tx, after); err != nil {
					return err
				}
				if fails {
					return errFail
				}
				return nil
			})
			switch {
			case fails && errors.Is(err, errFail):
			case err != nil:
				rt.Fatal(err)
			default:
				model = after
			}
			reads := DrawScript(rt).Reads()
			if err := s.View(t.Context(), lab, func(r store.Reader) error { return reads.Read(r, model) }); err != nil {
				rt.Fatal(err)
			}
		}
		if err := s.View(t.Context(), lab, func(r store.Reader) error { return Same(r, model) }); err != nil {
			rt.Fatal(err)
		}
	})
}

// Script is a drawn sequence of calls.
type Script []call

// call does the same to an engine and to the model, and says how their answers
// differ. write is nil for a call that reads.
type call struct {
	read  func(engine, model store.Reader) error
	write func(engine, model store.Tx) error
}

// Run makes all calls of the script.
func (s Script) Run(tx store.Tx, model *Model) error {
	for _, c := range s {
		if err := c.run(tx, model); err != nil {
			return err
		}
	}
	return nil
}

func (c call) run(tx store.Tx, model *Model) error {
	if c.write != nil {
		return c.write(tx, model)
	}
	return c.read(tx, model)
}

// Reads is the part of the script that writes nothing.
func (s Script) Reads() Script {
	return slices.DeleteFunc(s, func(c call) bool { return c.write != nil })
}

// Read makes the calls of a script that writes nothing.
func (s Script) Read(r store.Reader, model *Model) error {
	for _, c := range s {
		if err := c.read(r, model); err != nil {
			return err
		}
	}
	return nil
}

// The alphabets are small, so that calls meet, and hard: case, prefixes,
// order by bytes against order by UTF-16 or by language.
var (
	kinds  = []string{"bin", "Bin", "bin2"}
	ids    = []string{"a", "A", "aa", "b", "ä", "\uffff", "\U0001F5D1", "\U0010ffff", "0", "10", "9", "a.b", "$a"}
	values = []string{"", "w1", "w10", "w2", "W1", "é", "z\u0301", "\ufffd", "\U0010ffff", "'", "%", "w1\x01"}
	names  = []string{"ward", "Ward", "open"}
)

// DrawScript draws up to 12 calls.
func DrawScript(rt *rapid.T) Script {
	return rapid.SliceOfN(rapid.Custom(drawCall), 0, 12).Draw(rt, "script")
}

func drawCall(rt *rapid.T) call {
	kind := store.Kind(rapid.SampledFrom(kinds).Draw(rt, "kind"))
	id := rapid.SampledFrom(ids).Draw(rt, "id")
	limit := rapid.IntRange(1, 5).Draw(rt, "limit")
	seq := store.Seq(rapid.IntRange(0, 6).Draw(rt, "seq"))
	switch rapid.IntRange(0, 11).Draw(rt, "call") {
	case 0, 1, 2, 3:
		return put(drawDocument(rt, kind, id))
	case 4:
		return call{write: func(e, m store.Tx) error {
			return same("delete", nil, e.Delete(kind, id), nil, m.Delete(kind, id), equalNothing)
		}}
	case 5, 6:
		return appendEntry(drawEntry(rt, "e-"+id))
	case 7:
		return call{read: func(e, m store.Reader) error { return sameGet(e, m, kind, id) }}
	case 8:
		q := drawQuery(rt, kind, limit)
		return call{read: func(e, m store.Reader) error { return sameFind(e, m, q) }}
	case 9:
		after := store.SeqPosition{Seq: seq, ID: id}
		return call{read: func(e, m store.Reader) error {
			got, gotErr := e.Changed(kind, after, limit)
			want, wantErr := m.Changed(kind, after, limit)
			return same(fmt.Sprintf("changed after %v", after), got, gotErr, want, wantErr, equalDocuments)
		}}
	case 10:
		return call{read: func(e, m store.Reader) error { return sameDocuments(e, m, store.Ref{Kind: kind, ID: id}, limit) }}
	default:
		return call{read: func(e, m store.Reader) error { return sameLedger(e, m, "e-"+id, seq, limit) }}
	}
}

func drawDocument(rt *rapid.T, kind store.Kind, id string) store.Document {
	d := store.Document{Kind: kind, ID: id, Body: fmt.Appendf(nil, `{"n":%d}`, rapid.IntRange(0, 99).Draw(rt, "n"))}
	key := rapid.Custom(func(rt *rapid.T) store.Key {
		return store.Key{Index: rapid.SampledFrom(names).Draw(rt, "index"), Value: rapid.SampledFrom(values).Draw(rt, "value")}
	})
	d.Keys = rapid.SliceOfNDistinct(key, 0, 4, rapid.ID[store.Key]).Draw(rt, "keys")
	return d
}

func drawEntry(rt *rapid.T, id string) store.Entry {
	return store.Entry{ID: id, Content: fmt.Appendf(nil, `{"n":%d}`, rapid.IntRange(0, 9).Draw(rt, "n")), Outcome: []byte(`{}`)}
}

func drawQuery(rt *rapid.T, kind store.Kind, limit int) store.Query {
	q := store.Query{Kind: kind, Limit: limit, Descending: rapid.Bool().Draw(rt, "descending")}
	domain := ids
	if rapid.IntRange(0, 3).Draw(rt, "by id") > 0 {
		q.Index, domain = rapid.SampledFrom(names).Draw(rt, "index"), values
	}
	bound := rapid.OneOf(rapid.Just(""), rapid.SampledFrom(domain))
	q.From, q.To = bound.Draw(rt, "from"), bound.Draw(rt, "to")
	if rapid.Bool().Draw(rt, "go on") {
		q.After = &store.Position{Value: rapid.SampledFrom(domain).Draw(rt, "after"), ID: rapid.SampledFrom(ids).Draw(rt, "after id")}
	}
	return q
}

func put(d store.Document) call {
	return call{write: func(e, m store.Tx) error { return same("put", nil, e.Put(d), nil, m.Put(d), equalNothing) }}
}

func appendEntry(entry store.Entry) call {
	return call{write: func(e, m store.Tx) error {
		got, gotErr := e.Append(entry)
		want, wantErr := m.Append(entry)
		gotFirst, _ := errors.AsType[*store.DuplicateError](gotErr)
		wantFirst, _ := errors.AsType[*store.DuplicateError](wantErr)
		if gotFirst != nil && wantFirst != nil && !bytes.Equal(gotFirst.First.Bytes, wantFirst.First.Bytes) {
			return fmt.Errorf("append: got first %s, want %s", gotFirst.First.Bytes, wantFirst.First.Bytes)
		}
		return same("append "+entry.ID, got, gotErr, want, wantErr, cmp.Compare)
	}}
}

// same compares two answers; equal is 0 for equal ones.
func same[T any](what string, got T, gotErr error, want T, wantErr error, equal func(a, b T) int) error {
	for _, kind := range []error{store.ErrNotFound, store.ErrDuplicate} {
		if errors.Is(gotErr, kind) && errors.Is(wantErr, kind) {
			return nil
		}
	}
	if gotErr != nil || wantErr != nil {
		return fmt.Errorf("%s: got error %v, want %v", what, gotErr, wantErr)
	}
	if equal(got, want) != 0 {
		return fmt.Errorf("%s: got %+v, want %+v", what, got, want)
	}
	return nil
}

func equalNothing(_, _ any) int { return 0 }

func equalDocument(a, b store.Document) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Seq, b.Seq),
		bytes.Compare(a.Body, b.Body), slices.CompareFunc(a.Keys, b.Keys, func(a, b store.Key) int {
			return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Value, b.Value))
		}))
}

func equalDocuments(a, b []store.Document) int { return slices.CompareFunc(a, b, equalDocument) }

func equalHits(a, b []store.Hit) int {
	return slices.CompareFunc(a, b, func(a, b store.Hit) int {
		return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Position.ID, b.Position.ID), equalDocument(a.Document, b.Document))
	})
}

func equalRecord(a, b store.Record) int {
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), bytes.Compare(a.Prev[:], b.Prev[:]), cmp.Compare(a.Entry.ID, b.Entry.ID),
		bytes.Compare(a.Entry.Content, b.Entry.Content), bytes.Compare(a.Entry.Outcome, b.Entry.Outcome), bytes.Compare(a.Bytes, b.Bytes))
}

func equalRecords(a, b []store.Record) int { return slices.CompareFunc(a, b, equalRecord) }

func sameGet(e, m store.Reader, kind store.Kind, id string) error {
	got, gotErr := e.Get(kind, id)
	want, wantErr := m.Get(kind, id)
	return same(fmt.Sprintf("get %s %q", kind, id), got, gotErr, want, wantErr, equalDocument)
}

func sameFind(e, m store.Reader, q store.Query) error {
	got, gotErr := e.Find(q)
	want, wantErr := m.Find(q)
	return same(fmt.Sprintf("find %+v after %+v", q, q.After), got, gotErr, want, wantErr, equalHits)
}

func sameDocuments(e, m store.Reader, after store.Ref, limit int) error {
	got, gotErr := e.Documents(after, limit)
	want, wantErr := m.Documents(after, limit)
	return same(fmt.Sprintf("documents after %v", after), got, gotErr, want, wantErr, equalDocuments)
}

func sameLedger(e, m store.Reader, id string, after store.Seq, limit int) error {
	got, gotErr := e.Entry(id)
	want, wantErr := m.Entry(id)
	if err := same("entry "+id, got, gotErr, want, wantErr, equalRecord); err != nil {
		return err
	}
	gotAll, gotErr := e.Entries(after, limit)
	wantAll, wantErr := m.Entries(after, limit)
	if err := same(fmt.Sprintf("entries after %d", after), gotAll, gotErr, wantAll, wantErr, equalRecords); err != nil {
		return err
	}
	gotSeq, gotHash, gotErr := e.Head()
	wantSeq, wantHash, wantErr := m.Head()
	if err := same("head", gotSeq, gotErr, wantSeq, wantErr, cmp.Compare); err != nil {
		return err
	}
	return same("head's hash", gotHash.String(), gotErr, wantHash.String(), wantErr, cmp.Compare)
}

// Same says how a lab differs from the model: all documents and the whole
// ledger are compared, up to store.MaxFind of each.
func Same(r store.Reader, model *Model) error {
	if err := sameDocuments(r, model, store.Ref{}, store.MaxFind); err != nil {
		return err
	}
	return sameLedger(r, model, "none", 0, store.MaxFind)
}
