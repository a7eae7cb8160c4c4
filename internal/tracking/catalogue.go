package tracking

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// The entry types that the service itself writes: the catalogue, printed
// labels. Clients can't submit them as entries.
const (
	typeLabPut      Type = "lab.put"
	typeFacilityPut Type = "facility.put"
	typeWardPut     Type = "ward.put"
	typeRecyclerPut Type = "recycler.put"
	typeStreamPut   Type = "stream.put"
	typePrinterPut  Type = "printer.put"
	typeSheetPut    Type = "sheet.put"
	typeLabelIssue  Type = "label.issue"

	typeDossierPut     Type = "dossier.put"
	typeDossierAdvance Type = "dossier.advance"
	typeBioplasticsPut Type = "bioplastic-settings.put"
)

// Versioned is a document with the number of the entry that last changed it:
// its version, for ETag and If-Match.
type Versioned[T any] struct {
	Doc T
	Seq store.Seq
}

// Write says how a change of the catalogue is to be made.
type Write struct {
	// Key makes the write idempotent: the same key of the same caller is one
	// write. Without a key every call is a new one.
	Key string
	// IfVersion is the version that the caller read; 0 creates.
	IfVersion store.Seq
}

// entryID is the id of the entry that a write makes: derived from the key if
// there is one, so that the ledger itself makes the write idempotent, for ever.
func (w Write) entryID(c access.Caller, t Type) string {
	if w.Key == "" {
		return newID()
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{c.Lab, c.Actor(), string(t), w.Key}, "\x00")))
	id, _ := uuid.FromBytes(sum[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8: by a hash of our own
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// CreateLab writes the lab's first entry. It does nothing if the lab is there.
func (s *Service) CreateLab(ctx context.Context, id, name string) error {
	v := &validation{}
	v.id(id, "/id")
	v.text(name, "/name", true, 120)
	if err := v.err(); err != nil {
		return err
	}
	c := access.Caller{Membership: access.Membership{Lab: id}, User: "system"}
	_, err := putCatalogue[Lab](ctx, s, c, Write{Key: "create"}, typeLabPut, &Lab{ID: id, Name: name})
	if problem.Is(err, "idempotency-key-reused") {
		return nil // it is there, by another name
	}
	return err
}

// PutFacility creates a facility (without id and version) or replaces one.
func (s *Service) PutFacility(ctx context.Context, c access.Caller, w Write, f Facility) (Versioned[Facility], error) {
	return putCatalogue[Facility](ctx, s, c, w, typeFacilityPut, &f)
}

// PutWard creates a ward or replaces one. Its facility can't change.
func (s *Service) PutWard(ctx context.Context, c access.Caller, w Write, ward Ward) (Versioned[Ward], error) {
	return putCatalogue[Ward](ctx, s, c, w, typeWardPut, &ward)
}

// PutRecycler creates a recycler or replaces one.
func (s *Service) PutRecycler(ctx context.Context, c access.Caller, w Write, r Recycler) (Versioned[Recycler], error) {
	return putCatalogue[Recycler](ctx, s, c, w, typeRecyclerPut, &r)
}

// PutStream creates a stream or replaces one. A new bulk density takes effect
// from now on.
func (s *Service) PutStream(ctx context.Context, c access.Caller, w Write, stream Stream) (Versioned[Stream], error) {
	return putCatalogue[Stream](ctx, s, c, w, typeStreamPut, &stream)
}

// PutPrinter creates a printer or replaces one. Managers have those of their
// facility; the lab's are its coordinator's.
func (s *Service) PutPrinter(ctx context.Context, c access.Caller, w Write, p Printer) (Versioned[Printer], error) {
	return putCatalogue[Printer](ctx, s, c, w, typePrinterPut, &p)
}

// PutSheet creates a sheet of stickers under an id of the caller's choice, or
// replaces one that is not built in. Only the coordinator replaces them: a sheet
// that one facility changes would misprint another's labels.
func (s *Service) PutSheet(ctx context.Context, c access.Caller, w Write, sheet Sheet) (Versioned[Sheet], error) {
	if err := c.May(access.WriteSheets); err != nil {
		return Versioned[Sheet]{}, err
	}
	if _, ok := print.SheetByID(sheet.ID); ok {
		return Versioned[Sheet]{}, problem.New(problem.Unprocessable, "sheet-built-in",
			"This sheet is built in and stays as it is: describe yours under another id.")
	}
	if w.IfVersion != 0 && !c.LabWide() {
		return Versioned[Sheet]{}, problem.New(problem.Forbidden, "sheet-of-the-lab",
			"Sheets are the whole lab's, and its coordinator changes them: describe yours under another id.")
	}
	sheet.BuiltIn = false
	return putCatalogue[Sheet](ctx, s, c, w, typeSheetPut, &sheet)
}

// writeActions are what it takes to write what is not the coordinator's alone.
var writeActions = map[Type]access.Action{
	typePrinterPut: access.WritePrinters, typeSheetPut: access.WriteSheets,
	typeFactorSetPut: access.WriteFactorSets, typeBaselinePut: access.WriteBaselines, typeDenominatorPut: access.WriteDenominators,
	typePilotPut: access.WritePilots, typeAssessmentPut: access.WriteAssessment,
	typeDossierPut: access.WriteBioplastics, typeBioplasticsPut: access.WriteBioplastics,
}

// writeAction is what a caller must be allowed to do to write a type of entry.
func writeAction(t Type) access.Action {
	if action, ok := writeActions[t]; ok {
		return action
	}
	return access.WriteCatalogue
}

// catalogued is a document of the catalogue.
type catalogued[T any] interface {
	*T
	document
	setID(string)
	check(*validation)
	// admit checks the document against what is recorded; old is nil for a
	// new one. It may fill in what the client can't set.
	admit(w *work, old *T) error
}

// confined is a document of the catalogue that not everybody in the lab sees.
type confined interface{ seenBy(access.Caller) bool }

// abridged is a document of which the ledger keeps less than all of a request,
// to know it again: a large one would be in its entry twice.
type abridged interface{ asked() any }

// askedFor is what the ledger keeps of a request.
func askedFor(doc any) ([]byte, error) {
	if a, ok := doc.(abridged); ok {
		return json.Marshal(a.asked())
	}
	return json.Marshal(doc)
}

// putCatalogue records the new content of a catalogue document.
func putCatalogue[T any, P catalogued[T]](ctx context.Context, s *Service, c access.Caller, w Write, t Type, doc P) (Versioned[T], error) {
	if c.User != "system" {
		if err := c.May(writeAction(t)); err != nil {
			return Versioned[T]{}, err
		}
	}
	v := &validation{}
	doc.check(v)
	if w.IfVersion != 0 && (doc.id() == "" || v.faulty("/id")) {
		return Versioned[T]{}, errNotFound() // no document has such an id
	}
	if v.err() != nil {
		return Versioned[T]{}, v.err()
	}
	entry, now := w.entryID(c, t), s.instant()
	if doc.id() == "" {
		doc.setID(entry)
	}
	asked := *doc
	var put Versioned[T]
	err := s.store.Update(ctx, store.LabID(c.Lab), func(tx store.Tx) error {
		again := asked
		var err error
		put, err = recordCatalogue[T, P](tx, newContent(c, entry, t, now, now), w, &again)
		return err
	})
	return put, err
}

func recordCatalogue[T any, P catalogued[T]](tx store.Tx, c Content, w Write, doc P) (Versioned[T], error) {
	asked, err := askedFor(doc)
	if err != nil {
		return Versioned[T]{}, err
	}
	if first, err := tx.Entry(c.ID); err == nil {
		return repeatedWrite[T, P](tx, first, doc)
	}
	work := newWork(tx, nil)
	work.recorded, work.by = c.RecordedAt, c.scope()
	old, err := currentVersion[T, P](work, w, doc)
	if err != nil {
		return Versioned[T]{}, err
	}
	if err := doc.admit(work, old); err != nil {
		return Versioned[T]{}, err
	}
	p := prepared{content: c}
	if err := p.canonicalise(struct {
		Asked json.RawMessage `json:"asked"`
		Doc   P               `json:"doc"`
	}{asked, doc}); err != nil {
		return Versioned[T]{}, err
	}
	seq, err := appendEntry(tx, c.ID, p.canonical, Outcome{Status: WasApplied})
	if err != nil {
		return Versioned[T]{}, err
	}
	work.put(doc)
	return Versioned[T]{*doc, seq}, work.flush()
}

// currentVersion returns the document that a write replaces, or nil.
func currentVersion[T any, P catalogued[T]](work *work, w Write, doc P) (*T, error) {
	unknown := problem.New(problem.NotFound, "not-found", "There is no such %s.", doc.kind())
	d, err := work.tx.Get(doc.kind(), doc.id())
	switch {
	case errors.Is(err, store.ErrNotFound) && w.IfVersion == 0:
		return nil, nil
	case errors.Is(err, store.ErrNotFound):
		return nil, unknown
	case err != nil:
		return nil, err
	}
	old, err := decode[T, P](d)
	if err != nil {
		return nil, err
	}
	// Before the version, which would tell that it is there.
	if f, ok := any(old).(confined); ok && !f.seenBy(work.by) {
		return nil, unknown
	}
	switch {
	case w.IfVersion == 0:
		return nil, problem.New(problem.Conflict, "id-taken", "There is a %s with this id: choose another, or change that one.", doc.kind())
	case d.Seq != w.IfVersion:
		return nil, problem.New(problem.Precondition, "version-changed",
			"The %s was changed since you read it: read it again, and decide again.", doc.kind())
	}
	return (*T)(old), nil
}

// repeatedWrite answers a key that was used before.
func repeatedWrite[T any, P catalogued[T]](tx store.Tx, first store.Record, doc P) (Versioned[T], error) {
	var c Content
	var body struct{ Asked, Doc json.RawMessage }
	if err := json.Unmarshal(first.Entry.Content, &c); err != nil {
		return Versioned[T]{}, err
	}
	if err := json.Unmarshal(c.Body, &body); err != nil {
		return Versioned[T]{}, err
	}
	asked, err := askedFor(doc)
	if err != nil {
		return Versioned[T]{}, err
	}
	if !sameJSON(asked, body.Asked) {
		return Versioned[T]{}, problem.New(problem.Unprocessable, "idempotency-key-reused",
			"This Idempotency-Key was used for another request. Make a new key for a new request.")
	}
	var was T
	if err := json.Unmarshal(body.Doc, &was); err != nil {
		return Versioned[T]{}, err
	}
	return Versioned[T]{was, first.Seq}, nil
}

// replayCatalogue stages the document of a catalogue entry when the ledger is
// folded again.
func replayCatalogue[T any, P catalogued[T]](w *work, c Content) error {
	var body struct{ Doc T }
	if err := json.Unmarshal(c.Body, &body); err != nil {
		return fmt.Errorf("reading the body of entry %s: %w", c.ID, err)
	}
	w.put(P(&body.Doc))
	return nil
}
