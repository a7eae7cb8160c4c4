package tracking

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
)

// work is what applying entries in one transaction changes: documents are read
// once, changed in memory, and written by flush after each entry got its place
// in the ledger. After an error only forget makes it usable again.
type work struct {
	tx         store.Tx
	remembered *remembered
	recorded   calendar.Instant // when the entry at hand was recorded: the month of adjustments
	by         access.Caller    // whose entry of the catalogue it is
	docs       map[store.Ref]*held
	cells      map[string]*Cell // changes to add, by cell id
}

// held is a document in work. doc is nil if it is not there (any more).
type held struct {
	doc     document
	existed bool
	dirty   bool
	counted *contribution // what a fill or pickup counted for when it was read
	listed  []Review      // the reviews that its facts gave rise to when it was read
}

func newWork(tx store.Tx, r *remembered) *work {
	w := &work{tx: tx, remembered: r}
	w.forget()
	return w
}

// forget drops what was read and staged.
func (w *work) forget() { w.docs, w.cells = map[store.Ref]*held{}, map[string]*Cell{} }

// fetch returns a document to read or change (then call put), or
// store.ErrNotFound.
func fetch[T any, P interface {
	*T
	document
}](w *work, kind store.Kind, id string) (P, error) {
	ref := store.Ref{Kind: kind, ID: id}
	h, ok := w.docs[ref]
	if !ok {
		doc, err := readRemembered[T, P](w, kind, id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		h = &held{}
		if err == nil {
			h.doc, h.existed = doc, true
			h.note()
		}
		w.docs[ref] = h
	}
	if h.doc == nil {
		return nil, fmt.Errorf("%s %s: %w", kind, id, store.ErrNotFound)
	}
	return h.doc.(P), nil
}

// read decodes a document.
func read[T any, P interface {
	*T
	document
}](r store.Reader, kind store.Kind, id string) (P, error) {
	d, err := r.Get(kind, id)
	if err != nil {
		return nil, err
	}
	return decode[T, P](d)
}

func decode[T any, P interface {
	*T
	document
}](d store.Document) (P, error) {
	var doc T
	if err := json.Unmarshal(d.Body, &doc); err != nil {
		return nil, fmt.Errorf("decoding %s %s: %w", d.Kind, d.ID, err)
	}
	return &doc, nil
}

// put stages a new or changed document.
func (w *work) put(doc document) {
	h := w.held(doc.kind(), doc.id())
	h.doc, h.dirty = doc, true
}

// remove stages the deletion of a document, if it is there.
func (w *work) remove(kind store.Kind, id string) {
	h := w.held(kind, id)
	h.doc, h.dirty = nil, true
}

func (w *work) held(kind store.Kind, id string) *held {
	ref := store.Ref{Kind: kind, ID: id}
	h := w.docs[ref]
	if h == nil {
		_, err := w.tx.Get(kind, id)
		h = &held{existed: err == nil}
		w.docs[ref] = h
	}
	return h
}

// note remembers what a document counted for before it is changed.
func (h *held) note() {
	switch d := h.doc.(type) {
	case *Fill:
		h.counted, h.listed = d.contribution(), fillReviews(d)
	case *Pickup:
		h.listed = pickupReviews(d)
	}
}

// lab returns the lab's document.
func (w *work) lab() (*Lab, error) { return fetch[Lab](w, KindLab, string(KindLab)) }

// flush writes everything: first what follows from the changed fills and
// pickups (reviews, cells), then all documents.
func (w *work) flush() error {
	if err := w.follow(); err != nil {
		return err
	}
	if err := w.flushCells(); err != nil {
		return err
	}
	for _, ref := range w.dirty() {
		if err := w.write(ref, w.docs[ref]); err != nil {
			return err
		}
	}
	clear(w.cells)
	return nil
}

// follow stages the reviews and counts the masses of changed fills and
// pickups. All that no longer holds goes first, since a fact may have moved
// from one fill to another.
func (w *work) follow() error {
	var reviews []Review
	for _, ref := range w.dirty() {
		h := w.docs[ref]
		if ref.Kind != KindFill && ref.Kind != KindPickup {
			continue
		}
		for _, r := range h.listed {
			w.remove(KindReview, r.Entry)
		}
		if ref.Kind == KindPickup {
			reviews = append(reviews, pickupReviews(docOr[Pickup](h.doc))...)
			continue
		}
		fill := docOr[Fill](h.doc)
		reviews = append(reviews, fillReviews(fill)...)
		if err := w.count(h.counted, -1); err != nil {
			return err
		}
		if err := w.count(fill.contribution(), +1); err != nil {
			return err
		}
	}
	for i := range reviews {
		w.put(&reviews[i])
	}
	return nil
}

// docOr returns the typed document, or an empty one if it is gone.
func docOr[T any](d document) *T {
	if t, ok := any(d).(*T); ok && t != nil {
		return t
	}
	return new(T)
}

func (w *work) write(ref store.Ref, h *held) error {
	was := h.existed
	h.existed, h.dirty, h.counted, h.listed = h.doc != nil, false, nil, nil
	if h.doc == nil {
		if !was {
			return nil
		}
		return w.tx.Delete(ref.Kind, ref.ID)
	}
	h.note()
	body, err := json.Marshal(h.doc)
	if err != nil {
		return fmt.Errorf("encoding %s %s: %w", ref.Kind, ref.ID, err)
	}
	return w.tx.Put(store.Document{Kind: ref.Kind, ID: ref.ID, Body: body, Keys: h.doc.keys()})
}

// dirty lists what is staged, in order.
func (w *work) dirty() []store.Ref {
	var refs []store.Ref
	for ref, h := range w.docs {
		if h.dirty {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, func(a, b store.Ref) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return refs
}

// contribution is what a fill counts for in the cube.
type contribution struct {
	facility, ward, stream string
	month                  calendar.Month
	activity               indicator.Activity
}

// contribution returns nil for a fill that does not count (yet).
func (f *Fill) contribution() *contribution {
	if f.ClosedAt == nil {
		return nil
	}
	c := contribution{f.Facility, f.Ward, f.Stream, calendar.MonthOf(*f.ClosedAt), indicator.Activity{}}
	mass := f.Departure.NetGrams
	a := &c.activity
	if f.State == Diverted {
		a.Diverted = mass
		return &c
	}
	a.Fills, a.Collected = 1, mass
	a.CollectedBy[f.Departure.Rung] = mass
	a.Haul = f.Haul
	switch {
	case f.Arrival != nil:
		arrived := f.Arrival.activity()
		*a = a.Plus(arrived)
		a.Difference = mass - arrived.Received()
		if len(f.Haul) > 0 {
			a.Hauled = mass
		}
	case f.CollectedAt != nil:
		a.InTransit = mass
	default:
		a.Stored = mass
	}
	return &c
}

// activity is what arrived, without what departed.
func (a *Arrival) activity() indicator.Activity {
	sum := indicator.Activity{
		Accepted: a.AcceptedGrams, Refused: a.RefusedGrams, Contaminant: a.ContaminantGrams,
		Recyclate: a.RecyclateGrams, ProcessLoss: a.ProcessLossGrams, Residue: a.ResidueGrams, Pending: a.PendingGrams,
		Routes: a.Routes, Recyclates: a.Recyclates,
	}
	if a.NextOperation != "" && !isInterim(a.NextOperation) && a.RefusedGrams != 0 {
		sum.RefusedTo = map[string]quantity.Mass{a.NextOperation: a.RefusedGrams}
	}
	sum.ReceivedBy[a.Rung] = sum.Received()
	return sum
}

// unallocated is what a load counts for that came without any fill: it has
// arrived although nothing departed.
func (p *Pickup) unallocated(l *Load) *contribution {
	u := l.Unallocated
	if u == nil {
		return nil
	}
	a := u.activity()
	a.Unallocated, a.Difference = a.Received(), -a.Received()
	return &contribution{p.Facility, "", l.Stream, calendar.MonthOf(u.ReceivedAt), a}
}

// count adds a contribution to its cell, or takes it away. A closed month's
// cell is frozen: what changes it is booked in the month of recording.
func (w *work) count(c *contribution, sign int) error {
	if c == nil {
		return nil
	}
	lab, err := w.lab()
	if err != nil {
		return err
	}
	cell := Cell{Booked: c.month, Month: c.month, Facility: c.facility, Ward: c.ward, Stream: c.stream}
	if lab.monthClosed(c.month) {
		cell.Booked = calendar.MonthOf(w.recorded)
	}
	change := w.cells[cell.ID()]
	if change == nil {
		change = &cell
		w.cells[cell.ID()] = change
	}
	if sign > 0 {
		change.Activity = change.Activity.Plus(c.activity)
	} else {
		change.Activity = change.Activity.Minus(c.activity)
	}
	return nil
}

// flushCells adds the changes to the cells. A cell that comes to nothing is
// deleted, so that the cube does not remember what never happened.
func (w *work) flushCells() error {
	for id, change := range w.cells {
		if change.Activity.IsZero() {
			continue
		}
		cell, err := fetch[Cell](w, KindCell, id)
		if errors.Is(err, store.ErrNotFound) {
			cell, err = change, nil
		} else if err == nil {
			cell.Activity = cell.Activity.Plus(change.Activity)
		}
		if err != nil {
			return err
		}
		if !cell.Activity.IsZero() {
			w.put(cell)
			continue
		}
		w.remove(KindCell, id)
		if err := w.cellDropped(); err != nil {
			return err
		}
	}
	return nil
}

// cellDropped counts deleted cells: readers that follow the cube by changes
// can't see a deletion otherwise.
func (w *work) cellDropped() error {
	cube, err := fetch[Cube](w, KindCube, string(KindCube))
	if errors.Is(err, store.ErrNotFound) {
		cube, err = &Cube{}, nil
	}
	if err != nil {
		return err
	}
	cube.Dropped++
	w.put(cube)
	return nil
}
