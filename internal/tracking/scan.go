package tracking

import (
	"context"
	"errors"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// canonicalCode reads a label's code as it was typed or scanned, by itself or
// as the link on the label; "" if it is none.
func canonicalCode(text string) string {
	code, err := qrlabels.ParseCode(text)
	if err == nil {
		return code.String()
	}
	payload, err := qrlabels.ParsePayload(text)
	if err != nil {
		return ""
	}
	return payload.Code.String()
}

// Scan resolves a code, typed or scanned. It never writes. What is not there,
// and a blank label of another facility, are both unknown.
func (s *Service) Scan(ctx context.Context, c access.Caller, code string) (a ScanAnswer, err error) {
	err = s.view(ctx, c, access.Scan, func(x *reading) error {
		a = ScanAnswer{State: ScanUnknown, Code: canonicalCode(code), Actions: Actions{}}
		if a.Code == "" {
			return nil
		}
		l, err := read[Label](x.Reader, KindLabel, a.Code)
		if err != nil {
			return ignoreNotFound(err)
		}
		if l.Bin == "" {
			x.scanUnbound(&a, l)
			return nil
		}
		return x.scanBound(&a, l)
	})
	return a, err
}

func (x *reading) scanUnbound(a *ScanAnswer, l *Label) {
	forEverybody := l.Facility == "" && x.caller.Recycler == ""
	switch {
	case !forEverybody && !x.caller.SeesFacility(l.Facility):
	case l.State == LabelIsGone:
		a.State = ScanRetired
	default:
		a.State = ScanBlank
		for _, t := range []Type{"bin.register", "label.bind", "label.retire"} {
			if x.may(t) && (t != "label.retire" || x.caller.SeesFacility(l.Facility)) {
				a.Actions = append(a.Actions, t)
			}
		}
	}
}

func (x *reading) scanBound(a *ScanAnswer, l *Label) error {
	bin, err := known[Bin](x, KindBin, l.Bin)
	if err != nil {
		return err
	}
	a.State = ScanKnown
	if l.State == LabelIsGone {
		a.State = ScanRetired
	}
	if x.seesBin(bin) {
		return x.scanAtFacility(a, bin)
	}
	visits, err := x.visits(bin)
	if err != nil {
		return err
	}
	if len(visits) == 0 {
		*a = ScanAnswer{State: ScanForeign, Code: a.Code, Actions: Actions{}}
		return nil
	}
	return x.scanOnVisit(a, bin, visits)
}

func (x *reading) scanAtFacility(a *ScanAnswer, bin *Bin) (err error) {
	if a.Actions, a.Undo, err = x.binActions(bin); err != nil {
		return err
	}
	if a.Bin, err = x.card(bin); err != nil {
		return err
	}
	fill, err := known[Fill](x, KindFill, bin.Fill.ID)
	if err != nil {
		return err
	}
	before, err := x.fillBefore(fill)
	if err == nil && before != nil && before.Departure != nil {
		a.Bin.LastNetGrams = &before.Departure.NetGrams
	}
	return err
}

// scanOnVisit answers a recycler that is expected at the bin's facility: what
// the bin is, and whether it can be taken, but no mass.
func (x *reading) scanOnVisit(a *ScanAnswer, bin *Bin, visits []*Pickup) (err error) {
	fill, err := known[Fill](x, KindFill, bin.Fill.ID)
	if err != nil {
		return err
	}
	t, err := x.timelineFrom(bin, fill)
	if err != nil {
		return err
	}
	for _, p := range visits {
		b := Body{Bin: bin.ID, Pickup: p.ID}
		if x.may("pickup.scan") && len(p.Lines) < MaxLines && t.fillTakes(fill, x.hypothetical("pickup.scan", b)) {
			a.Pickups = append(a.Pickups, p.ID)
		}
	}
	if len(a.Pickups) > 0 {
		a.Actions = append(a.Actions, "pickup.scan")
	}
	for _, t := range []Type{"pickup.missing", "pickup.exception"} {
		if x.may(t) {
			a.Actions = append(a.Actions, t)
		}
	}
	if a.Undo, err = x.undoInBin(fill); err != nil {
		return err
	}
	if a.Undo != "" {
		a.Actions = append(a.Actions, "undo")
	}
	a.Bin, err = x.card(bin)
	return err
}

// A visit may be this much late, or early, and its driver still learns what a
// bin is.
const (
	visitLate  = 30 * 24 * time.Hour
	visitEarly = 7 * 24 * time.Hour
)

// visits lists the pickups of the caller's recycler at the bin's facility that
// are due or under way.
func (x *reading) visits(bin *Bin) (visits []*Pickup, err error) {
	if x.caller.Recycler == "" {
		return nil, nil
	}
	day := func(i calendar.Instant) string { return i.Time().In(calendar.Rome()).Format(time.DateOnly) }
	s := under(bin.Facility).days(day(x.now.Add(-visitLate)), day(x.now.Add(visitEarly)))
	hits, err := x.Find(store.Query{Kind: KindPickup, Index: byFacility, From: s.from, To: s.to, Limit: store.MaxFind})
	for _, h := range hits {
		p, err := decode[Pickup](h.Document)
		if err != nil {
			return nil, err
		}
		if p.Recycler == x.caller.Recycler && visiting(p) {
			visits = append(visits, p)
		}
	}
	return visits, err
}

// card shows a bin without any mass.
func (x *reading) card(bin *Bin) (*BinCard, error) {
	now := bin.now()
	ward, err := known[Ward](x, KindWard, now.Ward)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	stream, err := known[Stream](x, KindStream, now.Stream)
	if err != nil {
		return nil, err
	}
	card := BinCard{
		ID: bin.ID, Name: bin.Name, Facility: bin.Facility, Ward: now.Ward, Stream: now.Stream,
		StreamName: stream.Name, StreamNameIT: stream.NameIT, Accepts: stream.Accepts, Refuses: stream.Refuses,
		AcceptsIT: stream.AcceptsIT, RefusesIT: stream.RefusesIT, VolumeLitres: now.VolumeLitres,
		Label: bin.Label, Fill: bin.Fill, Lost: bin.Lost,
	}
	if ward != nil {
		card.WardName = ward.Name
	}
	return &card, nil
}
