package staging

import "github.com/ricircolo/ricircolo/internal/store"

// mapFrom is the number of records from which a layer finds entry ids with a
// map: nearly all closures append one or two, and a map would cost them more
// than it saves.
const mapFrom = 8

// layer is a set of writes. Documents in it are never changed, only replaced,
// so that layers may share them.
type layer struct {
	records []store.Record
	byID    map[string]int                // place in records; nil below mapFrom
	docs    map[store.Ref]*store.Document // nil: deleted
	order   []store.Ref                   // of docs, by their first change
	size    int                           // bytes, see Weigh
}

// overhead is what an entry or a document costs besides its text, in bytes.
const overhead = 256

// Weigh is about how many bytes a document comes to, nil for one that is not
// there: in a closure, and in a cache.
func Weigh(ref store.Ref, d *store.Document) int {
	size := overhead + len(ref.Kind) + len(ref.ID)
	if d != nil {
		size += len(d.Body)
		for _, k := range d.Keys {
			size += len(k.Index) + len(k.Value)
		}
	}
	return size
}

// grows says whether a layer that a closure writes may become larger by so many
// bytes.
func (l *layer) grows(by int) error {
	if l.size+by > store.MaxUpdateBytes {
		return tooLarge("bytes of one closure", l.size+by, store.MaxUpdateBytes)
	}
	return nil
}

// replacing is by how much a layer grows with a document.
func (l *layer) replacing(ref store.Ref, d *store.Document) int {
	if old, known := l.docs[ref]; known {
		return Weigh(ref, d) - Weigh(ref, old)
	}
	return Weigh(ref, d)
}

func (l *layer) add(r store.Record) {
	l.size += overhead + len(r.Bytes)
	l.records = append(l.records, r)
	switch {
	case l.byID != nil:
		l.byID[r.Entry.ID] = len(l.records) - 1
	case len(l.records) >= mapFrom:
		l.byID = make(map[string]int, 4*mapFrom)
		for i := range l.records {
			l.byID[l.records[i].Entry.ID] = i
		}
	}
}

func (l *layer) record(id string) (store.Record, bool) {
	if l.byID != nil {
		i, ok := l.byID[id]
		if !ok {
			return store.Record{}, false
		}
		return l.records[i], true
	}
	for i := range l.records {
		if l.records[i].Entry.ID == id {
			return l.records[i], true
		}
	}
	return store.Record{}, false
}

// set stages a document, or its deletion when d is nil.
func (l *layer) set(ref store.Ref, d *store.Document) {
	if l.docs == nil {
		l.docs = make(map[store.Ref]*store.Document)
	}
	l.size += l.replacing(ref, d)
	if _, known := l.docs[ref]; !known {
		l.order = append(l.order, ref)
	}
	l.docs[ref] = d
}

func (l *layer) has(ref store.Ref) bool {
	_, ok := l.docs[ref]
	return ok
}

// absorb moves the writes of newer, which ends its life, over those of l.
func (l *layer) absorb(newer *layer) {
	if len(l.records) == 0 && len(l.docs) == 0 {
		*l = *newer
		return
	}
	for _, r := range newer.records {
		l.add(r)
	}
	for _, ref := range newer.order {
		l.set(ref, newer.docs[ref])
	}
}
