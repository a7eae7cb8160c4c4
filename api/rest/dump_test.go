package rest

import (
	"os"
	"testing"
	"time"
)

func TestDump(t *testing.T) {
	w := mustWorld(t)
	dump := func(name, role, of, method, path string, body any) {
		c := *w.as(role, of)
		req := (&c)
		_ = req
		a := c.Do(t, method, path, body)
		if a.Status >= 300 {
			t.Logf("%s: %d %s", name, a.Status, a.Body)
		}
		os.WriteFile("/tmp/ex/"+name+".json", a.Body, 0o644)
	}
	os.MkdirAll("/tmp/ex", 0o755)
	x := w.mustChain(t, "1", "1")
	co := "coordinator"
	dump("batch", co, "", "POST", "/api/v1/labels", fields{"facility": "f1", "count": 2})
	dump("entries", co, "", "GET", at("/entries?limit=200&type=fill.close"), nil)
	dump("entry", co, "", "GET", at("/entries/%s", x.scan), nil)
	dump("types", co, "", "GET", at("/entry-types"), nil)
	dump("scan", "ward", "f1", "GET", at("/scan/%s", x.label), nil)
	for _, l := range []string{"bins", "fills", "pickups", "receipts", "treatments", "discrepancies", "reviews", "storage-clocks", "months", "labels", "status", "indicators/cells", "indicators/drill-down", "indicators/summary", "indicators/series", "indicators/funnel", "indicators/breakdown?by=ward"} {
		dump("list-"+string([]byte(l)[:min(len(l), 30)]), co, "", "GET", at("/%s", l), nil)
	}
	w.clock.advance(time.Hour)
}
