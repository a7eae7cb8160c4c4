package mongo_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
	"golang.org/x/sync/errgroup"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// recorder keeps one command of each shape that a store sends.
type recorder struct {
	mu     sync.Mutex
	shapes map[string]query
}

// query is what of a command has to be planned.
type query struct {
	collection         string
	filter, sort, proj bson.Raw
	limit              int64
}

// queried are the commands that look for documents.
var queried = []string{"find", "update", "delete", "aggregate", "findAndModify", "count", "distinct"}

func (r *recorder) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		if slices.Contains(queried, e.CommandName) {
			r.note(e.CommandName, slices.Clone(e.Command))
		}
	}}
}

func (r *recorder) note(name string, command bson.Raw) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := query{collection: command.Lookup(name).StringValue()}
	add := func() {
		shape := fmt.Sprintf("%s %s %s sort %s", name, q.collection, shapeOf(q.filter), shapeOf(q.sort))
		r.shapes[shape] = q // the last one: when there is most
	}
	list, of := map[string]string{"update": "updates", "delete": "deletes"}[name], "q"
	switch {
	case name == "find":
		q.filter, _ = command.Lookup("filter").DocumentOK()
		q.sort, _ = command.Lookup("sort").DocumentOK()
		q.proj, _ = command.Lookup("projection").DocumentOK()
		q.limit, _ = command.Lookup("limit").AsInt64OK()
		add()
	case list != "":
		values, _ := command.Lookup(list).Array().Values()
		for _, v := range values {
			q.filter = v.Document().Lookup(of).Document()
			add()
		}
	default:
		r.shapes["a command that nobody explains: "+name] = q
	}
}

// shapeOf is a filter or a sort without its values. Of an _id only the
// operators count.
func shapeOf(d bson.Raw) string {
	elements, _ := d.Elements()
	var parts []string
	for _, e := range elements {
		part := e.Key()
		if inner, ok := e.Value().DocumentOK(); ok {
			operators, _ := inner.Elements()
			for _, o := range operators {
				if strings.HasPrefix(o.Key(), "$") {
					part += " " + o.Key()
				}
			}
		} else if n, ok := e.Value().AsInt64OK(); ok && n < 0 {
			part += " down"
		}
		parts = append(parts, part)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// plan is what a server says of how it would find what a query selects.
type plan struct {
	server string
	steps  []string // stages of MongoDB, node types of PostgreSQL
	index  []string
	bounds []string // conditions on an index
}

// explain asks for the plan of a query. What is to be updated or deleted is
// found like what is to be read, and FerretDB explains the latter only.
func explain(t *testing.T, db *mongo.Database, q query) plan {
	t.Helper()
	find := bson.D{{Key: "find", Value: q.collection}, {Key: "filter", Value: q.filter}, {Key: "limit", Value: q.limit}}
	for key, value := range map[string]bson.Raw{"sort": q.sort, "projection": q.proj} {
		if value != nil {
			find = append(find, bson.E{Key: key, Value: value})
		}
	}
	raw, err := db.RunCommand(t.Context(), bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "queryPlanner"}}).Raw()
	if err != nil {
		t.Fatalf("explaining %v: %v", find, err)
	}
	var p plan
	if winning, err := raw.LookupErr("queryPlanner", "winningPlan"); err == nil {
		p.server = "MongoDB"
		p.walk(winning)
	} else if tree, err := raw.LookupErr("queryPlanner", "Plan"); err == nil {
		p.server = "FerretDB"
		p.walk(tree)
	}
	if len(p.steps) == 0 {
		t.Fatalf("a plan that this test cannot read: %s", raw)
	}
	return p
}

func (p *plan) walk(v bson.RawValue) {
	var inside bson.Raw
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		inside = v.Document()
	case bson.TypeArray:
		inside = bson.Raw(v.Array())
	default:
		return
	}
	elements, _ := inside.Elements()
	for _, e := range elements {
		text, _ := e.Value().StringValueOK()
		switch e.Key() {
		case "stage", "Node Type":
			p.steps = append(p.steps, text)
		case "indexName", "Index Name":
			p.index = append(p.index, text)
		case "Index Cond", "Recheck Cond":
			p.bounds = append(p.bounds, text)
		}
		if e.Key() != "IndexCosts" { // of indexes that are not used
			p.walk(e.Value())
		}
	}
}

// conditions is how many conditions PostgreSQL puts on an index besides the one
// that names the collection.
func (p plan) conditions() (n int) {
	for _, bound := range p.bounds {
		n = max(n, strings.Count(bound, "documentdb_api_catalog.")+strings.Count(bound, "object_id OPERATOR"))
	}
	return n
}

// scans reports whether all of a collection is read, or all of a lab.
func (p plan) scans() bool {
	if p.server == "MongoDB" {
		indexed := slices.ContainsFunc(p.steps, func(s string) bool {
			return s == "IXSCAN" || s == "IDHACK" || strings.HasPrefix(s, "EXPRESS") || s == "CLUSTERED_IXSCAN"
		})
		return !indexed || slices.Contains(p.steps, "COLLSCAN")
	}
	// One that has nothing but the lab reads all of the lab: two conditions,
	// or one on _id.
	byID := slices.ContainsFunc(p.bounds, func(b string) bool { return strings.Contains(b, "object_id OPERATOR") })
	return slices.Contains(p.steps, "Seq Scan") || !byID && p.conditions() < 2
}

func (p plan) sorts() bool {
	return slices.Contains(p.steps, "Sort") || slices.Contains(p.steps, "SORT")
}

// bounded reports whether a query asks for a stretch of sequence numbers that
// ends, so that little is to be sorted. DocumentDB sorts what is not in the
// order of _id.
func (q query) bounded() bool {
	for _, field := range []string{"seq", "last"} {
		v, err := q.filter.LookupErr(field)
		if err != nil {
			continue
		}
		d, ok := v.DocumentOK()
		return !ok || strings.Contains(shapeOf(d)+d.String(), "$lte")
	}
	return false
}

// explained are the databases of TestEveryQueryHasAnIndex: enough in two labs
// for a planner to care.
func explained(t *testing.T) (db *mongo.Database, shapes map[string]query) {
	t.Helper()
	r := &recorder{shapes: make(map[string]query)}
	uri := mongotest.Database(t)
	s := mustOpen(t, ours.WithMonitor(ours.Options{URI: uri, MaxGroup: 1, MaxView: time.Minute}, r.monitor()))
	var all errgroup.Group
	for _, lab := range []store.LabID{"lab-a", "lab-b"} {
		all.Go(func() error {
			for i := range 150 {
				if err := s.Update(t.Context(), lab, func(tx store.Tx) error { return explainedClosure(tx, i) }); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	// What is trimmed is so a while after it was applied.
	short := mustOpen(t, ours.WithMonitor(ours.Options{URI: uri, MaxView: 10 * time.Millisecond}, r.monitor()))
	for i := range 8 {
		if err := short.Update(t.Context(), "lab-c", func(tx store.Tx) error { return explainedClosure(tx, i) }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	again := mustOpen(t, ours.WithMonitor(ours.Options{URI: uri, MaxView: time.Minute}, r.monitor())) // knows nothing yet
	mustReadAll(t, again)
	parsed, err := connstring.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return mustConnect(t, uri).Database(parsed.Database), maps.Clone(r.shapes)
}

// explainedClosure is the i-th closure of a lab: an entry, 18 documents of
// which one was there before, and one that goes again.
func explainedClosure(tx store.Tx, i int) error {
	if _, err := tx.Append(store.Entry{ID: fmt.Sprintf("entry-%06d", i), Content: []byte(`{"type":"test"}`), Outcome: []byte(`{}`)}); err != nil {
		return err
	}
	for j := range 18 {
		d := store.Document{Kind: []store.Kind{"bin", "fill", "cell"}[j%3], ID: fmt.Sprintf("%06d", i*17+j), Body: []byte(`{"note":"of some length"}`),
			Keys: []store.Key{{Index: "ward", Value: fmt.Sprintf("ward-%03d", (i+j)%40)}}}
		if err := tx.Put(d); err != nil {
			return err
		}
	}
	if i%5 == 4 {
		return tx.Delete("bin", fmt.Sprintf("%06d", (i-1)*17))
	}
	return nil
}

// mustReadAll makes all calls of the port that read.
func mustReadAll(t *testing.T, s store.Store) {
	t.Helper()
	read := func(r store.Reader) error {
		_, err := r.Get("fill", "000001")
		for _, descending := range []bool{false, true} {
			for _, index := range []string{"", "ward"} {
				q := store.Query{Kind: "fill", Index: index, Limit: 20, Descending: descending}
				hits, e := r.Find(q)
				if e != nil || len(hits) != 20 {
					return fmt.Errorf("%+v: %d hits, %w", q, len(hits), e)
				}
				q.After = &hits[10].Position
				q.From, q.To = "", "xyz"
				if hits, e = r.Find(q); e != nil || len(hits) == 0 {
					return fmt.Errorf("%+v: %d hits, %w", q, len(hits), e)
				}
			}
		}
		for _, after := range []store.SeqPosition{{}, {Seq: 40, ID: "000300"}} {
			if docs, e := r.Changed("fill", after, 20); e != nil || len(docs) != 20 {
				return fmt.Errorf("changed: %d documents, %w", len(docs), e)
			}
		}
		if docs, e := r.Documents(store.Ref{Kind: "bin", ID: "000300"}, 20); e != nil || len(docs) != 20 {
			return fmt.Errorf("documents: %d, %w", len(docs), e)
		}
		if err == nil {
			_, err = r.Entry("entry-000007")
		}
		if records, e := r.Entries(20, 20); e != nil || len(records) != 20 {
			return fmt.Errorf("entries: %d, %w", len(records), e)
		}
		return err
	}
	if err := s.View(t.Context(), "lab-a", read); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), "lab-a", func(tx store.Tx) error { return read(tx) }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Labs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// whole are the queries that read a whole collection, which is small: one
// document for each lab, and one for the schema.
var whole = []string{"find labs {} sort {}"}

func TestEveryQueryHasAnIndex(t *testing.T) {
	db, shapes := explained(t)
	all := slices.Sorted(maps.Keys(shapes))
	for _, want := range []string{"update commits ", "update documents ", "delete keys ", "find commits ", "find keys ", "find documents ", "find labs "} {
		if !slices.ContainsFunc(all, func(shape string) bool { return strings.HasPrefix(shape, want) }) {
			t.Errorf("no command %swas seen: this test does not make the store do all it can", want)
		}
	}
	for _, shape := range all {
		t.Run(strings.ReplaceAll(shape, " ", "_"), func(t *testing.T) {
			q := shapes[shape]
			if q.filter == nil && !slices.Contains(whole, shape) {
				t.Fatal(shape)
			}
			p := explain(t, db, q)
			t.Logf("%s: %s: %v, indexes %v", p.server, shape, p.steps, p.index)
			if p.scans() && !slices.Contains(whole, shape) {
				t.Errorf("%s\nis answered by reading all: %v of indexes %v, under %q", q.filter, p.steps, p.index, p.bounds)
			}
			if p.sorts() && (p.server == "MongoDB" || !q.bounded()) {
				t.Errorf("%s\nis sorted in memory: %v of indexes %v", q.filter, p.steps, p.index)
			}
		})
	}
	t.Run("Control", func(t *testing.T) {
		one := func(filter, sort bson.D) query {
			f, err := bson.Marshal(filter)
			if err != nil {
				t.Fatal(err)
			}
			o, err := bson.Marshal(sort)
			if err != nil {
				t.Fatal(err)
			}
			return query{collection: "documents", filter: f, sort: o, limit: 10}
		}
		id := bson.D{{Key: "_id", Value: 1}}
		for _, filter := range []bson.D{
			{{Key: "body.note", Value: "nothing"}},
			{{Key: "lab", Value: "lab-a"}, {Key: "body.note", Value: "nothing"}},
		} {
			if p := explain(t, db, one(filter, id)); !p.scans() {
				// MongoDB goes through the lab by an index, which is not a
				// collection scan, and sorts.
				if p.server != "MongoDB" || !p.sorts() {
					t.Errorf("%v has no index, and it was not noticed: %+v", filter, p)
				}
			}
		}
		if p := explain(t, db, one(bson.D{{Key: "lab", Value: "lab-a"}, {Key: "_id.kind", Value: "fill"}}, bson.D{{Key: "commit", Value: 1}})); !p.sorts() {
			t.Errorf("an order without an index was not noticed: %+v", p)
		}
	})
}
