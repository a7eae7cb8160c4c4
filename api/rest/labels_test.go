package rest

import (
	"strings"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/tracking"
)

// What is issued stays in the ledger for ever: one organisation may not fill it.
func TestLabelsOfAnOrganisationAreBounded(t *testing.T) {
	const path = "/api/v1/labels"
	w := mustWorld(t, func(c *Config) { c.Limits.Labels = Rate{PerSecond: 1, Burst: 2000} })
	issue := func(count int) fields { return fields{"facility": "f1", "count": count} }
	manager, other := w.as("manager", "f1"), w.as("manager", "f2")
	manager.Do(t, post, path, issue(1500)).Want(t, 201)
	refused := manager.Do(t, post, path, issue(600)).WantProblem(t, 429, "too-many-labels-issued")
	if got := refused.Header.Get("Retry-After"); got != "100" {
		t.Errorf("got Retry-After %s, want 100", got)
	}
	manager.Do(t, post, path, issue(500)).Want(t, 201) // a refusal takes nothing
	other.Do(t, post, path, fields{"facility": "f2", "count": 2000}).Want(t, 201)
	w.as("coordinator", "").Do(t, post, path, issue(2000)).Want(t, 201)
	w.clock.advance(100 * time.Second)
	for _, count := range []int{-1 << 40, 0, 2001, 1 << 40} { // none of them is issued, so they take nothing either
		code := "entry-invalid"
		if count > tracking.MaxLabels {
			code = "too-many-labels"
		}
		got := manager.Do(t, post, path, issue(count)).WantProblem(t, 400, code)
		if a := mustAnswer(t, string(got.Body)); count > 0 && !strings.Contains(a.Detail, "2000") || len(a.Errors) != 1 || a.Errors[0].Pointer != "/count" {
			t.Errorf("%d labels: got %+v, want the limit", count, a)
		}
	}
	manager.Do(t, post, path, issue(100)).Want(t, 201)
	manager.Do(t, post, path, issue(1)).WantProblem(t, 429, "too-many-labels-issued")
}

// With a smaller burst the largest batch could never be issued.
func TestLimitOfLabelsFitsABatch(t *testing.T) {
	for burst, fine := range map[int]bool{1999: false, 2000: true} {
		cfg := testConfig()
		cfg.Limits.Labels = Rate{PerSecond: 1, Burst: burst}
		if err := cfg.Validate(); (err == nil) != fine {
			t.Errorf("burst %d: got %v", burst, err)
		}
	}
	if got := testConfig().withDefaults().Limits.Labels; got != (Rate{PerSecond: 20_000.0 / 86_400, Burst: 20_000}) {
		t.Errorf("default: got %+v, want 20,000 a day", got)
	}
}

// The largest print there is fits, however its codes are written.
func TestLargestPrintOfScannedCodes(t *testing.T) {
	w := mustPrinting(t, linePress)
	manager := w.as("manager", "f1")
	var batch batchResponse
	manager.Do(t, post, "/api/v1/labels", fields{"facility": "f1", "count": tracking.MaxLabels}).Want(t, 201).JSON(t, &batch)
	scanned := make([]string, len(batch.Codes))
	for i, code := range batch.Codes {
		scanned[i] = "HTTPS://RICIRCOLO.EXAMPLE/8003/09520123456788" + code
	}
	body := fields{"codes": scanned, "sheet": "L7160"}
	got := manager.Do(t, post, printPath, body).Want(t, 200)
	if n := strings.Count(string(got.Body), "\n"); n != 1+tracking.MaxLabels {
		t.Errorf("got %d lines, want one for each label", n)
	}
	w.As("nobody").Do(t, post, printPath, body).WantProblem(t, 401, "token-invalid") // a stranger may not send as much
	scanned[0] = strings.Repeat("x", testConfig().withDefaults().Limits.BatchBody)
	manager.Do(t, post, printPath, body).WantProblem(t, 413, "body-too-large")
}
