package tracking

import (
	"fmt"
	"strings"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/store"
)

// document is what work keeps: a pointer to one of the document types.
type document interface {
	kind() store.Kind
	id() string
	keys() []store.Key
}

// Indexes by which documents are found. The values of a key are joined by "|";
// ids never contain it.
const (
	byFacility = "facility"
	byRecycler = "recycler"
	byBin      = "bin"
	byBatch    = "batch"
	byClosed   = "closed"
	byIssue    = "issue"
	byDossier  = "dossier"
)

func key(index string, parts ...string) store.Key {
	return store.Key{Index: index, Value: strings.Join(parts, "|")}
}

func (l *Lab) kind() store.Kind  { return KindLab }
func (l *Lab) id() string        { return string(KindLab) }
func (l *Lab) keys() []store.Key { return nil }

func (f *Facility) kind() store.Kind  { return KindFacility }
func (f *Facility) id() string        { return f.ID }
func (f *Facility) keys() []store.Key { return nil }

func (w *Ward) kind() store.Kind  { return KindWard }
func (w *Ward) id() string        { return w.ID }
func (w *Ward) keys() []store.Key { return []store.Key{key(byFacility, w.Facility)} }

func (r *Recycler) kind() store.Kind  { return KindRecycler }
func (r *Recycler) id() string        { return r.ID }
func (r *Recycler) keys() []store.Key { return nil }

func (s *Stream) kind() store.Kind  { return KindStream }
func (s *Stream) id() string        { return s.ID }
func (s *Stream) keys() []store.Key { return nil }

func (p *Printer) kind() store.Kind  { return KindPrinter }
func (p *Printer) id() string        { return p.ID }
func (p *Printer) keys() []store.Key { return []store.Key{key(byFacility, p.Facility)} }

func (s *Sheet) kind() store.Kind  { return KindSheet }
func (s *Sheet) id() string        { return sheetKey(s.ID) }
func (s *Sheet) keys() []store.Key { return nil }

func (l *Label) kind() store.Kind { return KindLabel }
func (l *Label) id() string       { return l.Code }
func (l *Label) keys() []store.Key {
	return []store.Key{key(byFacility, l.Facility, string(l.State)), key(byBatch, l.Batch)}
}

func (b *Batch) kind() store.Kind { return KindBatch }
func (b *Batch) id() string       { return b.ID }
func (b *Batch) keys() []store.Key {
	issued := b.IssuedAt.SortKey()
	return []store.Key{key(byIssue, issued), key(byFacility, b.Facility, issued)}
}

func (b *Bin) kind() store.Kind { return KindBin }
func (b *Bin) id() string       { return b.ID }
func (b *Bin) keys() []store.Key {
	state := string(b.Fill.State)
	if b.Retired != nil {
		state = "retired"
	}
	return []store.Key{key(byFacility, b.Facility, state)}
}

func (f *Fill) kind() store.Kind { return KindFill }
func (f *Fill) id() string       { return f.ID }
func (f *Fill) keys() []store.Key {
	keys := []store.Key{f.startKey()}
	if f.ClosedAt != nil {
		keys = append(keys, key(byClosed, f.Facility, f.ClosedAt.SortKey()))
	}
	if f.CollectedAt != nil {
		keys = append(keys, key(byRecycler, f.Recycler, f.CollectedAt.SortKey()))
	}
	return keys
}

// fillKey orders the fills of a bin as facts are ordered: by start, then by
// the entry that started them.
func fillKey(bin string, at calendar.Instant, id string) store.Key {
	return key(byBin, bin, at.SortKey(), id)
}

// startKey is where the fill stands among those of its bin. The first comes
// before all: what a phone with a slow clock says happened before the bin was
// registered belongs to it.
func (f *Fill) startKey() store.Key {
	if f.ID == f.Bin {
		return fillKey(f.Bin, 0, f.ID)
	}
	return fillKey(f.Bin, f.StartedAt, f.ID)
}

func (p *Pickup) kind() store.Kind { return KindPickup }
func (p *Pickup) id() string       { return p.ID }
func (p *Pickup) keys() []store.Key {
	return []store.Key{key(byFacility, p.Facility, p.PlannedFor), key(byRecycler, p.Recycler, p.PlannedFor)}
}

func (r *Receipt) kind() store.Kind { return KindReceipt }
func (r *Receipt) id() string       { return r.ID }
func (r *Receipt) keys() []store.Key {
	return between(r.Facility, r.Recycler, r.ReceivedAt.SortKey())
}

func (t *Treatment) kind() store.Kind { return KindTreatment }
func (t *Treatment) id() string       { return t.ID }
func (t *Treatment) keys() []store.Key {
	return between(t.Facility, t.Recycler, t.TreatedAt.SortKey())
}

func (d *Discrepancy) kind() store.Kind { return KindDiscrepancy }
func (d *Discrepancy) id() string       { return d.ID }
func (d *Discrepancy) keys() []store.Key {
	return between(d.Facility, d.Recycler, d.OpenedAt.SortKey())
}

func (r *Review) kind() store.Kind { return KindReview }
func (r *Review) id() string       { return r.Entry }
func (r *Review) keys() []store.Key {
	return between(r.Facility, r.Recycler, r.At.SortKey())
}

func (a *Awaited) kind() store.Kind  { return KindAwaited }
func (a *Awaited) id() string        { return a.Subject }
func (a *Awaited) keys() []store.Key { return nil }

func (c *Cell) kind() store.Kind  { return KindCell }
func (c *Cell) id() string        { return c.ID() }
func (c *Cell) keys() []store.Key { return nil }

func (c *Cube) kind() store.Kind  { return KindCube }
func (c *Cube) id() string        { return string(KindCube) }
func (c *Cube) keys() []store.Key { return nil }

func (d *Dossier) kind() store.Kind  { return KindDossier }
func (d *Dossier) id() string        { return d.ID }
func (d *Dossier) keys() []store.Key { return nil }

func (t *Transition) kind() store.Kind { return KindTransition }
func (t *Transition) id() string       { return t.ID }
func (t *Transition) keys() []store.Key {
	return []store.Key{key(byDossier, t.Dossier, fmt.Sprintf("%09d", t.Number))}
}

func (s *BioplasticSettings) kind() store.Kind  { return KindBioplastics }
func (s *BioplasticSettings) id() string        { return string(KindBioplastics) }
func (s *BioplasticSettings) keys() []store.Key { return nil }

// between makes a document findable by either side.
func between(facility, recycler, rest string) []store.Key {
	var keys []store.Key
	if facility != "" {
		keys = append(keys, key(byFacility, facility, rest))
	}
	if recycler != "" {
		keys = append(keys, key(byRecycler, recycler, rest))
	}
	return keys
}
