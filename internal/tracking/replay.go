package tracking

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/store"
)

// replay applies a record of a ledger to a store that holds what came before
// it: the documents, the bytes and the outcome come out as they were.
func (w *work) replay(r store.Record) error {
	c, body, err := parseContent(r)
	if err != nil {
		return err
	}
	if _, client := bodyRules[c.Type]; client {
		_, seq, err := w.applyAndAppend(&prepared{content: c, body: body, canonical: r.Entry.Content})
		return inPlace(r, seq, err)
	}
	seq, err := w.tx.Append(r.Entry)
	if err := inPlace(r, seq, err); err != nil {
		return err
	}
	w.recorded = c.RecordedAt
	if err := w.replayOwn(c, r); err != nil {
		return err
	}
	return w.flush()
}

func inPlace(r store.Record, seq store.Seq, err error) error {
	if err != nil {
		return fmt.Errorf("folding entry %d again: %w", r.Seq, err)
	}
	if seq != r.Seq {
		return fmt.Errorf("folding entry %d again: it became number %d", r.Seq, seq)
	}
	return nil
}

// replayOwn stages what an entry of the service's own types does.
func (w *work) replayOwn(c Content, r store.Record) error {
	switch c.Type {
	case typeLabPut:
		return replayCatalogue[Lab](w, c)
	case typeFacilityPut:
		return replayCatalogue[Facility](w, c)
	case typeWardPut:
		return replayCatalogue[Ward](w, c)
	case typeRecyclerPut:
		return replayCatalogue[Recycler](w, c)
	case typeStreamPut:
		return replayCatalogue[Stream](w, c)
	case typePrinterPut:
		return replayCatalogue[Printer](w, c)
	case typeSheetPut:
		return replayCatalogue[Sheet](w, c)
	case typeFactorSetPut:
		return replayFactorSet(w, c)
	case typeBaselinePut:
		return replayCatalogue[Baseline](w, c)
	case typeDenominatorPut:
		return replayCatalogue[Denominator](w, c)
	case typePilotPut:
		return replayCatalogue[Pilot](w, c)
	case typeAssessmentPut:
		return replayCatalogue[Assessment](w, c)
	case typeReportPut:
		return w.replayReport(c)
	case typeDossierPut:
		return replayCatalogue[Dossier](w, c)
	case typeDossierAdvance:
		return replayStep(w, c)
	case typeBioplasticsPut:
		return replayCatalogue[BioplasticSettings](w, c)
	case typeLabelIssue:
		_, issue, err := parseIssue(r)
		w.putBatch(c, issue)
		return err
	}
	if strings.HasPrefix(string(c.Type), accessPrefix) {
		return nil
	}
	return fmt.Errorf("entry %d is of a type that this version does not know: %s", r.Seq, c.Type)
}

// accessPrefix begins the types of entries about people and devices, which
// identity makes: the ledger keeps them as trail, no document follows.
const accessPrefix = "access."

// AccessChange is a change to who may do what, as the ledger keeps it: ids,
// never names.
type AccessChange struct {
	ID          string              `json:"-"` // of the entry
	Type        string              `json:"-"` // access.…
	Subject     string              `json:"subject"`
	Memberships []access.Membership `json:"memberships,omitempty"`
}

// RecordAccess adds a change of access to the lab's ledger. Recording the same
// id again does nothing.
func (s *Service) RecordAccess(ctx context.Context, c access.Caller, change AccessChange) error {
	if !strings.HasPrefix(change.Type, accessPrefix) {
		return fmt.Errorf("%q is not a type of access entry", change.Type)
	}
	if err := uuid.Validate(change.ID); err != nil {
		return fmt.Errorf("id of access entry: %w", err)
	}
	now := s.instant()
	p := prepared{content: newContent(c, change.ID, Type(change.Type), now, now)}
	if p.content.Actor == "" {
		p.content.Actor = "system"
	}
	if err := p.canonicalise(change); err != nil {
		return err
	}
	return s.store.Update(ctx, store.LabID(c.Lab), func(tx store.Tx) error {
		if _, err := tx.Entry(change.ID); err == nil {
			return nil
		}
		_, err := appendEntry(tx, change.ID, p.canonical, Outcome{Status: WasApplied})
		return err
	})
}
