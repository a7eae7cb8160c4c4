package mongo

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/mongo/native"
)

// point is a place in the history of a lab: after its commit n, when its
// ledger ended with seq and hash.
type point struct {
	n    int64
	seq  store.Seq
	hash store.Hash
}

// token tells commits with the same number apart.
type token [16]byte

// commit is one append to the history of a lab: entries, and what became of
// documents with them. It is not changed once it is in a lab's log.
type commit struct {
	point         // the lab after it
	by      token // who made it
	changes []change
	// records are known to the group that makes the commit only, which is where
	// mine is true.
	records []store.Record
	mine    bool
	// blind says that changes do not tell what was before: it would not have
	// fitted.
	blind bool
	// trimmed says that the changes are gone: they were applied long ago.
	trimmed bool
	size    int // bytes that the changes take in memory, roughly; set by follow
}

// change is what a commit did to one document.
type change struct {
	ref    store.Ref
	now    *store.Document // nil: it was deleted
	before *store.Document // nil: it was not there
}

const (
	// maxCommitBytes keeps a commit below the 16 MiB of a BSON document, with
	// room for what the protocol adds.
	maxCommitBytes = 15 << 20
	// groupBytes is where a group of closures is closed although more wait.
	groupBytes = 4 << 20
)

// encoding is how a commit is written.
type encoding struct {
	blind    bool // without what was before
	verbatim bool // with JSON as it came, in binary values
}

// encode writes a commit as the document of collection commits:
//
//	{_id: {lab, n}, lab, by, seq, hash, changed: 3,
//	 first: 17, last: 18, entries: [{id, seq, prev, content, outcome}, …],
//	 changes: [{kind, id, now: {seq, keys, body}, before: {…}}, …]}
//
// seq and hash are the head of the ledger after it. first, last and entries are
// there when entries are; now is missing for a deleted document and before for
// a new one. changes go when the commit is trimmed.
func (w encoding) encode(lab store.LabID, c *commit) (bson.Raw, error) {
	start, b := bsoncore.AppendDocumentStart(make([]byte, 0, 1024+512*len(c.changes)+1024*len(c.records)))
	b = appendCommitID(b, "_id", lab, c.n)
	b = bsoncore.AppendStringElement(b, "lab", string(lab))
	b = bsoncore.AppendBinaryElement(b, "by", bson.TypeBinaryGeneric, c.by[:])
	b = bsoncore.AppendInt64Element(b, "seq", int64(c.seq))
	b = bsoncore.AppendBinaryElement(b, "hash", bson.TypeBinaryGeneric, c.hash[:])
	b = bsoncore.AppendInt64Element(b, "changed", int64(len(c.changes)))
	if w.blind {
		b = bsoncore.AppendBooleanElement(b, "blind", true)
	}
	if n := len(c.records); n > 0 {
		b = bsoncore.AppendInt64Element(b, "first", int64(c.records[0].Seq))
		b = bsoncore.AppendInt64Element(b, "last", int64(c.records[n-1].Seq))
		b = w.appendEntries(b, c.records)
	}
	b = w.appendChanges(b, c.changes)
	b, err := bsoncore.AppendDocumentEnd(b, start)
	return b, err
}

func appendCommitID(b []byte, key string, lab store.LabID, n int64) []byte {
	start, b := bsoncore.AppendDocumentElementStart(b, key)
	b = bsoncore.AppendStringElement(b, "lab", string(lab))
	b = bsoncore.AppendInt64Element(b, "n", n)
	b, _ = bsoncore.AppendDocumentEnd(b, start)
	return b
}

func (w encoding) appendEntries(b []byte, records []store.Record) []byte {
	all, b := bsoncore.AppendArrayElementStart(b, "entries")
	for i := range records {
		r := &records[i]
		start, rest := bsoncore.AppendDocumentElementStart(b, place(i))
		b = bsoncore.AppendStringElement(rest, "id", r.Entry.ID)
		b = bsoncore.AppendInt64Element(b, "seq", int64(r.Seq))
		b = bsoncore.AppendBinaryElement(b, "prev", bson.TypeBinaryGeneric, r.Prev[:])
		b = w.appendJSON(b, "content", r.Entry.Content)
		b = w.appendJSON(b, "outcome", r.Entry.Outcome)
		b, _ = bsoncore.AppendDocumentEnd(b, start)
	}
	b, _ = bsoncore.AppendArrayEnd(b, all)
	return b
}

func (w encoding) appendChanges(b []byte, changes []change) []byte {
	all, b := bsoncore.AppendArrayElementStart(b, "changes")
	for i, ch := range changes {
		start, rest := bsoncore.AppendDocumentElementStart(b, place(i))
		b = bsoncore.AppendStringElement(rest, "kind", string(ch.ref.Kind))
		b = bsoncore.AppendStringElement(b, "id", ch.ref.ID)
		if ch.now != nil {
			b = w.appendState(b, "now", ch.now)
		}
		if ch.before != nil && !w.blind {
			b = w.appendState(b, "before", ch.before)
		}
		b, _ = bsoncore.AppendDocumentEnd(b, start)
	}
	b, _ = bsoncore.AppendArrayEnd(b, all)
	return b
}

func (w encoding) appendState(b []byte, key string, d *store.Document) []byte {
	start, b := bsoncore.AppendDocumentElementStart(b, key)
	b = w.appendFields(b, d)
	b, _ = bsoncore.AppendDocumentEnd(b, start)
	return b
}

// appendFields writes what is the same of a document in a commit and in the
// collection documents.
func (w encoding) appendFields(b []byte, d *store.Document) []byte {
	b = bsoncore.AppendInt64Element(b, "seq", int64(d.Seq))
	if len(d.Keys) > 0 {
		all, rest := bsoncore.AppendArrayElementStart(b, "keys")
		for i, k := range d.Keys {
			start, inner := bsoncore.AppendDocumentElementStart(rest, place(i))
			inner = bsoncore.AppendStringElement(inner, "index", k.Index)
			inner = bsoncore.AppendStringElement(inner, "value", k.Value)
			rest, _ = bsoncore.AppendDocumentEnd(inner, start)
		}
		b, _ = bsoncore.AppendArrayEnd(rest, all)
	}
	return w.appendJSON(b, "body", d.Body)
}

// styleOf is the name of the field that says how the JSON of another one is
// escaped, where that is not plain.
func styleOf(key string) string { return key + "Style" }

func (w encoding) appendJSON(b []byte, key string, object []byte) []byte {
	if w.verbatim {
		return bsoncore.AppendBinaryElement(b, key, bson.TypeBinaryGeneric, object)
	}
	b, style := native.Append(b, key, object)
	if style != native.Plain {
		b = bsoncore.AppendInt32Element(b, styleOf(key), int32(style))
	}
	return b
}

// places are the keys of small arrays.
var places = func() (p [512]string) {
	for i := range p {
		p[i] = fmt.Sprint(i)
	}
	return p
}()

func place(i int) string {
	if i < len(places) {
		return places[i]
	}
	return fmt.Sprint(i)
}
