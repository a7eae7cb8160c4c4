package tracking_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// wantSum compares the rows of a table with its total, card by card.
func wantSum(t *testing.T, table tracking.CardTable) {
	t.Helper()
	for _, id := range indicator.AdditiveCards {
		total := table.Total.Values[id]
		if total == nil {
			continue
		}
		sum := decimal.Zero
		for _, row := range table.Rows {
			if v := row.Values[id]; v == nil {
				t.Errorf("%s by %s: %s has no value, the whole has", id, table.By, row.Key)
			} else {
				sum = sum.Add(*v)
			}
		}
		if !sum.Equal(*total) {
			t.Errorf("%s by %s: the parts sum to %s, the whole is %s", id, table.By, sum, total)
		}
	}
}

// TestWardsSumToTheLab, and facilities, streams and months, exactly; whatever
// arrived late, was refused, or was corrected.
func TestWardsSumToTheLab(t *testing.T) {
	l := MustLab(t, MustStore(t))
	other := l.MustFacility(t)
	mustChain(t, l, l.Facility, l.Ward, l.Recycler)
	mustChain(t, l, l.Facility, l.MustWard(t, l.Facility), l.Recycler)
	mustChain(t, l, other, l.MustWard(t, other), l.MustRecycler(t))
	for _, by := range []tracking.BreakdownBy{tracking.ByWard, tracking.ByFacility, tracking.ByStream, tracking.ByMonth} {
		table, err := l.Service.CardsBy(ctx, l.Coordinator(), always2026, by, tracking.AssessOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(table.Rows) == 0 || table.Total.Values["collected"].IsZero() {
			t.Fatalf("by %s: got %+v, want rows", by, table)
		}
		wantSum(t, table)
		cards, err := l.Service.Cards(ctx, l.Coordinator(), always2026, tracking.AssessOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cards.Cards {
			if v, additive := table.Total.Values[c.ID]; additive && (v == nil) != (c.Value == nil) || v != nil && !v.Equal(*c.Value) {
				t.Errorf("%s: the card says %v, the table %v", c.ID, c.Value, v)
			}
		}
	}
}

// TestReportStaysAsItWas: what happens after it was frozen changes the cards,
// and not the report.
func TestReportStaysAsItWas(t *testing.T) {
	l := MustLab(t, MustStore(t))
	mustChain(t, l, l.Facility, l.Ward, l.Recycler)
	request := tracking.ReportRequest{Title: "Year", Filter: always2026}
	first, err := l.Service.CreateReport(ctx, l.Coordinator(), tracking.Write{Key: "k"}, request)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Doc.Intact() || first.Doc.Head == 0 || len(first.Doc.Cards) == 0 || len(first.Doc.Wards) == 0 {
		t.Fatalf("got %+v", first.Doc)
	}
	mustChain(t, l, l.Facility, l.Ward, l.Recycler)
	again, err := l.Service.CreateReport(ctx, l.Coordinator(), tracking.Write{Key: "k"}, request)
	if err != nil || again.Doc.Hash != first.Doc.Hash || again.Seq != first.Seq {
		t.Errorf("the same key: got %s, %v, want the first report", again.Doc.Hash, err)
	}
	kept, err := l.Service.Report(ctx, l.Coordinator(), first.Doc.ID)
	if err != nil || !kept.Doc.Intact() || kept.Doc.Hash != first.Doc.Hash {
		t.Errorf("got %v, %v, want it as it was", kept.Doc.Hash, err)
	}
	second, err := l.Service.CreateReport(ctx, l.Coordinator(), tracking.Write{Key: "other"}, request)
	if err != nil || second.Doc.Balance.Collected == first.Doc.Balance.Collected {
		t.Errorf("control: a new report, %v, shows the same mass %s", err, second.Doc.Balance.Collected)
	}
	recomputed, err := l.Service.Recompute(ctx, l.Coordinator(), first.Doc.ID, tracking.AssessOptions{})
	if err != nil || len(recomputed.Changes) != 0 {
		t.Errorf("with the same factors: got %+v, %v", recomputed.Changes, err)
	}
	l.MustPublish(t, "own", epd("PP", "1.5"))
	recomputed, err = l.Service.Recompute(ctx, l.Coordinator(), first.Doc.ID, tracking.AssessOptions{FactorSet: "own@1"})
	if err != nil || recomputed.FactorSet != "own@1" || len(recomputed.Changes) == 0 {
		t.Errorf("with other factors: got %+v, %v, want changes", recomputed.Changes, err)
	}
	wantInvariants(t, l)
}

// BenchmarkCards: all cards of a lab-year of 500 wards and 10 streams, and the
// same in parts by ward.
func BenchmarkCards(b *testing.B) {
	l := MustLab(b, MustStore(b))
	putLabYear(b, l)
	f := tracking.IndicatorFilter{From: "2026-01", To: "2026-12"}
	if _, err := l.Service.Summary(ctx, l.Coordinator(), f); err != nil { // reads the cube
		b.Fatal(err)
	}
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := l.Service.Cards(ctx, l.Coordinator(), f, tracking.AssessOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("by ward", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Service.CardsBy(ctx, l.Coordinator(), f, tracking.ByWard, tracking.AssessOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// putLabYear writes 60,000 cells.
func putLabYear(b *testing.B, l *Lab) {
	b.Helper()
	streams := make([]string, 10)
	for i := range streams {
		streams[i] = l.MustStream(b)
	}
	for m := calendar.Month("2026-01"); m <= "2026-12"; m = m.Next() {
		err := l.Store.Update(ctx, store.LabID(l.ID), func(tx store.Tx) error {
			for i := range 500 * len(streams) {
				mass := quantity.Mass(10_000 + i)
				c := tracking.Cell{Booked: m, Month: m, Facility: l.Facility, Ward: fmt.Sprintf("w%d", i/len(streams)), Stream: streams[i%len(streams)]}
				c.Activity = indicator.Activity{
					Fills: 3, Collected: mass, Accepted: mass, Recyclate: mass / 2, Residue: mass - mass/2, Hauled: mass,
					Routes:     map[string]quantity.Mass{"R1": mass - mass/2},
					Recyclates: map[string]quantity.Mass{indicator.RecyclateKey("PP", "crates", "0.80"): mass / 2},
					Haul:       map[string]int64{indicator.HaulKey(indicator.VehicleKm, "van", nil): 3000},
				}
				c.Activity.CollectedBy[indicator.WardScale], c.Activity.ReceivedBy[indicator.RecyclerScale] = mass, mass
				body, err := json.Marshal(c)
				if err != nil {
					return err
				}
				if err := tx.Put(store.Document{Kind: tracking.KindCell, ID: c.ID(), Body: body}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
