package tracking

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Entries lists the ledger from filter.After on, in order: to callers of the
// whole lab all of it, to others what their organisation recorded, and what
// was recorded about its bins and pickups by somebody who had to do with
// these. It looks at most at maxScanned entries, so that a page may be short,
// or empty, and still have a next one.
func (s *Service) Entries(ctx context.Context, c access.Caller, f EntryFilter, limit int) (out EntryList, err error) {
	if err := (Page{Limit: limit}).check(); err != nil {
		return EntryList{}, err
	}
	if f.After < 0 {
		return EntryList{}, problem.New(problem.Invalid, "page-invalid", "This page can't be asked for; see the fields.").
			With("?after", "out-of-range", "Use 0 or the number of an entry.")
	}
	err = s.view(ctx, c, access.ReadAudit, func(x *reading) error {
		out, err = x.entries(f, limit)
		return err
	})
	return out, err
}

func (x *reading) entries(f EntryFilter, limit int) (EntryList, error) {
	out := EntryList{Items: []EntryView{}}
	var err error
	if out.Head, _, err = x.Head(); err != nil {
		return out, err
	}
	const batch = 100
	for at, scanned := f.After, 0; at < out.Head; {
		records, err := x.Entries(at, batch)
		if err != nil || len(records) == 0 {
			return out, err
		}
		for _, r := range records {
			if len(out.Items) == limit || scanned == maxScanned {
				out.Next = at
				return out, nil
			}
			at = r.Seq
			scanned++
			if err := x.takeEntry(r, f, &out); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// takeEntry adds an entry to the page if it is wanted and in scope.
func (x *reading) takeEntry(r store.Record, f EntryFilter, out *EntryList) error {
	e, err := readTrail(r)
	if err != nil {
		return err
	}
	if f.Type != "" && f.Type != e.view.Content.Type || f.Actor != "" && f.Actor != e.view.Content.Actor {
		return nil
	}
	if !x.caller.LabWide() || f.Bin != "" || f.Pickup != "" {
		about, err := x.subjectOf(e.view.Content, e.body)
		if err != nil {
			return err
		}
		if f.Bin != "" && f.Bin != about.bin || f.Pickup != "" && f.Pickup != about.pickup || !x.seesEntry(e.view.Content, about) {
			return nil
		}
	}
	out.Items = append(out.Items, e.view)
	return nil
}

// Entry returns one entry: to its author, and to those who may read the trail
// and in whose scope it is. Otherwise it is a NotFound problem.
func (s *Service) Entry(ctx context.Context, c access.Caller, id string) (v EntryView, err error) {
	err = s.view(ctx, c, access.ReadOwnAccount, func(x *reading) error {
		if !storable(id, store.MaxIDBytes) {
			return errNotFound()
		}
		r, err := x.Entry(id)
		if errors.Is(err, store.ErrNotFound) {
			return errNotFound()
		}
		if err != nil {
			return err
		}
		e, err := readTrail(r)
		if err != nil {
			return err
		}
		v = e.view
		if c.Actor() != "" && c.Actor() == v.Content.Actor {
			return nil
		}
		about, err := x.subjectOf(v.Content, e.body)
		if err == nil && !(access.Allowed(access.ReadAudit, c.Role) && x.seesEntry(v.Content, about)) {
			err = errNotFound()
		}
		return err
	})
	if err != nil {
		v = EntryView{}
	}
	return v, err
}

// trailEntry is an entry of the ledger, read.
type trailEntry struct {
	view EntryView
	body Body
}

// subject is what an entry is about, as far as scope is judged by it. Fields
// that do not apply, or lead nowhere, are empty.
type subject struct{ bin, pickup, facility, recycler string }

func readTrail(r store.Record) (e trailEntry, err error) {
	c, b, err := parseContent(r)
	if err != nil {
		return e, err
	}
	o, err := parseOutcome(r)
	if err != nil {
		return e, err
	}
	hash := r.Hash()
	e.view = EntryView{Content: c, Outcome: o, Seq: r.Seq, Prev: r.Prev.String(), Hash: hash.String(), Bytes: r.Bytes}
	e.body = b
	return e, nil
}

// seesEntry judges scope. What somebody recorded about a bin or pickup that
// is not theirs waits in their own inbox; it is none of the owner's business
// either, as it would tell who tries.
func (x *reading) seesEntry(e Content, about subject) bool {
	c := x.caller
	if c.LabWide() || e.Organisation == c.Organisation() {
		return true
	}
	return c.SeesBetween(about.facility, about.recycler) && e.scope().SeesBetween(about.facility, about.recycler)
}

// subjectOf follows an entry to the bin or pickup that it is about; through
// the entries that it amends, as far as these go.
func (x *reading) subjectOf(c Content, b Body) (subject, error) {
	const maxChain = 8 // approval → correction → undone entry …
	for range maxChain {
		target := amendedEntry(c.Type, &b)
		if target == nil {
			return x.directSubject(c, b)
		}
		if !storable(*target, store.MaxIDBytes) {
			break
		}
		r, err := x.Entry(*target)
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return subject{}, err
		}
		if c, b, err = parseContent(r); err != nil {
			return subject{}, err
		}
	}
	return subject{}, nil
}

// directSubject is what an entry itself names. An entry that names both a bin
// and a pickup is of the pickup: the bin then belongs to the same facility.
func (x *reading) directSubject(c Content, b Body) (s subject, err error) {
	if _, client := bodyRules[c.Type]; !client {
		return ownTypeSubject(c), nil
	}
	switch c.Type {
	case "bin.register":
		s = subject{bin: c.ID, facility: b.Facility}
	case "pickup.plan":
		return subject{pickup: c.ID, facility: b.Facility, recycler: b.Recycler}, nil
	default:
		s = subject{bin: b.Bin, pickup: b.Pickup}
	}
	if b.Discrepancy != "" {
		s.pickup = discrepancyPickup(b.Discrepancy)
	}
	if s.bin == "" && b.Label != "" {
		l, err := known[Label](x, KindLabel, b.Label)
		if err != nil {
			return s, ignoreNotFound(err)
		}
		s.bin, s.facility = l.Bin, l.Facility
	}
	if s.pickup != "" {
		p, err := known[Pickup](x, KindPickup, s.pickup)
		if err == nil {
			s.facility, s.recycler = p.Facility, p.Recycler
		}
		return s, ignoreNotFound(err)
	}
	if s.bin != "" && s.facility == "" {
		bin, err := known[Bin](x, KindBin, s.bin)
		if err == nil {
			s.facility = bin.Facility
		}
		return s, ignoreNotFound(err)
	}
	return s, nil
}

// ownTypeSubject reads the facility off the entries that the service itself
// writes: a facility's own record, its wards, printers and denominators, labels
// issued for it, access to it.
func ownTypeSubject(c Content) subject {
	var b struct {
		Facility    string
		Doc         struct{ ID, Facility string }
		Memberships []access.Membership
	}
	if json.Unmarshal(c.Body, &b) != nil {
		return subject{} // hidden
	}
	switch {
	case c.Type == typeFacilityPut:
		return subject{facility: b.Doc.ID}
	case c.Type == typeRecyclerPut:
		return subject{recycler: b.Doc.ID}
	case c.Type == typeWardPut || c.Type == typePrinterPut || c.Type == typeDenominatorPut:
		return subject{facility: b.Doc.Facility}
	case c.Type == typeLabelIssue:
		return subject{facility: b.Facility}
	case strings.HasPrefix(string(c.Type), accessPrefix) && len(b.Memberships) == 1:
		return subject{facility: b.Memberships[0].Facility, recycler: b.Memberships[0].Recycler}
	}
	return subject{}
}
