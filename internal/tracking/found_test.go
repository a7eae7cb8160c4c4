package tracking_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/tracking"
)

func TestFound(t *testing.T) {
	l := MustLab(t, MustStore(t))
	owner := tracking.Facility{ID: "facility-9", Name: "Ospedale", Contact: "Centralino: 0535 000 000"}
	if _, err := l.Service.PutFacility(ctx, l.Coordinator(), tracking.Write{}, owner); err != nil {
		t.Fatal(err)
	}
	codes := l.MustLabels(t, owner.ID, 5)
	bin := l.MustLabelledBin(t, owner.ID, l.MustWard(t, owner.ID), "", codes[0])
	l.MustApply(t, l.Manager(owner.ID), "label.bind", tracking.Body{Label: codes[1], Bin: bin, Replaces: codes[0]})
	l.MustApply(t, l.Manager(owner.ID), "label.retire", tracking.Body{Label: codes[2], Reason: "torn"})
	retired := l.MustLabelledBin(t, owner.ID, l.MustWard(t, owner.ID), "", codes[4])
	l.MustApply(t, l.Manager(owner.ID), "bin.retire", tracking.Body{Bin: retired, Reason: "broken"})
	anyones := l.MustLabels(t, "", 1)[0]
	other := MustLab(t, l.Store)
	elsewhere := other.MustLabels(t, "", 1)[0]

	stream := &tracking.FoundStream{
		Name: "Bottles", NameIT: "Flaconi", Accepts: []string{"bottles"}, AcceptsIT: []string{"flaconi"}, Refuses: []string{"sharps"}, RefusesIT: []string{"taglienti"},
	}
	hospital := &tracking.FoundOwner{Name: owner.Name, Contact: owner.Contact}
	for name, tt := range map[string]struct {
		code string
		want tracking.Found
		at   string // where reports go
	}{
		"on a bin":              {codes[1], tracking.Found{State: tracking.FoundBound, Stream: stream, Owner: hospital}, owner.ID},
		"replaced":              {codes[0], tracking.Found{State: tracking.FoundRetired, Stream: stream, Owner: hospital}, owner.ID},
		"thrown away unused":    {codes[2], tracking.Found{State: tracking.FoundRetired}, ""},
		"on a retired bin":      {codes[4], tracking.Found{State: tracking.FoundRetired}, ""},
		"blank":                 {codes[3], tracking.Found{State: tracking.FoundBlank, Owner: hospital}, ""},
		"blank, nobody's":       {anyones, tracking.Found{State: tracking.FoundBlank}, ""},
		"another lab's":         {elsewhere, tracking.Found{State: tracking.FoundUnknown}, ""},
		"never issued":          {"7K4M9QXP2RTBW", tracking.Found{State: tracking.FoundUnknown}, ""},
		"no code":               {"javascript:alert(1)", tracking.Found{State: tracking.FoundUnknown}, ""},
		"lower case, in groups": {strings.ToLower(codes[1][:4] + "-" + codes[1][4:]), tracking.Found{State: tracking.FoundBound, Stream: stream, Owner: hospital}, owner.ID},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := l.Service.Found(ctx, l.ID, tt.code)
			got.Code = ""
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
			if at, err := l.Service.FoundAt(ctx, l.ID, tt.code); err != nil || at != tt.at {
				t.Errorf("reports go to %q (%v), want %q", at, err, tt.at)
			}
		})
	}
	// Nor is its label printed, by itself or with its batch.
	_, err := l.Service.LabelFaces(ctx, l.Manager(owner.ID), tracking.LabelSelection{Codes: codes[4:5]})
	wantFault(t, "printing", err, "bin-retired", "/codes/0", "bin-retired")
	label, err := l.Service.Label(ctx, l.Manager(owner.ID), codes[4])
	if err != nil {
		t.Fatal(err)
	}
	faces, err := l.Service.LabelFaces(ctx, l.Manager(owner.ID), tracking.LabelSelection{Batch: label.Doc.Batch})
	if err != nil || len(faces) != 2 { // the one in use and the blank one
		t.Errorf("got %d labels of the batch, %v, want 2", len(faces), err)
	}
}

// What a stranger is told may not grow without a decision.
func TestFoundHasNothingElse(t *testing.T) {
	for _, tt := range []struct {
		answer any
		fields string
	}{
		{tracking.Found{}, "State Code Stream Owner"},
		{tracking.FoundStream{}, "Name NameIT Colour Accepts AcceptsIT Refuses RefusesIT"},
		{tracking.FoundOwner{}, "Name Contact"},
	} {
		var names []string
		for field := range reflect.TypeOf(tt.answer).Fields() {
			names = append(names, field.Name)
		}
		if got := strings.Join(names, " "); got != tt.fields {
			t.Errorf("%T has the fields %s, want %s", tt.answer, got, tt.fields)
		}
	}
}
