package staging

import (
	"slices"

	"github.com/ricircolo/ricircolo/internal/store"
)

// tx is what one closure sees and writes.
type tx struct {
	reader
	local layer
	seq   store.Seq // head with the entries of this closure
	hash  store.Hash
}

var _ store.Tx = (*tx)(nil)

func (t *tx) Head() (store.Seq, store.Hash, error) {
	if err := t.usable(); err != nil {
		return 0, store.Hash{}, err
	}
	return t.seq, t.hash, nil
}

func (t *tx) Append(e store.Entry) (store.Seq, error) {
	if err := t.usable(); err != nil {
		return 0, err
	}
	if err := checkEntry(e); err != nil {
		return 0, err
	}
	switch first, err := t.taken(e.ID); {
	case err == nil:
		return 0, &store.DuplicateError{First: first}
	case t.fault != nil:
		return 0, err
	}
	if err := t.local.grows(overhead + len(e.Content) + len(e.Outcome)); err != nil {
		return 0, err
	}
	sealed := store.Seal(e, t.seq+1, t.hash)
	sealed = withBytes(sealed, sealed.Bytes, len(e.Content), len(e.Outcome))
	t.local.add(sealed)
	t.seq, t.hash = sealed.Seq, sealed.Hash()
	return t.seq, nil
}

// taken is the record of an entry id that is in the ledger already.
func (t *tx) taken(id string) (store.Record, error) {
	if rec, ok := t.stagedRecord(id); ok {
		return rec, nil
	}
	if c, ok := t.base.(Claimer); ok {
		rec, err := c.Taken(id)
		return rec, t.failed(err)
	}
	return t.Entry(id)
}

func (t *tx) Put(d store.Document) error {
	if err := t.usable(); err != nil {
		return err
	}
	if err := checkDocument(d); err != nil {
		return err
	}
	if err := t.local.grows(t.local.replacing(refOf(&d), &d)); err != nil {
		return err
	}
	d.Seq = t.seq
	d.Body = slices.Clone(d.Body)
	d.Keys = append([]store.Key(nil), d.Keys...) // nil when there are none
	t.local.set(refOf(&d), &d)
	return nil
}

func (t *tx) Delete(kind store.Kind, id string) error {
	if err := t.usable(); err != nil {
		return err
	}
	if err := checkRef(kind, id); err != nil {
		return err
	}
	ref := store.Ref{Kind: kind, ID: id}
	d, staged := t.stagedDocument(ref)
	switch {
	case !staged:
		if _, err := t.base.Get(kind, id); err != nil {
			return t.failed(err)
		}
	case d == nil:
		return &MissingError{string(kind), id}
	}
	t.local.set(ref, nil)
	return nil
}
