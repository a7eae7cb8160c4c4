package mongo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
	"github.com/ricircolo/ricircolo/internal/store/storetest"
)

// BenchmarkScaling compares two servers, each with a lab of its own, with one
// server with one lab, both with as many callers per lab. Labs share nothing,
// so that scaling is 2 where neither the machine nor the database is the limit.
// With one machine for all of it, it is: %idle says how much of the machine one
// lab left. A database that is far away leaves more, and shows what the
// protocol is good for.
func BenchmarkScaling(b *testing.B) {
	for _, far := range []time.Duration{0, 20 * time.Millisecond} {
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("far=%s/callers=%d", far, callers), func(b *testing.B) {
				uri := mongotest.Database(b)
				n := max(8*callers, b.N/rounds)
				if far > 0 { // the figure is the same after a few
					n = 8 * callers
				}
				benchmarkScaling(b, callers, n, mustOpenFar(b, uri, far), mustOpenFar(b, uri, far))
			})
		}
	}
}

// mustOpenFar opens a store whose answers are long on their way.
func mustOpenFar(b *testing.B, uri string, far time.Duration) store.Store {
	b.Helper()
	if far == 0 {
		return mustOpen(b, ours.Options{URI: uri})
	}
	p, uri := mustProxy(b, uri)
	s := mustOpen(b, ours.Options{URI: uri})
	p.set(&weather{latency: far})
	return s
}

func benchmarkScaling(b *testing.B, callers, n int, one, two store.Store) {
	var scans atomic.Int64
	spread := func(s store.Store, lab store.LabID) time.Duration {
		return storetest.Spread(b, callers, n, func() error { return storetest.Scan(b.Context(), s, lab, scans.Add(1)) })
	}
	spread(one, "a") // the bins of both labs
	spread(two, "b")
	var alone, both time.Duration
	var load processors
	b.ResetTimer()
	for range rounds {
		load.start()
		alone += spread(one, "a")
		load.stop()
		var all sync.WaitGroup
		start := time.Now()
		all.Go(func() { spread(one, "a") })
		all.Go(func() { spread(two, "b") })
		all.Wait()
		both += time.Since(start)
	}
	b.ReportMetric(2*alone.Seconds()/both.Seconds(), "scaling")
	b.ReportMetric(float64(rounds*n)/alone.Seconds(), "scans/s")
	load.report(b, rounds*n)
	b.ReportMetric(0, "ns/op")
}

// processors says who uses them: this process, those of a database, and
// others. Linux only.
type processors struct {
	at   map[string]float64 // seconds
	used map[string]float64
}

// databaseProcesses are the names of the processes of a database.
var databaseProcesses = []string{"postgres", "ferretdb", "mongod", "mongos"}

// ticks of the kernel per second, in /proc.
const ticks = 100

// cpuTimes are the seconds that processes have used, by their names, and that
// the machine was idle.
func cpuTimes() map[string]float64 {
	times := make(map[string]float64)
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		open, end := strings.IndexByte(string(b), '('), strings.LastIndexByte(string(b), ')')
		fields := strings.Fields(string(b[end+1:]))
		name := string(b[open+1 : end])
		switch {
		case strings.HasPrefix(string(b), strconv.Itoa(os.Getpid())+" "):
			name = "own"
		case !slices.Contains(databaseProcesses, name):
			name = "others"
		}
		for _, field := range fields[11:13] { // user and system
			n, _ := strconv.ParseFloat(field, 64)
			times[name] += n / ticks
		}
	}
	if b, err := os.ReadFile("/proc/stat"); err == nil {
		n, _ := strconv.ParseFloat(strings.Fields(string(b))[4], 64)
		times["idle"] = n / ticks
	}
	return times
}

func (p *processors) start() { p.at = cpuTimes() }

func (p *processors) stop() {
	if p.used == nil {
		p.used = make(map[string]float64)
	}
	for name, now := range cpuTimes() {
		p.used[name] += max(0, now-p.at[name])
	}
}

// report tells, for each sort of process, the milliseconds of a processor per
// operation, and the share of the machine that was idle.
func (p *processors) report(b *testing.B, operations int) {
	var whole float64
	for name, used := range p.used {
		whole += used
		if name != "idle" {
			b.ReportMetric(1000*used/float64(operations), name+"-cpu-ms/op")
		}
	}
	if whole > 0 {
		b.ReportMetric(100*p.used["idle"]/whole, "%idle")
	}
}
