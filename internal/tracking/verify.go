package tracking

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Fault is something that Verify found wrong.
type Fault struct {
	Invariant string // I1 … I9
	Lab       string
	What      string
}

func (f Fault) String() string { return f.Invariant + " " + f.Lab + ": " + f.What }

// Progress is told how far a long run has come: done of total steps. total may
// grow while it runs.
type Progress func(done, total int64)

const verifyBatch = 500

// Rebuild folds the ledger of a lab from scratch into an empty store and
// copies nothing else. The new ledger has the same bytes and the new documents
// are what the ledger says they must be.
func Rebuild(ctx context.Context, from, into store.Store, lab store.LabID, progress Progress) error {
	live, remembered := source{ctx, from, lab}, newRemembered()
	for after := store.Seq(0); ; {
		head, _, err := live.head()
		if err != nil {
			return err
		}
		records, err := live.entries(after, verifyBatch)
		if err != nil || len(records) == 0 {
			return err
		}
		if _, err := replayAll(ctx, into, lab, records, remembered); err != nil {
			return fmt.Errorf("rebuilding lab %s: %w", lab, err)
		}
		after = records[len(records)-1].Seq
		if progress != nil {
			progress(int64(after), int64(head))
		}
	}
}

// replayAll replays records in one transaction. bad is the record that can't
// be folded, if that is what went wrong.
func replayAll(ctx context.Context, into store.Store, lab store.LabID, records []store.Record, remembered *remembered) (bad *store.Record, err error) {
	err = into.Update(ctx, lab, func(tx store.Tx) error {
		bad = nil
		w := newWork(tx, remembered)
		for i := range records {
			if err := w.replay(records[i]); err != nil {
				bad = &records[i]
				return err
			}
		}
		return nil
	})
	return bad, err
}

// Verify checks a lab against its invariants: the chain of its ledger (I4),
// every entry exactly once (I1, I2), the documents against a fold of the
// ledger from scratch, byte for byte (I9), the states of its fills and pickups
// (I6), and the mass balance to the gram (I3). scratch is an empty store for
// the fold. The lab may be written to meanwhile; what is checked is the state
// when Verify began. The error is for what kept it from checking.
func Verify(ctx context.Context, s, scratch store.Store, lab store.LabID, progress Progress) ([]Fault, error) {
	v := verifier{lab: string(lab), report: progress}
	live, folded := source{ctx, s, lab}, source{ctx, scratch, lab}
	steps := []func() error{
		func() error { return v.ledger(live) },
		func() error { return v.fold(live, folded) },
		func() error { return v.compare(live, folded) },
		func() error { return v.balance(folded) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return v.faults, fmt.Errorf("verifying lab %s: %w", lab, err)
		}
		if v.stop {
			break
		}
	}
	return v.faults, nil
}

// source reads a lab page by page, each page in a View of its own: no engine
// has to keep a snapshot for as long as a long check takes.
type source struct {
	ctx context.Context // of the one Verify or Rebuild that it lives in
	s   store.Store
	lab store.LabID
}

func (x source) head() (seq store.Seq, hash store.Hash, err error) {
	err = x.s.View(x.ctx, x.lab, func(r store.Reader) error {
		seq, hash, err = r.Head()
		return err
	})
	return seq, hash, err
}

func (x source) entries(after store.Seq, limit int) (records []store.Record, err error) {
	err = x.s.View(x.ctx, x.lab, func(r store.Reader) error {
		records, err = r.Entries(after, limit)
		return err
	})
	return records, err
}

func (x source) documents(after store.Ref) (docs []store.Document, err error) {
	err = x.s.View(x.ctx, x.lab, func(r store.Reader) error {
		docs, err = r.Documents(after, verifyBatch)
		return err
	})
	return docs, err
}

type verifier struct {
	lab    string
	head   store.Seq
	faults []Fault
	stop   bool // what was found keeps the next step from making sense
	report Progress
}

func (v *verifier) fault(invariant, format string, args ...any) {
	if len(v.faults) < 1000 {
		v.faults = append(v.faults, Fault{invariant, v.lab, fmt.Sprintf(format, args...)})
	}
}

func (v *verifier) progress(done store.Seq) {
	if v.report != nil {
		v.report(int64(done), 2*int64(v.head))
	}
}

// ledger walks the chain from its start to its head.
func (v *verifier) ledger(r source) error {
	head, headHash, err := r.head()
	if err != nil {
		return err
	}
	v.head = head
	var prev store.Hash
	for after := store.Seq(0); after < head; {
		records, err := r.entries(after, verifyBatch)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			v.fault("I4", "entries after %d are missing; the head is %d", after, head)
			v.stop = true
			return nil
		}
		for _, record := range records {
			v.link(record, after+1, prev)
			prev, after = record.Hash(), record.Seq
		}
		v.progress(after)
	}
	if prev != headHash {
		v.fault("I4", "the head's hash is %s, but entry %d has %s", headHash, head, prev)
	}
	v.stop = len(v.faults) > 0 // a broken chain can't be folded
	return nil
}

// link checks one record: its place, its predecessor, its own form.
func (v *verifier) link(r store.Record, want store.Seq, prev store.Hash) {
	if r.Seq != want {
		v.fault("I4", "entry %d follows entry %d", r.Seq, want-1)
	}
	if r.Prev != prev {
		v.fault("I4", "entry %d does not continue the chain: an entry before it was changed", r.Seq)
	}
	c, _, err := parseContent(r)
	if err != nil {
		v.fault("I1", "%v", err)
		return
	}
	if c.ID != r.Entry.ID {
		v.fault("I1", "entry %d is found under the id %s, but says %s", r.Seq, r.Entry.ID, c.ID)
	}
	if again, err := canonical(c); err != nil || !bytes.Equal(again, r.Entry.Content) {
		v.fault("I1", "entry %d is not in canonical form", r.Seq)
	}
}

// fold replays the ledger up to the head found into scratch.
func (v *verifier) fold(r, scratch source) error {
	remembered := newRemembered()
	for folded := store.Seq(0); folded < v.head; {
		records, err := r.entries(folded, int(min(verifyBatch, v.head-folded)))
		if err != nil {
			return err
		}
		bad, err := replayAll(r.ctx, scratch.s, r.lab, records, remembered)
		if bad != nil && r.ctx.Err() == nil {
			v.fault("I9", "%v", err)
			v.stop = true
			return nil
		}
		if err != nil {
			return err
		}
		folded = records[len(records)-1].Seq
		v.progress(v.head + folded)
	}
	return nil
}

// compare walks the documents of both stores side by side. Documents changed
// after the head that was folded are left to the next run.
func (v *verifier) compare(r, folded source) error {
	head, hash, err := folded.head()
	if err != nil {
		return err
	}
	if now, nowHash, err := r.head(); err != nil || now == head && nowHash != hash {
		v.fault("I9", "the ledger folded again ends in %s, not in %s", hash, nowHash)
		return err
	}
	var is, want pager
	for {
		a, err := is.next(r)
		if err != nil {
			return err
		}
		b, err := want.next(folded)
		if err != nil {
			return err
		}
		switch order := compareRefs(a, b); {
		case a == nil && b == nil:
			return nil
		case order < 0:
			if due, err := v.due(r, a); err != nil {
				return err
			} else if due {
				v.fault("I9", "%s %s is there, but does not follow from the ledger", a.Kind, a.ID)
			}
			want.back()
		case order > 0:
			if now, _, err := r.head(); err != nil || now == v.head {
				v.fault("I9", "%s %s is missing", b.Kind, b.ID)
			}
			is.back()
		case !sameDocument(a, b):
			if due, err := v.due(r, a); err != nil {
				return err
			} else if due {
				v.fault("I9", "%s %s differs from what the ledger says", a.Kind, a.ID)
			}
		}
	}
}

// due reports whether a document must be what the fold says: unless an entry
// behind the head that was folded has changed it meanwhile.
func (v *verifier) due(r source, d *store.Document) (bool, error) {
	if d.Seq <= v.head {
		return true, nil
	}
	now, _, err := r.head()
	return d.Seq > now, err
}

func sameDocument(a, b *store.Document) bool {
	sortKeys := func(keys []store.Key) []store.Key {
		sorted := slices.Clone(keys)
		slices.SortFunc(sorted, func(a, b store.Key) int {
			return compareText(a.Index+"\x00"+a.Value, b.Index+"\x00"+b.Value)
		})
		return sorted
	}
	return a.Seq == b.Seq && bytes.Equal(a.Body, b.Body) && slices.Equal(sortKeys(a.Keys), sortKeys(b.Keys))
}

// pager walks all documents of a lab, and can be put back by one.
type pager struct {
	page []store.Document
	last store.Ref
	at   int
	done bool
}

func (p *pager) next(r source) (*store.Document, error) {
	if p.at == len(p.page) && !p.done {
		page, err := r.documents(p.last)
		if err != nil {
			return nil, err
		}
		p.page, p.at, p.done = page, 0, len(page) == 0
		if !p.done {
			p.last = store.Ref{Kind: page[len(page)-1].Kind, ID: page[len(page)-1].ID}
		}
	}
	p.at++
	if p.at > len(p.page) {
		return nil, nil
	}
	return &p.page[p.at-1], nil
}

func (p *pager) back() { p.at-- }

// compareRefs orders documents; a missing one comes last.
func compareRefs(a, b *store.Document) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	if a.Kind != b.Kind {
		return compareText(string(a.Kind), string(b.Kind))
	}
	return compareText(a.ID, b.ID)
}

// balance checks the masses: every fill and every cell closes to the gram, and
// the cells are the sum of the fills and of what came without any.
func (v *verifier) balance(r source) error {
	cells, counted := map[string]indicator.Activity{}, map[string]indicator.Activity{}
	var p pager
	for {
		d, err := p.next(r)
		if err != nil {
			return err
		}
		if d == nil {
			break
		}
		if err := v.weigh(d, cells, counted); err != nil {
			return err
		}
	}
	for id, sum := range counted {
		if !cells[id].Minus(sum).IsZero() {
			v.fault("I3", "cell %s is not the sum of its fills", id)
		}
		delete(cells, id)
	}
	for id, a := range cells {
		if !a.IsZero() {
			v.fault("I3", "cell %s has no fills", id)
		}
	}
	return nil
}

// weigh checks one document and adds it to the sums.
func (v *verifier) weigh(d *store.Document, cells, counted map[string]indicator.Activity) error {
	count := func(c *contribution) {
		if c != nil {
			id := (&Cell{Month: c.month, Facility: c.facility, Ward: c.ward, Stream: c.stream}).ID()
			counted[id] = counted[id].Plus(c.activity)
		}
	}
	switch d.Kind {
	case KindCell:
		cell, err := decode[Cell](*d)
		if err != nil {
			return err
		}
		if broken := cell.Activity.Check(); broken != "" {
			v.fault("I3", "cell %s does not close: %s", d.ID, broken)
		}
		cell.Booked = ""
		cells[cell.ID()] = cells[cell.ID()].Plus(cell.Activity)
	case KindFill:
		fill, err := decode[Fill](*d)
		if err != nil {
			return err
		}
		v.checkFill(fill)
		count(fill.contribution())
	case KindPickup:
		pickup, err := decode[Pickup](*d)
		if err != nil {
			return err
		}
		v.checkPickup(pickup)
		for i := range pickup.Loads {
			count(pickup.unallocated(&pickup.Loads[i]))
		}
	}
	return nil
}

func (v *verifier) checkFill(f *Fill) {
	if c := f.contribution(); c != nil {
		if broken := c.activity.Check(); broken != "" {
			v.fault("I3", "fill %s does not close: %s", f.ID, broken)
		}
	}
	if (f.CollectedAt != nil) != (f.Pickup != "") || (f.Arrival != nil || f.Haul != nil) && f.CollectedAt == nil {
		v.fault("I6", "fill %s is %s, but its pickup, arrival and haul do not fit", f.ID, f.State)
	}
}

func (v *verifier) checkPickup(p *Pickup) {
	bins := map[string]bool{}
	for _, l := range p.Lines {
		if bins[l.Fill] {
			v.fault("I6", "pickup %s has fill %s twice", p.ID, l.Fill)
		}
		bins[l.Fill] = true
	}
	for _, l := range p.Loads {
		var routes, recyclates quantity.Mass
		for _, m := range l.Routes {
			routes += m
		}
		for _, m := range l.Recyclates {
			recyclates += m
		}
		if l.AcceptedGrams != l.RecyclateGrams+routes+l.PendingGrams || recyclates != l.RecyclateGrams {
			v.fault("I3", "load %s of pickup %s does not close", l.Stream, p.ID)
		}
	}
}
