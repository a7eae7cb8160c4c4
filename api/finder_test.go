//go:build unix

package main

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/finder"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/qrlabels"
)

// inbox is what finders reported.
type inbox struct {
	Items []struct{ ID, Label, Note string }
}

// Reports are in no ledger, so a rebuild has to take them over as they are.
func TestReportsSurviveARebuild(t *testing.T) {
	l := mustLab(t)
	p := mustServe(t, l.dir)
	s := mustStick(t, l, l.as(p, access.Coordinator))
	client{url: p.url}.mustCall(t, http.MethodPost, "/b/"+s.bound+"/reports", map[string]any{"problem": "full", "note": "una nota"}, nil)
	var before, after inbox
	l.as(p, access.Coordinator).mustCall(t, http.MethodGet, "/api/v1/finder-reports", nil, &before)
	p.mustStop(t)
	mustVerify(t, l.site)
	mustProgram(t, "rebuild", "--data", l.dir)
	p = mustServe(t, l.dir)
	l.as(p, access.Coordinator).mustCall(t, http.MethodGet, "/api/v1/finder-reports?state=open", nil, &after)
	if len(before.Items) != 1 || len(after.Items) != 1 || before.Items[0] != after.Items[0] || after.Items[0].Note != "una nota" {
		t.Errorf("before there was %+v, and now %+v, want the one report", before, after)
	}
	// It is counted as before, too: the same again is not kept.
	var receipt struct{ Status string }
	client{url: p.url}.mustCall(t, http.MethodPost, "/b/"+s.bound+"/reports", map[string]any{"problem": "full", "note": "una nota"}, &receipt)
	if receipt.Status != "already-reported" {
		t.Errorf("the same again after the rebuild: got %q", receipt.Status)
	}
}

// The server sweeps the inbox, and not only the sign-ins.
func TestOldReportsAreSwept(t *testing.T) {
	cfg, err := defaults()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data = t.TempDir()
	a, err := openLab(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	for _, age := range []time.Duration{finder.KeepOpen + time.Hour, time.Hour} {
		past, err := finder.New(finder.Config{Store: a.store, Labels: everywhere{}, Now: func() time.Time { return time.Now().Add(-age) }})
		if err != nil {
			t.Fatal(err)
		}
		code, err := qrlabels.ParseCode("7K4M9QXP2RTBW")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := past.Report(t.Context(), cfg.Lab, code, finder.NewReport{Problem: finder.Full, Note: age.String()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.sweepOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := countReports(t, a.store); n != 1 {
		t.Errorf("%d reports are left, want the young one", n)
	}
}

// everywhere knows every label, and says that its bin is at one facility.
type everywhere struct{}

func (everywhere) FoundAt(context.Context, string, string) (string, error) { return "f1", nil }

func countReports(tb testing.TB, s store.Store) (n int) {
	tb.Helper()
	err := s.View(tb.Context(), finder.Partition, func(r store.Reader) error {
		docs, err := r.Documents(store.Ref{}, store.MaxFind)
		n = len(docs)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
