package demo_test

import (
	"context"
	"testing"

	"github.com/ricircolo/ricircolo/internal/demo"
	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// mix is what a lab has in it.
type mix struct {
	entries, entryBytes     int // content and outcome
	documents, bodies, keys int
	byKind                  map[store.Kind]int
}

func mustMix(b *testing.B, s store.Store) mix {
	b.Helper()
	m := mix{byKind: make(map[store.Kind]int)}
	err := s.View(context.Background(), demo.Lab, func(r store.Reader) error {
		m = mix{byKind: make(map[store.Kind]int)}
		for {
			page, err := r.Entries(store.Seq(m.entries), store.MaxFind)
			if err != nil {
				return err
			}
			for _, rec := range page {
				m.entries++
				m.entryBytes += len(rec.Entry.Content) + len(rec.Entry.Outcome)
			}
			if len(page) < store.MaxFind {
				break
			}
		}
		var after store.Ref
		for {
			docs, err := r.Documents(after, store.MaxFind)
			for _, d := range docs {
				m.documents++
				m.bodies += len(d.Body)
				m.keys += len(d.Keys)
				m.byKind[d.Kind]++
				after = store.Ref{Kind: d.Kind, ID: d.ID}
			}
			if err != nil || len(docs) < store.MaxFind {
				return err
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkMix says what a year leaves in a lab, per fill: the figures that
// internal/docs/capacity.md is made of.
func BenchmarkMix(b *testing.B) {
	s := mustStore(b, true)
	mustSeed(b, demo.Options{Store: s, Seed: 1, Until: until, Factor: 2})
	m := mustMix(b, s)
	fills := float64(m.byKind[tracking.KindFill])
	if fills == 0 {
		b.Fatal("no fills")
	}
	b.ReportMetric(fills, "fills")
	b.ReportMetric(float64(m.byKind[tracking.KindCell]), "cells")
	b.ReportMetric(float64(m.entries)/fills, "entries/fill")
	b.ReportMetric(float64(m.documents)/fills, "documents/fill")
	b.ReportMetric(float64(m.keys)/fills, "keys/fill")
	b.ReportMetric(float64(m.entryBytes)/float64(m.entries), "B/entry")
	b.ReportMetric(float64(m.bodies)/float64(m.documents), "B/document")
	b.ReportMetric(0, "ns/op")
	for kind, n := range m.byKind {
		b.Logf("%-12s %7d", kind, n)
	}
}
