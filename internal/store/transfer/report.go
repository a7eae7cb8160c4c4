package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"maps"
	"slices"

	"github.com/ricircolo/ricircolo/internal/store"
)

// Report is what became of one partition.
type Report struct {
	Lab store.LabID
	// What this run wrote.
	CopiedEntries, CopiedDocuments, Deleted int64
	// Head and Hash are the target's, and Entries how many of them were compared
	// and found equal: as many as Head says, or Ledger tells why not.
	Head      store.Seq
	Hash      store.Hash
	Entries   int64
	Ledger    Differences
	Documents Documents
	// Ahead is by how many entries the source was ahead of the target in the
	// end.
	Ahead store.Seq
}

// Documents is how the documents of the two sides compare. What the source
// wrote, or deleted, behind the target's head is Newer and else not counted.
type Documents struct {
	Kinds          map[store.Kind]Count
	Newer          int64
	Source, Target store.Hash // digests over all that is counted
	Differences
}

// Count is a number of documents on each side.
type Count struct{ Source, Target int64 }

// Differences are what is not equal: all are counted, some are named.
type Differences struct {
	N     int64
	First []string
}

// named is how many differences are named.
const named = 20

func (d *Differences) add(format string, args ...any) {
	d.N++
	if d.N <= named {
		d.First = append(d.First, fmt.Sprintf(format, args...))
	}
}

// Equal reports whether both sides hold the same, up to the target's head.
func (r Report) Equal() bool {
	return r.Ledger.N == 0 && r.Documents.N == 0 && r.Entries == int64(r.Head) && r.Documents.Source == r.Documents.Target
}

// Count is the number of documents on each side, of all kinds.
func (r Report) Count() (all Count) {
	for _, c := range r.Documents.Kinds {
		all.Source += c.Source
		all.Target += c.Target
	}
	return all
}

// String is one line, without the differences.
func (r Report) String() string {
	text := fmt.Sprintf("%s: %d entries", r.Lab, r.Entries)
	if r.Head > 0 {
		text += fmt.Sprintf(", head %s", r.Hash)
	}
	text += fmt.Sprintf("; %d documents, digest %s", r.Count().Target, r.Documents.Target)
	if r.Ahead > 0 {
		text += fmt.Sprintf("; the source is %d entries ahead", r.Ahead)
	}
	if !r.Equal() {
		text += fmt.Sprintf("; DIFFERS in %d places", max(1, r.Ledger.N+r.Documents.N))
	}
	return text
}

// Reports are those of all partitions.
type Reports []Report

// Equal reports whether all partitions are.
func (rs Reports) Equal() bool {
	return !slices.ContainsFunc(rs, func(r Report) bool { return !r.Equal() })
}

// Ahead is by how many entries the source is ahead, in all partitions.
func (rs Reports) Ahead() (n store.Seq) {
	for _, r := range rs {
		n += r.Ahead
	}
	return n
}

// tally counts what a walk over the documents finds.
type tally struct {
	Documents
	source, target hash.Hash
}

func newTally() *tally {
	return &tally{Documents{Kinds: map[store.Kind]Count{}}, sha256.New(), sha256.New()}
}

func (t *tally) add(c couple, v verdict) {
	switch v {
	case newer, goneLater:
		t.Newer++
		return
	case gone:
		t.Differences.add("%s %s is not in the source", c.target.Kind, c.target.ID)
	case missing:
		t.Differences.add("%s %s is missing in the target", c.source.Kind, c.source.ID)
	case differs:
		t.Differences.add("%s %s differs (as of entry %d in the source, %d in the target)", c.source.Kind, c.source.ID, c.source.Seq, c.target.Seq)
	}
	kind := c.ref().Kind
	n := t.Kinds[kind]
	if c.source != nil {
		n.Source++
		digest(t.source, *c.source)
	}
	if c.target != nil {
		n.Target++
		digest(t.target, *c.target)
	}
	t.Kinds[kind] = n
}

func (t *tally) result() Documents {
	t.Source, t.Target = store.Hash(t.source.Sum(nil)), store.Hash(t.target.Sum(nil))
	return t.Documents
}

// digest adds a document so that no two different ones give the same bytes:
// every part follows its length.
func digest(to hash.Hash, d store.Document) {
	var b []byte
	part := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	part(string(d.Kind))
	part(d.ID)
	b = binary.AppendUvarint(b, uint64(d.Seq))
	b = binary.AppendUvarint(b, uint64(len(d.Keys)))
	for _, k := range d.Keys {
		part(k.Index)
		part(k.Value)
	}
	b = binary.AppendUvarint(b, uint64(len(d.Body)))
	to.Write(b) // a hash never fails
	to.Write(d.Body)
}

// SortedKinds are the kinds counted, in byte order.
func (d Documents) SortedKinds() []store.Kind { return slices.Sorted(maps.Keys(d.Kinds)) }
