//go:build unix

package main

import "testing"

func BenchmarkZZ(b *testing.B) {
	l := mustLab(b)
	for b.Loop() {
		s := mustBenchServer(b, l)
		b.ReportMetric(s.rate(b, phones, 1, s.single), "scan/s")
		s.end(b)
	}
}
