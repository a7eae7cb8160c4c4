package tracking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/bioplastic"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// MaxDossiers is how many dossiers a lab has at most.
const MaxDossiers = 500

// Dossier is the evaluation of one bioplastic, as the ledger keeps it. It is
// the whole lab's.
type Dossier struct {
	ID string `json:"id"`
	bioplastic.Dossier
}

// Transition is one step of a dossier.
type Transition struct {
	ID       string             `json:"id"` // of the entry
	Dossier  string             `json:"dossier"`
	Number   int                `json:"number"` // 1, 2, 3 … within the dossier
	At       calendar.Instant   `json:"at"`
	By       string             `json:"by"` // whose step it is: an id
	From     bioplastic.State   `json:"from"`
	Evidence bioplastic.Advance `json:"evidence"`
}

// BioplasticSettings are what the lab chooses about bioplastics.
type BioplasticSettings struct {
	Threshold bioplastic.PartsPerMillion `json:"thresholdPpm"` // of bioplastics in a twin's stream
}

// dayOf is the day on the clocks of Rome.
func dayOf(i calendar.Instant) bioplastic.Day {
	return bioplastic.Day(i.Time().In(calendar.Rome()).Format(time.DateOnly))
}

func (d *Dossier) setID(id string) { d.ID = id }
func (d *Dossier) check(v *validation) {
	v.optionalID(d.ID, "/id")
	v.fields = append(v.fields, d.Profile.Check()...)
}

// admit leaves state and file as they were: only steps change them.
func (d *Dossier) admit(w *work, old *Dossier) error {
	if old == nil {
		d.State, d.File, d.Steps = bioplastic.NotAssessed, bioplastic.File{}, 0
		return admitOneMoreDossier(w)
	}
	revised := old.Dossier
	if err := revised.Revise(d.Profile); err != nil {
		return err
	}
	d.Dossier = revised
	return nil
}

func admitOneMoreDossier(w *work) error {
	there, err := w.tx.Find(store.Query{Kind: KindDossier, Limit: MaxDossiers})
	if err == nil && len(there) == MaxDossiers {
		err = problem.New(problem.Unprocessable, "too-many-dossiers", "The lab has %d dossiers, which is the most: change one that is not used any more.", MaxDossiers)
	}
	return err
}

func (s *BioplasticSettings) setID(string) {}
func (s *BioplasticSettings) check(v *validation) {
	v.ok(s.Threshold >= 1 && s.Threshold <= bioplastic.MaxThreshold, "/thresholdPpm", "out-of-range",
		fmt.Sprintf("Use 1 to %d parts per million.", bioplastic.MaxThreshold))
}
func (s *BioplasticSettings) admit(*work, *BioplasticSettings) error { return nil }

// PutDossier creates a dossier (without id and version) or replaces its profile.
func (s *Service) PutDossier(ctx context.Context, c access.Caller, w Write, id string, p bioplastic.Profile) (Versioned[DossierView], error) {
	put, err := putCatalogue[Dossier](ctx, s, c, w, typeDossierPut, &Dossier{ID: id, Dossier: bioplastic.Dossier{Profile: p}})
	if err != nil {
		return Versioned[DossierView]{}, err
	}
	return Versioned[DossierView]{dossierOn(&put.Doc, s.instant()), put.Seq}, nil
}

// PutBioplasticSettings replaces the settings. Before the first time their
// version is that of the lab's first entry.
func (s *Service) PutBioplasticSettings(ctx context.Context, c access.Caller, w Write, settings BioplasticSettings) (Versioned[BioplasticSettings], error) {
	first := w.IfVersion == builtInVersion // no settings are written by that entry
	if first {
		w.IfVersion = 0
	}
	v, err := putCatalogue[BioplasticSettings](ctx, s, c, w, typeBioplasticsPut, &settings)
	if first && problem.Is(err, "id-taken") || problem.Is(err, "not-found") { // there always are some
		err = problem.VersionChanged()
	}
	return v, err
}

// step is the body of an entry dossier.advance: what was asked, and what
// followed. The dossier as it is afterwards is folded from both, without
// judging again.
type step struct {
	Dossier string             `json:"dossier"`
	Number  int                `json:"number"`
	Asked   bioplastic.Advance `json:"asked"`
	From    bioplastic.State   `json:"from"`
	After   bioplastic.File    `json:"after"` // the evidence on file
}

// AdvanceDossier takes a dossier a step on, back, or out. Write.IfVersion is
// the version that the caller read.
func (s *Service) AdvanceDossier(ctx context.Context, c access.Caller, w Write, id string, a bioplastic.Advance) (Versioned[Transition], error) {
	if err := c.May(access.WriteBioplastics); err != nil {
		return Versioned[Transition]{}, err
	}
	if !validID(id) {
		return Versioned[Transition]{}, errNotFound()
	}
	v := &validation{fields: a.Check()}
	if err := v.err(); err != nil {
		return Versioned[Transition]{}, err
	}
	entry, now := w.entryID(c, typeDossierAdvance), s.instant()
	content := newContent(c, entry, typeDossierAdvance, now, now)
	var made Versioned[Transition]
	err := s.store.Update(ctx, store.LabID(c.Lab), func(tx store.Tx) error {
		var err error
		made, err = recordStep(tx, content, w, id, a)
		return err
	})
	return made, err
}

func recordStep(tx store.Tx, c Content, w Write, id string, a bioplastic.Advance) (Versioned[Transition], error) {
	if first, err := tx.Entry(c.ID); err == nil {
		return repeatedStep(first, id, a)
	} else if !errors.Is(err, store.ErrNotFound) {
		return Versioned[Transition]{}, err
	}
	if w.IfVersion == 0 {
		return Versioned[Transition]{}, problem.VersionChanged() // a step is made from what was read
	}
	work := newWork(tx, nil)
	work.recorded, work.by = c.RecordedAt, c.scope()
	old, err := currentVersion[Dossier](work, w, &Dossier{ID: id})
	if err != nil {
		return Versioned[Transition]{}, err
	}
	day := dayOf(c.RecordedAt)
	next, err := old.Advance(a, day)
	if err != nil {
		return Versioned[Transition]{}, err
	}
	b := step{id, next.Steps, a, old.Standing(day).State, next.File}
	p := prepared{content: c}
	if err := p.canonicalise(b); err != nil {
		return Versioned[Transition]{}, err
	}
	seq, err := appendEntry(tx, c.ID, p.canonical, Outcome{Status: WasApplied})
	if err != nil {
		return Versioned[Transition]{}, err
	}
	return Versioned[Transition]{work.putStep(old, c, b), seq}, work.flush()
}

// putStep stages a dossier after a step, and the step.
func (w *work) putStep(d *Dossier, c Content, b step) Transition {
	after := *d // what was read may be somebody else's
	after.State, after.File, after.Steps = b.Asked.To, b.After, b.Number
	t := transition(c, b)
	w.put(&after)
	w.put(&t)
	return t
}

func transition(c Content, b step) Transition {
	return Transition{ID: c.ID, Dossier: b.Dossier, Number: b.Number, At: c.RecordedAt, By: c.Actor, From: b.From, Evidence: b.Asked}
}

// replayStep stages what an entry dossier.advance did.
func replayStep(w *work, c Content) error {
	b, err := parseStep(c)
	if err != nil {
		return err
	}
	d, err := fetch[Dossier](w, KindDossier, b.Dossier)
	if err != nil {
		return fmt.Errorf("dossier of entry %s: %w", c.ID, err)
	}
	w.putStep(d, c, b)
	return nil
}

func parseStep(c Content) (b step, err error) {
	if err = json.Unmarshal(c.Body, &b); err != nil {
		err = fmt.Errorf("reading the body of entry %s: %w", c.ID, err)
	}
	return b, err
}

// repeatedStep answers a key that was used before.
func repeatedStep(first store.Record, id string, a bioplastic.Advance) (Versioned[Transition], error) {
	var c Content
	if err := json.Unmarshal(first.Entry.Content, &c); err != nil {
		return Versioned[Transition]{}, err
	}
	b, err := parseStep(c)
	if err != nil {
		return Versioned[Transition]{}, err
	}
	was, err := json.Marshal(b.Asked)
	if err != nil {
		return Versioned[Transition]{}, err
	}
	asked, err := json.Marshal(a)
	if err != nil {
		return Versioned[Transition]{}, err
	}
	if b.Dossier != id || !sameJSON(asked, was) {
		return Versioned[Transition]{}, problem.New(problem.Unprocessable, "idempotency-key-reused",
			"This Idempotency-Key was used for another request. Make a new key for a new request.")
	}
	return Versioned[Transition]{transition(c, b), first.Seq}, nil
}
