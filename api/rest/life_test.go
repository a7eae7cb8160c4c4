package rest

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// The whole life of a fill over HTTP, every answer checked against the
// document: from a blank label to the figures.
func TestLifeOfAFill(t *testing.T) {
	w := mustWorld(t)
	ward, driver, plant, coordinator := w.as("ward", "f1"), w.as("driver", "r1"), w.as("plant", "r1"), w.as("coordinator", "")
	x := w.mustChain(t, "1", "1")

	scan := mustGetJSON[scanResponse](t, ward, at("/scan/%s", strings.ToLower(x.label)))
	if scan.State != tracking.ScanKnown || scan.Bin == nil || scan.Bin.ID != x.bin || scan.Bin.WardName != "Reparto 1" || *scan.Bin.LastNetGrams != 10000 {
		t.Errorf("scan: got %+v", scan)
	}
	label := mustGetJSON[labelResponse](t, coordinator, at("/labels/%s", x.label))
	if label.Payload != "HTTPS://RICIRCOLO.EXAMPLE/B/"+x.label || label.State != tracking.Bound || label.Bin != x.bin {
		t.Errorf("label: got %+v", label)
	}
	if seen := mustGetJSON[scanResponse](t, ward, at("/scan?payload=%s", "https%3A%2F%2Fricircolo.example%2Fb%2F"+x.label)); seen.Code != x.label || seen.State != tracking.ScanKnown {
		t.Errorf("scanning the link: got %+v", seen)
	}
	fill := mustGetJSON[fillResponse](t, ward, at("/fills/%s", x.fill))
	if fill.State != tracking.Treated || fill.Departure.NetGrams != 10000 || fill.Arrival.AcceptedGrams != 7500 || fill.Arrival.RefusedGrams != 500 {
		t.Errorf("fill: got %+v", fill)
	}
	pickup := mustGetJSON[pickupResponse](t, driver, at("/pickups/%s", x.pickup))
	if len(pickup.Lines) != 1 || pickup.Handover == nil || pickup.Handover.CountersignedAt == nil || pickup.Loads[0].Discrepancy != x.discrepancy {
		t.Errorf("pickup: got %+v", pickup)
	}
	receipt := mustGetJSON[receiptResponse](t, plant, at("/receipts/%s", x.receipt))
	if receipt.Outcome != "P" || len(receipt.Allocation) != 1 || receipt.Allocation[0].AcceptedGrams != 7500 {
		t.Errorf("receipt: got %+v", receipt)
	}
	if r := mustGetJSON[reviewResponse](t, plant, at("/reviews/%s", x.review)); r.Reason != tracking.ReasonAlreadyReceived || r.State != "open" {
		t.Errorf("review: got %+v", r)
	}
	manager := w.as("manager", "f1")
	w.mustRecord(t, plant, "discrepancy.explain", fields{"discrepancy": x.discrepancy, "reason": "bagnato"})
	w.mustRecord(t, manager, "discrepancy.accept", fields{"discrepancy": x.discrepancy})
	w.mustRecord(t, plant, "review.dismiss", fields{"entry": x.review, "reason": "due volte"})
	if d := mustGetJSON[discrepancyResponse](t, manager, at("/discrepancies/%s", x.discrepancy)); d.State != "accepted" || d.Explanation != "bagnato" {
		t.Errorf("discrepancy: got %+v", d)
	}

	summary := mustGetJSON[struct {
		Balance struct {
			CollectedGrams, AcceptedGrams, IntoRecyclingGrams, RecyclateGrams int64
			OutputRate                                                        string
		}
		Head int64
	}](t, coordinator, at("/indicators/summary?from=2026-03&to=2026-03"))
	if b := summary.Balance; b.CollectedGrams != 10000 || b.AcceptedGrams != 7500 || b.IntoRecyclingGrams != 7000 || b.RecyclateGrams != 6800 || b.OutputRate != "0.9067" {
		t.Errorf("summary: got %+v", b)
	}
	behind := mustGetJSON[ledgerListing[fillResponse]](t, coordinator, at("/indicators/drill-down?from=2026-03&to=2026-03&ward=w1"))
	if len(behind.Items) != 1 || behind.Items[0].ID != x.fill {
		t.Errorf("drill-down: got %+v", behind)
	}
	if status := mustGetJSON[statusResponse](t, coordinator, at("/status")); int64(status.Lab.Head) != summary.Head || status.Lab.ID != "lab-a" {
		t.Errorf("status: got %+v, want head %d", status, summary.Head)
	}
}

// Every listing finds what there is, and names the head.
func TestListings(t *testing.T) {
	w := mustWorld(t)
	w.mustChain(t, "1", "1")
	coordinator := w.as("coordinator", "")
	for _, path := range []string{
		"/bins?state=open", "/fills?month=2026-03", "/fills?state=open", "/labels?state=bound", "/pickups?from=2026-03-01&to=2026-03-31",
		"/receipts", "/treatments?stream=s1", "/discrepancies?state=open", "/reviews", "/entries?type=fill.close",
		"/indicators/cells?from=2026-01&to=2026-12",
	} {
		list := mustGetJSON[ledgerListing[struct{}]](t, coordinator, at("%s", path))
		if len(list.Items) == 0 || list.Head == 0 || list.Next != "" {
			t.Errorf("%s: got %+v, want items and the head", path, list)
		}
	}
	if clocks := mustGetJSON[listing[struct{}]](t, w.as("ward", "f1"), at("/storage-clocks")); len(clocks.Items) != 1 {
		t.Errorf("storage clocks: got %+v", clocks)
	}
	w.clock.advance(60 * 24 * time.Hour)
	w.mustRecord(t, coordinator, "month.close", fields{"month": "2026-03"})
	if months := mustGetJSON[monthsResponse](t, coordinator, at("/months")); len(months.Items) != 1 || months.Items[0].Month != "2026-03" {
		t.Errorf("months: got %+v", months)
	}
}

func TestSymbol(t *testing.T) {
	w := mustWorld(t)
	_, label := w.mustBin(t, "1")
	ward := w.as("ward", "f1")
	path := at("/labels/%s/symbol.png", label)
	answer := ward.Do(t, get, path+"?pixels=200", nil).Want(t, 200)
	img, err := png.Decode(bytes.NewReader(answer.Body))
	if err != nil || img.Bounds().Dx() > 200 || img.Bounds().Dx() < 164 {
		t.Errorf("got %v of %d bytes", err, len(answer.Body))
	}
	ward.Do(t, get, path+"?pixels=200", nil, "If-None-Match", answer.Header.Get("ETag")).Want(t, 304)
	ward.Do(t, get, path+"?pixels=201", nil, "If-None-Match", answer.Header.Get("ETag")).Want(t, 200)
	ward.Do(t, get, path, nil).Want(t, 200)
	ward.Do(t, "HEAD", path, nil).Want(t, 200)
	for _, bad := range []string{"?pixels=1", "?pixels=36", "?pixels=1025", "?pixels=9999999999", "?pixels=x", "?pixels=-1", "?format=svg"} {
		ward.Do(t, get, path+bad, nil).WantProblem(t, 400, "query-invalid")
	}
	ward.Do(t, get, at("/labels/%s/symbol.png", "7K4M9QXP2RTBW"), nil).Want(t, 404)
}

// A reader that has the current version is told so; whoever changed the thing
// meanwhile is noticed.
func TestVersions(t *testing.T) {
	w := mustWorld(t)
	x := w.mustChain(t, "1", "1")
	coordinator := w.as("coordinator", "")
	for _, path := range []string{
		"/bins/" + x.bin, "/fills/" + x.fill, "/labels/" + x.label, "/pickups/" + x.pickup, "/receipts/" + x.receipt,
		"/treatments/" + x.treatment, "/discrepancies/" + x.discrepancy, "/reviews/" + x.review, "/entries/" + x.scan,
	} {
		answer := coordinator.Do(t, get, at("%s", path), nil).Want(t, 200)
		tag := answer.Header.Get("ETag")
		coordinator.Do(t, get, at("%s", path), nil, "If-None-Match", tag).Want(t, 304)
		coordinator.Do(t, get, at("%s", path), nil, "If-None-Match", `"v0"`).Want(t, 200)
		coordinator.Do(t, "HEAD", at("%s", path), nil).Want(t, 200)
		var got struct{ Version, Seq int64 }
		if answer.JSON(t, &got); got.Version+got.Seq == 0 {
			t.Errorf("%s: got no version", path)
		}
	}
	// What one caller has read is not what another would.
	fill := at("/fills/%s", x.fill)
	tag := w.as("ward", "f1").Do(t, get, fill, nil).Header.Get("ETag")
	w.as("driver", "r1").Do(t, get, fill, nil, "If-None-Match", tag).Want(t, 200)

	path := at("/bins/%s", x.bin)
	tag = coordinator.Do(t, get, path, nil).Header.Get("ETag")
	w.mustRecord(t, w.as("manager", "f1"), "bin.update", fields{"bin": x.bin, "name": "Altro nome"})
	coordinator.Do(t, get, path, nil, "If-None-Match", tag).Want(t, 200)
}

func TestIssuingLabelsAgain(t *testing.T) {
	w := mustWorld(t)
	manager := w.as("manager", "f1")
	issue := func(c *resttest.Client, count int, key string) resttest.Answer {
		return c.Do(t, post, "/api/v1/labels", fields{"facility": "f1", "count": count}, "Idempotency-Key", key)
	}
	first := issue(manager, 3, "k1").Want(t, 201)
	if again := issue(manager, 3, "k1").Want(t, 201); !bytes.Equal(again.Body, first.Body) {
		t.Errorf("got %s, first %s", again.Body, first.Body)
	}
	issue(manager, 4, "k1").WantProblem(t, 422, "idempotency-key-reused")
	if other := issue(w.as("coordinator", ""), 3, "k1").Want(t, 201); bytes.Equal(other.Body, first.Body) {
		t.Error("a key replayed what somebody else did")
	}
	issue(manager, 0, "k2").Want(t, 400)
	issue(manager, 2001, "k2").Want(t, 400)
	issue(manager, 1, strings.Repeat("k", 256)).WantProblem(t, 400, "idempotency-key-invalid")
	var batch batchResponse
	issue(manager, tracking.MaxLabels, "k3").Want(t, 201).JSON(t, &batch)
	list := mustGetJSON[ledgerListing[labelResponse]](t, manager, at("/labels?limit=200&batch=%s", batch.ID))
	if len(batch.Codes) != tracking.MaxLabels || len(list.Items) != 200 || list.Next == "" {
		t.Errorf("got %d codes, %d on the first page", len(batch.Codes), len(list.Items))
	}
}
