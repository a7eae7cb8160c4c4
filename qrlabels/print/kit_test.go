package print_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels"
	"github.com/ricircolo/ricircolo/qrlabels/print"
)

func mustSheet(tb testing.TB, id string) print.Sheet {
	tb.Helper()
	s, ok := print.SheetByID(id)
	if !ok {
		tb.Fatalf("there is no sheet %s", id)
	}
	return s
}

func mustBase(tb testing.TB, s string) qrlabels.Base {
	tb.Helper()
	b, err := qrlabels.NewBase(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// demoStream is a stream with everything.
func demoStream() *print.Stream {
	return &print.Stream{
		Name: print.Words{IT: "Flaconi per infusione", EN: "Infusion bottles"}, Colour: "#f2a541",
		Pictograms: []print.Pictogram{print.Infusion, print.Bottle, print.Bag},
		Accepts: print.Lists{
			IT: []string{"flaconi svuotati di fisiologica e glucosata", "le loro buste esterne"},
			EN: []string{"emptied bottles of saline and glucose", "their outer bags"},
		},
		Refuses: print.Lists{IT: []string{"aghi e deflussori", "vetro"}, EN: []string{"needles and tubing", "glass"}},
	}
}

// streams are others: long names, no colour, no pictograms, one language only.
func streams() []*print.Stream {
	return []*print.Stream{
		demoStream(),
		{
			Name: print.Words{IT: "Monouso non infettivi, asciutti e senza parti metalliche", EN: "Disposables, not infectious, dry and without parts of metal"}, Colour: "#3a5a98",
			Pictograms: print.Pictograms()[:print.MaxPictograms],
			Accepts:    print.Lists{IT: []string{"maschere e tubi asciutti, di pazienti senza infezioni", "monouso scaduti e mai usati", "vaschette", "tappi"}},
		},
		{Name: print.Words{IT: "Stoviglie compostabili"}, Accepts: print.Lists{IT: []string{"bicchieri certificati EN 13432"}}},
	}
}

// someLabels makes labels of all kinds: of bins in several wards, and blank. They
// are the same every time, so that a symbol that some decoder stumbles over does
// not show up in one run of a thousand.
func someLabels(tb testing.TB, n int) []print.Label {
	tb.Helper()
	base, all := mustBase(tb, "https://ricircolo.ospedale.it"), streams()
	random := rand.NewChaCha8([32]byte{'l', 'a', 'b', 'e', 'l', 's'})
	labels := make([]print.Label, n)
	for i := range labels {
		code, err := qrlabels.NewCode(random)
		if err != nil {
			tb.Fatal(err)
		}
		l := print.Label{Code: code, Payload: base.Payload(code)}
		switch i % 5 {
		case 0:
			l.Facility, l.Ward = "Ospedale dell'Argine", "Degenza azzurra"
		case 1:
			l.Facility, l.Ward = "Azienda Ospedaliero-Universitaria Policlinico della Città", "Anestesia e Rianimazione Neurochirurgica Pediatrica"
		case 2:
			l.Facility = "Poliambulatorio"
		}
		if i%5 < 4 {
			l.Stream = all[i%len(all)]
		}
		labels[i] = l
	}
	return labels
}

// mustWrite writes labels.
func mustWrite(tb testing.TB, job print.Job, f print.Format, labels []print.Label) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := job.Write(tb.Context(), &out, f, len(labels), slices.Values(labels)); err != nil {
		tb.Fatalf("%s as %s: %v", job.Sheet.ID, f, err)
	}
	return out.Bytes()
}
