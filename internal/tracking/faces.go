package tracking

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

// LabelSelection says which labels are to be printed: those of a batch, or
// those with these codes.
type LabelSelection struct {
	Batch string
	State LabelState // of a batch only those that are blank, or bound; "": both
	Codes []string   // however they are typed
}

// LabelFace is what a printed label shows, as of now.
type LabelFace struct {
	Code     qrlabels.Code
	State    LabelState
	Facility string        // its name; "" if it is not known yet
	Ward     string        // its name; "" if it is not known yet
	Stream   *print.Stream // nil on a label that no bin has yet; one for all labels of a stream
}

// maxLabelFaults bounds the codes that are named in one refusal.
const maxLabelFaults = 50

// LabelFaces gathers what the labels of a selection show: the codes in their
// order, a batch in the order of issue and without its retired labels. A code
// that can't be printed is a problem that names its place; it does not tell
// what is unknown from what is not the caller's.
func (s *Service) LabelFaces(ctx context.Context, c access.Caller, sel LabelSelection) (faces []LabelFace, err error) {
	if err := c.May(access.PrintLabels); err != nil {
		return nil, err
	}
	if err := sel.check(); err != nil {
		return nil, err
	}
	err = s.view(ctx, c, access.PrintLabels, func(x *reading) error {
		pick := x.labelsOf
		if sel.Batch != "" {
			pick = x.labelsOfBatch
		}
		labels, err := pick(sel)
		if err != nil {
			return err
		}
		faces, err = x.faces(labels)
		return err
	})
	return faces, err
}

func (sel LabelSelection) check() error {
	if len(sel.Codes) > MaxLabels {
		return problem.New(problem.Invalid, "too-many-labels", "Print at most %d labels at once.", MaxLabels).
			With("/codes", "too-many", fmt.Sprintf("At most %d codes.", MaxLabels))
	}
	v := &validation{}
	v.ok(sel.Batch != "" || len(sel.Codes) > 0, "/codes", "required", "Name the labels by their codes, or a batch.")
	v.ok(sel.Batch == "" || len(sel.Codes) == 0, "/batch", "not-allowed", "Name a batch or codes, not both.")
	v.ok(sel.State == "" || sel.Batch != "", "/state", "not-allowed", "This narrows a batch; codes say themselves what is printed.")
	if sel.State != "" {
		v.oneOf(string(sel.State), "/state", string(Blank), string(Bound))
	}
	return v.err()
}

// labelsOfBatch lists what there is to print of a batch.
func (x *reading) labelsOfBatch(sel LabelSelection) ([]*Label, error) {
	batch, _, err := found[Batch](x, KindBatch, sel.Batch, seesBatch(x.caller))
	if problem.Is(err, "not-found") {
		return nil, unknownReference(store.ErrNotFound, "/batch", "batch")
	}
	if err != nil {
		return nil, err
	}
	record, err := x.Entry(batch.ID)
	if err != nil {
		return nil, err
	}
	_, issue, err := parseIssue(record)
	if err != nil {
		return nil, err
	}
	var labels []*Label
	for _, code := range issue.Codes {
		l, err := read[Label](x.Reader, KindLabel, code)
		if err != nil {
			return nil, err
		}
		if !seesLabel(x.caller)(l) || l.State == LabelIsGone || sel.State != "" && sel.State != l.State {
			continue
		}
		if gone, err := x.binIsRetired(l); err != nil {
			return nil, err
		} else if !gone {
			labels = append(labels, l)
		}
	}
	if len(labels) == 0 {
		return nil, problem.New(problem.Unprocessable, "no-labels", "There is nothing to print: no label of this batch is left in this state.")
	}
	return labels, nil
}

// labelsOf lists the labels with the codes, or says all that keeps them from
// being printed; the problem has the code of the first fault.
func (x *reading) labelsOf(sel LabelSelection) ([]*Label, error) {
	var labels []*Label
	var refusal *problem.Error
	seen := map[string]bool{}
	for i, typed := range sel.Codes {
		l, fault, err := x.printable(typed, seen)
		if err != nil {
			return nil, err
		}
		if fault.code == "" {
			labels = append(labels, l)
			continue
		}
		if refusal == nil {
			refusal = problem.New(problem.Unprocessable, fault.code, "Not all of these labels can be printed; see the fields.")
		}
		if len(refusal.Fields) < maxLabelFaults {
			refusal.With(fmt.Sprintf("/codes/%d", i), fault.code, fault.detail)
		}
	}
	if refusal != nil {
		return nil, refusal
	}
	return labels, nil
}

// labelFault is why a label is not printed.
type labelFault struct{ code, detail string }

// printable finds a label to print by its code.
func (x *reading) printable(typed string, seen map[string]bool) (*Label, labelFault, error) {
	code := canonicalCode(typed)
	if code == "" {
		return nil, labelFault{"label-invalid", "This is not a label's code."}, nil
	}
	if seen[code] {
		return nil, labelFault{"label-repeated", "Name each label once."}, nil
	}
	seen[code] = true
	l, err := read[Label](x.Reader, KindLabel, code)
	if errors.Is(err, store.ErrNotFound) || err == nil && !seesLabel(x.caller)(l) {
		return nil, labelFault{"label-unknown", "There is no label with this code, or it is not yours to see."}, nil
	}
	if err != nil {
		return nil, labelFault{}, err
	}
	if l.State == LabelIsGone {
		return nil, labelFault{"label-retired", "This label is retired: print the bin's current label instead."}, nil
	}
	if gone, err := x.binIsRetired(l); gone || err != nil {
		return nil, labelFault{"bin-retired", "The bin with this label is retired."}, err
	}
	return l, labelFault{}, nil
}

// binIsRetired reports whether a label is on a bin that is out of use.
func (x *reading) binIsRetired(l *Label) (bool, error) {
	if l.Bin == "" {
		return false, nil
	}
	bin, err := known[Bin](x, KindBin, l.Bin)
	return err == nil && bin.Retired != nil, err
}

// faces looks up what the labels show. The catalogue is read once.
func (x *reading) faces(labels []*Label) ([]LabelFace, error) {
	faces := make([]LabelFace, len(labels))
	streams := map[string]*print.Stream{}
	for i, l := range labels {
		if err := x.ctx.Err(); err != nil {
			return nil, err
		}
		f, err := x.face(l, streams)
		if err != nil {
			return nil, fmt.Errorf("label %s: %w", l.Code, err)
		}
		faces[i] = f
	}
	return faces, nil
}

func (x *reading) face(l *Label, streams map[string]*print.Stream) (f LabelFace, err error) {
	f.State = l.State
	if f.Code, err = qrlabels.ParseCode(l.Code); err != nil {
		return f, err
	}
	if l.Facility != "" {
		facility, err := known[Facility](x, KindFacility, l.Facility)
		if err != nil {
			return f, err
		}
		f.Facility = facility.Name
	}
	if l.Bin == "" {
		return f, nil
	}
	bin, err := known[Bin](x, KindBin, l.Bin)
	if err != nil {
		return f, err
	}
	now := bin.now()
	ward, err := known[Ward](x, KindWard, now.Ward)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return f, err
	}
	if err == nil {
		f.Ward = ward.Name
	}
	if f.Stream = streams[now.Stream]; f.Stream != nil {
		return f, nil
	}
	stream, err := known[Stream](x, KindStream, now.Stream)
	if err != nil {
		return f, err
	}
	f.Stream = stream.face()
	streams[now.Stream] = f.Stream
	return f, nil
}

// face is the stream as labels show it.
func (s *Stream) face() *print.Stream {
	shown := print.Stream{
		Name: print.Words{IT: s.NameIT, EN: s.Name}, Colour: s.Colour,
		Accepts: print.Lists{IT: s.AcceptsIT, EN: s.Accepts}, Refuses: print.Lists{IT: s.RefusesIT, EN: s.Refuses},
	}
	for _, p := range s.Pictograms {
		shown.Pictograms = append(shown.Pictograms, print.Pictogram(p))
	}
	return &shown
}

// PrintSetup finds what labels are printed on: the named sheet, or ("") the
// one that the printer usually holds; and how the printer is off, if one is
// named.
func (s *Service) PrintSetup(ctx context.Context, c access.Caller, sheet, printer string) (on print.Sheet, by print.Printer, err error) {
	err = s.view(ctx, c, access.PrintLabels, func(x *reading) error {
		if printer != "" {
			p, _, err := found[Printer](x, KindPrinter, printer, seesPrinter(c))
			if problem.Is(err, "not-found") {
				return unknownReference(store.ErrNotFound, "/printer", "printer")
			}
			if err != nil {
				return err
			}
			by, sheet = p.Adjustment(), cmp.Or(sheet, p.Sheet)
		}
		on, err = x.sheet(sheet, "/sheet")
		return err
	})
	return on, by, err
}

// CalibrationSetup finds how a printer is off, or returns a NotFound problem;
// and the named sheet, or ("") the one that it usually holds.
func (s *Service) CalibrationSetup(ctx context.Context, c access.Caller, printer, sheet string) (on print.Sheet, by print.Printer, err error) {
	err = s.view(ctx, c, access.ReadPrinters, func(x *reading) error {
		p, _, err := found[Printer](x, KindPrinter, printer, seesPrinter(c))
		if err != nil {
			return err
		}
		by = p.Adjustment()
		on, err = x.sheet(cmp.Or(sheet, p.Sheet), "?sheet")
		return err
	})
	return on, by, err
}

// sheet is the geometry of a sheet that a request names.
func (x *reading) sheet(id, pointer string) (print.Sheet, error) {
	v := &validation{}
	if v.ok(id != "", pointer, "required", "Name a sheet, or a printer that holds one."); v.err() != nil {
		return print.Sheet{}, v.err()
	}
	s, _, err := sheetOf(x, id)
	if err != nil {
		return print.Sheet{}, unknownReference(err, pointer, "sheet")
	}
	return s.Geometry(), nil
}
