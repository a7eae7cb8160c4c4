package mongo

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/mongo/native"
)

// DecodeError says that a document of the database is not one that this
// package has written: somebody else has changed it.
type DecodeError struct {
	Collection string
	What       string // which document, as its _id or in words
	Why        string
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("document %s of collection %s is damaged: %s", e.What, e.Collection, e.Why)
}

func damaged(collection string, raw bson.Raw, why error) error {
	return &DecodeError{Collection: collection, What: raw.Lookup("_id").String(), Why: why.Error()}
}

// fields are the values of a BSON document that a reader asks for by name, of
// the type it wants. The first one that is not there or of another type is kept
// as fault.
type fields struct {
	at    bsoncore.Document
	fault error
}

func (f *fields) miss(key, want string) {
	if f.fault == nil {
		f.fault = fmt.Errorf("field %s is not %s", key, want)
	}
}

func (f *fields) lookup(key string) bsoncore.Value {
	v, err := f.at.LookupErr(key)
	if err != nil {
		return bsoncore.Value{}
	}
	return v
}

func (f *fields) has(key string) bool { return f.lookup(key).Type != 0 }

func (f *fields) text(key string) string {
	s, ok := f.lookup(key).StringValueOK()
	if !ok {
		f.miss(key, "a string")
	}
	return s
}

func (f *fields) number(key string) int64 {
	n, ok := f.lookup(key).AsInt64OK()
	if !ok {
		f.miss(key, "a number")
	}
	return n
}

// fixed copies a binary value of exactly len(to) bytes.
func (f *fields) fixed(key string, to []byte) {
	_, b, ok := f.lookup(key).BinaryOK()
	if !ok || len(b) != len(to) {
		f.miss(key, fmt.Sprintf("%d bytes", len(to)))
		return
	}
	copy(to, b)
}

func (f *fields) inner(key string) fields {
	d, ok := f.lookup(key).DocumentOK()
	if !ok {
		f.miss(key, "a document")
	}
	return fields{at: d}
}

// each walks an array of documents, which may be missing.
func (f *fields) each(key string, visit func(item *fields)) {
	v := f.lookup(key)
	if v.Type == 0 {
		return
	}
	list, ok := v.ArrayOK()
	if !ok {
		f.miss(key, "an array")
		return
	}
	values, err := list.Values()
	if err != nil {
		f.miss(key, "an array")
		return
	}
	for _, v := range values {
		d, ok := v.DocumentOK()
		if !ok {
			f.miss(key, "an array of documents")
			return
		}
		item := fields{at: d}
		visit(&item)
		if item.fault != nil && f.fault == nil {
			f.fault = fmt.Errorf("in %s: %w", key, item.fault)
		}
	}
}

func (f *fields) json(key string) []byte {
	style := native.Plain
	if f.has(styleOf(key)) {
		style = native.Style(f.number(styleOf(key)))
	}
	v := f.lookup(key)
	b, err := native.Object(bson.RawValue{Type: bson.Type(v.Type), Value: v.Data}, style)
	if err != nil && f.fault == nil {
		f.fault = fmt.Errorf("field %s: %w", key, err)
	}
	return b
}

// state reads what encoding.appendFields has written.
func (f *fields) state(ref store.Ref) *store.Document {
	d := &store.Document{Kind: ref.Kind, ID: ref.ID, Seq: store.Seq(f.number("seq"))}
	f.each("keys", func(k *fields) {
		d.Keys = append(d.Keys, store.Key{Index: k.text("index"), Value: k.text("value")})
	})
	d.Body = f.json("body")
	return d
}

// decodeCommit reads a commit without its entries.
func decodeCommit(raw bson.Raw) (*commit, error) {
	f := fields{at: bsoncore.Document(raw)}
	id := f.inner("_id")
	c := &commit{blind: f.has("blind")}
	c.n, c.seq = id.number("n"), store.Seq(f.number("seq"))
	f.fixed("hash", c.hash[:])
	f.fixed("by", c.by[:])
	c.trimmed = f.number("changed") > 0 && !f.has("changes")
	f.each("changes", func(item *fields) {
		ch := change{ref: store.Ref{Kind: store.Kind(item.text("kind")), ID: item.text("id")}}
		if item.has("now") {
			now := item.inner("now")
			ch.now = now.state(ch.ref)
			item.fault = firstOf(item.fault, now.fault)
		}
		if item.has("before") {
			before := item.inner("before")
			ch.before = before.state(ch.ref)
			item.fault = firstOf(item.fault, before.fault)
		}
		c.changes = append(c.changes, ch)
	})
	if fault := firstOf(f.fault, id.fault); fault != nil {
		return nil, damaged(commits, raw, fault)
	}
	return c, nil
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// decodeRecords reads the entries of a commit.
func decodeRecords(raw bson.Raw) ([]store.Record, error) {
	f := fields{at: bsoncore.Document(raw)}
	var records []store.Record
	f.each("entries", func(item *fields) {
		var prev store.Hash
		item.fixed("prev", prev[:])
		e := store.Entry{ID: item.text("id"), Content: item.json("content"), Outcome: item.json("outcome")}
		records = append(records, store.Seal(e, store.Seq(item.number("seq")), prev))
	})
	if f.fault != nil {
		return nil, damaged(commits, raw, f.fault)
	}
	return records, nil
}

// row is a document with the number of the commit that wrote it last.
type row struct {
	doc *store.Document // nil: it is not there
	n   int64
}

// decodeRow reads a document of the collection documents.
func decodeRow(raw bson.Raw) (store.Ref, row, error) {
	f := fields{at: bsoncore.Document(raw)}
	id := f.inner("_id")
	ref := store.Ref{Kind: store.Kind(id.text("kind")), ID: id.text("id")}
	r := row{n: f.number("commit")}
	if !f.has("gone") {
		r.doc = f.state(ref)
	}
	if fault := firstOf(f.fault, id.fault); fault != nil {
		return ref, row{}, damaged(documents, raw, fault)
	}
	return ref, r, nil
}
