package sqlite

import (
	"slices"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

// groupBase is the committed state of a lab as the closures of a group read
// it: through the writer's cache.
type groupBase struct {
	reads
	g     *group
	state *labState
}

var _ staging.Base = (*groupBase)(nil)

func (b *groupBase) Head() (store.Seq, store.Hash, error) {
	if !b.state.loaded {
		seq, hash, err := b.reads.Head()
		if err != nil {
			return 0, store.Hash{}, b.met(err)
		}
		b.state.seq, b.state.hash, b.state.loaded = seq, hash, true
	}
	return b.state.seq, b.state.hash, nil
}

func (b *groupBase) Get(kind store.Kind, id string) (store.Document, error) {
	found, err := b.row(store.Ref{Kind: kind, ID: id})
	if err != nil {
		return store.Document{}, b.met(err)
	}
	if found.place == 0 {
		return store.Document{}, &staging.MissingError{Kind: string(kind), ID: id}
	}
	return found.doc, nil
}

// row reads through the cache.
func (b *groupBase) row(ref store.Ref) (row, error) {
	if b.lab == 0 {
		return row{}, nil
	}
	if r, ok := b.g.w.cache.get(b.lab, ref); ok {
		return r, nil
	}
	r, err := b.reads.row(ref)
	if err == nil {
		b.g.w.cache.put(b.lab, ref, r)
	}
	return r, err
}

// met makes the whole group fail: after some faults SQLite has given up the
// transaction, and what later closures read would be outside of it.
func (b *groupBase) met(err error) error {
	if b.g.fault == nil {
		b.g.fault = err
	}
	return err
}

const (
	insertLab      = `INSERT INTO labs (name) VALUES (?)`
	updateHead     = `UPDATE labs SET head = ?, hash = ? WHERE lab = ?`
	insertEntry    = `INSERT INTO entries (place, lab, id, record) VALUES (?, ?, ?, ?)`
	insertDocument = `INSERT INTO documents (lab, kind, id, seq, keys, body) VALUES (?, ?, ?, ?, ?, ?)`
	updateDocument = `UPDATE documents SET seq = ?, body = ? WHERE document = ?`
	updateWithKeys = `UPDATE documents SET seq = ?, body = ?, keys = ? WHERE document = ?`
	deleteDocument = `DELETE FROM documents WHERE document = ?`
	insertKey      = `INSERT INTO keys (lab, kind, name, value, id, document) VALUES (?, ?, ?, ?, ?, ?)`
	deleteKey      = `DELETE FROM keys WHERE lab = ? AND kind = ? AND name = ? AND value = ? AND id = ?`
)

// flush writes what the closures of the group left.
func (g *group) flush() error {
	for _, l := range g.order {
		if err := g.flushLab(l); err != nil {
			return err
		}
	}
	return nil
}

func (g *group) flushLab(l *labGroup) error {
	records, changes := l.overlay.Records(), l.overlay.Changes()
	if len(records)+len(changes) == 0 {
		return nil
	}
	ses := g.w.ses
	if l.lab == 0 {
		result, err := ses.exec(insertLab, string(l.name))
		if err != nil {
			return err
		}
		if l.lab, err = result.LastInsertId(); err != nil {
			return err
		}
	}
	if err := ses.appendRecords(l.lab, records); err != nil {
		return err
	}
	for _, c := range changes {
		old, err := l.base.row(c.Ref)
		if err != nil {
			return err
		}
		var now row
		if c.Document == nil {
			err = ses.remove(l.lab, old)
		} else {
			now, err = ses.write(l.lab, old, *c.Document)
		}
		if err != nil {
			return err
		}
		l.written = append(l.written, cacheEntry{c.Ref, now})
	}
	return nil
}

// appendRecords adds entries to a lab's ledger and moves its head.
func (s *session) appendRecords(lab int64, records []store.Record) error {
	for i := range records {
		r := &records[i]
		if _, err := s.exec(insertEntry, placeOf(lab, r.Seq), lab, r.Entry.ID, r.Bytes); err != nil {
			return err
		}
	}
	if len(records) == 0 {
		return nil
	}
	last := records[len(records)-1]
	hash := last.Hash()
	_, err := s.exec(updateHead, int64(last.Seq), hash[:], lab)
	return err
}

// write replaces old, which may be absent, by d.
func (s *session) write(lab int64, old row, d store.Document) (row, error) {
	now := row{place: old.place, doc: d}
	if old.place == 0 {
		result, err := s.exec(insertDocument, lab, string(d.Kind), d.ID, int64(d.Seq), encodeKeys(d.Keys), d.Body)
		if err != nil {
			return row{}, err
		}
		if now.place, err = result.LastInsertId(); err != nil {
			return row{}, err
		}
		return now, s.reindex(lab, now, nil, d.Keys)
	}
	if slices.Equal(old.doc.Keys, d.Keys) {
		_, err := s.exec(updateDocument, int64(d.Seq), d.Body, old.place)
		return now, err
	}
	if _, err := s.exec(updateWithKeys, int64(d.Seq), d.Body, encodeKeys(d.Keys), old.place); err != nil {
		return row{}, err
	}
	return now, s.reindex(lab, now, old.doc.Keys, d.Keys)
}

// remove deletes old, which may be absent: a document can come and go within
// one group.
func (s *session) remove(lab int64, old row) error {
	if old.place == 0 {
		return nil
	}
	if _, err := s.exec(deleteDocument, old.place); err != nil {
		return err
	}
	return s.reindex(lab, old, old.doc.Keys, nil)
}

// reindex writes the index keys that changed.
func (s *session) reindex(lab int64, r row, before, after []store.Key) error {
	kind, id := string(r.doc.Kind), r.doc.ID
	for _, k := range before {
		if !slices.Contains(after, k) {
			if _, err := s.exec(deleteKey, lab, kind, k.Index, k.Value, id); err != nil {
				return err
			}
		}
	}
	for _, k := range after {
		if !slices.Contains(before, k) {
			if _, err := s.exec(insertKey, lab, kind, k.Index, k.Value, id, r.place); err != nil {
				return err
			}
		}
	}
	return nil
}
