package rest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

func TestEntryAnswers(t *testing.T) {
	w := mustWorld(t)
	bin, _ := w.mustBin(t, "1")
	ward := w.as("ward", "f1")
	e := w.entry("fill.open", fields{"bin": bin})
	var first, again resultResponse
	ward.Do(t, post, "/api/v1/entries", e).Want(t, 201).JSON(t, &first)
	ward.Do(t, post, "/api/v1/entries", e).Want(t, 200).JSON(t, &again)
	if again.Status != tracking.ResultDuplicate || again.Seq != first.Seq || again.Outcome.Status != first.Outcome.Status {
		t.Errorf("again: got %+v, first %+v", again, first)
	}
	other := maps.Clone(e)
	other["type"] = "bin.lost"
	ward.Do(t, post, "/api/v1/entries", other).WantProblem(t, 409, "entry-id-reused")
	ward.Do(t, post, "/api/v1/entries", w.entry("month.close", fields{"month": "2026-02"})).WantProblem(t, 403, "role-not-allowed")
	ward.Do(t, post, "/api/v1/entries", w.entry("bin.paint", fields{})).WantProblem(t, 400, "entry-type-unknown")
	ward.Do(t, post, "/api/v1/entries", w.entry("fill.open", fields{})).WantProblem(t, 400, "entry-invalid")
	ward.Do(t, post, "/api/v1/entries", fields{"id": w.entryID(), "type": "fill.open", "occurredAt": "now", "body": fields{"bin": bin}}).WantProblem(t, 400, "entry-invalid")
	ward.Do(t, post, "/api/v1/entries", []byte(`{"type":"fill.open"}`)).Want(t, 400)
	ward.Do(t, post, "/api/v1/entries", w.entry("fill.open", fields{"bin": bin, "label": "x"})).WantProblem(t, 400, "entry-invalid")

	var late resultResponse
	ward.Do(t, post, "/api/v1/entries", w.entry("fill.open", fields{"bin": w.entryID()})).Want(t, 201).JSON(t, &late)
	if late.Status != tracking.ResultNeedsReview || late.Outcome.Reason != tracking.ReasonUnknownSubject {
		t.Errorf("unknown bin: got %+v", late)
	}
	trail := mustGetJSON[trailResponse](t, ward, at("/entries/%s", first.ID))
	if trail.Seq != first.Seq || !strings.Contains(trail.Canonical, first.ID) || trail.Entry.Actor != "user-ward-f1" {
		t.Errorf("trail: got %+v", trail)
	}
}

// The device's clock is wrong by an hour; it says so when it sends.
func TestClocks(t *testing.T) {
	w := mustWorld(t)
	bin, _ := w.mustBin(t, "1")
	w.clock.advance(3 * time.Hour)
	e := w.entry("fill.open", fields{"bin": bin})
	hourBehind := w.clock.Now().Add(-time.Hour)
	e["occurredAt"], e["sentAt"] = hourBehind.Add(-time.Minute).Format(time.RFC3339), hourBehind.Format(time.RFC3339)
	var got resultResponse
	w.as("ward", "f1").Do(t, post, "/api/v1/entries", e).Want(t, 201).JSON(t, &got)
	if got.Status != tracking.ResultWarning || !slices.Contains(got.Outcome.Warnings, tracking.WarnClockSkew) {
		t.Errorf("got %+v, want a warning about the clock", got)
	}
	entry := mustGetJSON[trailResponse](t, w.as("ward", "f1"), at("/entries/%s", got.ID)).Entry
	if entry.SkewMs != time.Hour.Milliseconds() || entry.RecordedAt.Sub(entry.EffectiveAt) != time.Minute {
		t.Errorf("got %+v, want a skew of an hour", entry)
	}
	e = w.entry("fill.open", fields{"bin": bin})
	e["sentAt"] = "1999-12-31T23:59:59Z"
	w.as("ward", "f1").Do(t, post, "/api/v1/entries", e).WantProblem(t, 400, "body-invalid")
}

func TestSync(t *testing.T) {
	w := mustWorld(t)
	bin, _ := w.mustBin(t, "1")
	ward := w.as("ward", "f1")
	w.clock.advance(time.Hour)
	open, unknown := w.entry("fill.open", fields{"bin": bin}), w.entry("fill.open", fields{"bin": "nowhere"})
	bad, forbidden := w.entry("fill.close", fields{"bin": bin, "measurement": fields{"netGrams": 1, "kg": 2}, "sorting": sorted}), w.entry("month.close", fields{"month": "2026-02"})
	batch := fields{"sentAt": w.clock.Now().Format(time.RFC3339), "entries": []fields{bad, open, forbidden, unknown, open}}
	var got syncResponse
	ward.Do(t, post, "/api/v1/entries/sync", batch).Want(t, 200).JSON(t, &got)
	want := []tracking.ResultStatus{tracking.ResultRefused, tracking.ResultApplied, tracking.ResultRefused, tracking.ResultNeedsReview, tracking.ResultDuplicate}
	for i, r := range got.Results {
		if r.Status != want[i] {
			t.Errorf("entry %d: got %+v, want %s", i, r, want[i])
		}
	}
	if p := got.Results[0].Problem; p == nil || p.Status != 400 || len(p.Errors) != 1 || p.Errors[0].Pointer != "/body/measurement/kg" {
		t.Errorf("an inner key that nothing reads: got %+v", p)
	}
	if p := got.Results[2].Problem; p == nil || p.Status != 403 || p.Code != "role-not-allowed" {
		t.Errorf("forbidden: got %+v", p)
	}
	if got.Counts[tracking.ResultRefused] != 2 || got.Counts[tracking.ResultApplied] != 1 || got.Counts[tracking.ResultWarning] != 0 || len(got.Counts) != 5 {
		t.Errorf("counts: got %v", got.Counts)
	}

	ward.Do(t, post, "/api/v1/entries/sync", fields{"sentAt": "2026-03-02T08:00:00Z", "entries": []fields{}}).WantProblem(t, 400, "sync-size")
	ward.Do(t, post, "/api/v1/entries/sync", fields{"sentAt": "2026-03-02T08:00:00Z", "entries": slices.Repeat([]fields{open}, 201)}).WantProblem(t, 400, "sync-size")
	ward.Do(t, post, "/api/v1/entries/sync", fields{"entries": []fields{open}}).WantProblem(t, 400, "body-invalid")
	ward.Do(t, post, "/api/v1/entries/sync", fields{"sentAt": w.clock.Now().Format(time.RFC3339), "entries": slices.Repeat([]fields{open}, 200)}).Want(t, 200)
}

// What the document says of the bodies is what the domain takes.
func TestEntrySchemasFitTheTypes(t *testing.T) {
	spec := mustSpec(t)
	schema := func(name string) map[string]any {
		node, _ := spec.Resolve(map[string]any{"$ref": "#/components/schemas/" + name}, "")
		return node
	}
	keysOf := func(node map[string]any) []string {
		properties, _ := node["properties"].(map[string]any)
		return slices.Sorted(maps.Keys(properties))
	}
	var named []tracking.Type
	for _, one := range schema("EntryType")["enum"].([]any) {
		named = append(named, tracking.Type(one.(string)))
	}
	if slices.Sort(named); !slices.Equal(named, tracking.Types()) {
		t.Errorf("EntryType: got %v, want %v", named, tracking.Types())
	}
	mapping := schema("SubmissionParts")["discriminator"].(map[string]any)["mapping"].(map[string]any)
	all := map[string]bool{}
	for _, typ := range tracking.Types() {
		ref, _ := mapping[string(typ)].(string)
		entry, _ := spec.Resolve(map[string]any{"$ref": ref}, "")
		properties := entry["properties"].(map[string]any)
		if got := properties["type"].(map[string]any)["const"]; got != string(typ) {
			t.Errorf("%s: got const %v", typ, got)
		}
		body, _ := spec.Resolve(properties["body"], "")
		want := slices.Sorted(slices.Values(typ.Keys()))
		if got := keysOf(body); !slices.Equal(got, want) || body["additionalProperties"] != false {
			t.Errorf("%s: the document has the keys %v, the domain %v", typ, got, want)
		}
		for _, key := range want {
			all[key] = true
		}
	}
	if got, want := keysOf(schema("EntryBody")), slices.Sorted(maps.Keys(all)); !slices.Equal(got, want) {
		t.Errorf("EntryBody: got %v, want %v", got, want)
	}
	if len(mapping) != len(tracking.Types()) {
		t.Errorf("got %d types in the document, want %d", len(mapping), len(tracking.Types()))
	}
}

// The document's examples of entries get through all checks of their form: what
// is refused is refused for who asks or what is known.
func TestEntryExamplesAreWellFormed(t *testing.T) {
	w := mustWorld(t)
	op, _ := mustSpec(t).Find(post, "/api/v1/entries")
	media := op.Node["requestBody"].(map[string]any)["content"].(map[string]any)["application/json"].(map[string]any)
	examples := media["examples"].(map[string]any)
	for _, typ := range tracking.Types() {
		example, ok := examples[string(typ)].(map[string]any)
		if !ok {
			t.Errorf("%s has no example", typ)
			continue
		}
		e := maps.Clone(example["value"].(map[string]any))
		e["id"] = w.entryID()
		if got := w.as("coordinator", "").Do(t, post, "/api/v1/entries", e); got.Status == 400 || e["type"] != string(typ) {
			t.Errorf("%s: %s", typ, got.Body)
		}
	}
}

func TestEntryTypes(t *testing.T) {
	w := mustWorld(t)
	got := mustGetJSON[entryTypesResponse](t, w.as("ward", "f1"), at("/entry-types"))
	if len(got.Items) != len(tracking.Types()) {
		t.Errorf("got %d types, want %d", len(got.Items), len(tracking.Types()))
	}
}

// intruders are what S5 adds to every write, besides what resttest adds.
var intruders = []string{"tenant_id", "organisation", "effectiveAt", "outcome", "facilityId", "userId", "device"}

// intrude sends a good body with each intruder in it.
func intrude(t *testing.T, c *resttest.Client, path string, good fields, want int) {
	t.Helper()
	for _, key := range intruders {
		body := maps.Clone(good)
		body[key] = "x"
		if got := c.Do(t, post, path, body); got.Status != want {
			t.Errorf("%s with %s: got %d, want %d: %s", path, key, got.Status, want, got.Body)
		}
	}
}

func TestForeignKeysOfEntriesAreRefused(t *testing.T) {
	w := mustWorld(t)
	bin, _ := w.mustBin(t, "1")
	ward, manager, coordinator := w.as("ward", "f1"), w.as("manager", "f1"), w.as("coordinator", "")
	head := mustGetJSON[statusResponse](t, coordinator, at("/status")).Lab.Head
	e := w.entry("fill.close", fields{"bin": bin, "measurement": fields{"netGrams": 1000}, "sorting": sorted})
	ward.RefusesForeignKeys(t, post, "/api/v1/entries", mustMarshal(t, e))
	intrude(t, ward, "/api/v1/entries", e, 400)
	issue := fields{"facility": "f1", "count": 1}
	manager.RefusesForeignKeys(t, post, "/api/v1/labels", mustMarshal(t, issue))
	intrude(t, manager, "/api/v1/labels", issue, 400)

	// In a batch what is wrong inside one body is that entry's affair.
	batch := fields{"sentAt": w.clock.Now().Format(time.RFC3339), "entries": []fields{e}}
	for name, body := range resttest.ForeignKeyVariants(t, mustMarshal(t, batch)) {
		answer := ward.Do(t, post, "/api/v1/entries/sync", body)
		var got syncResponse
		if answer.Status == http.StatusOK {
			answer.JSON(t, &got)
		}
		if answer.Status != 400 && got.Counts[tracking.ResultRefused] != 1 {
			t.Errorf("%s: got %d %s", name, answer.Status, answer.Body)
		}
	}
	if got := mustGetJSON[statusResponse](t, coordinator, at("/status")).Lab.Head; got != head {
		t.Errorf("%d entries were stored all the same", got-head)
	}
}
