package mongo_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ricircolo/ricircolo/internal/store"
)

// wantCounters wants the collections to hold the counters as a View shows them,
// none of them written by a commit that does not exist. wantCollections has
// seen to the rest, and that all commits are applied.
func wantCounters(t *testing.T, s store.Store, uri string) {
	t.Helper()
	var want counterLab
	err := s.View(t.Context(), linearLab, func(r store.Reader) (err error) {
		want, err = readCounters(r, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got := counterLab{head: want.head, hash: want.hash}
	_, newest := watermarks(t, uri)
	eachRaw(t, rawDatabase(t, uri).Collection("documents"), bson.D{}, func(raw bson.Raw) {
		if n := raw.Lookup("commit").AsInt64(); n > newest {
			t.Errorf("document %s was written by commit %d, and the newest is %d", raw.Lookup("_id"), n, newest)
		}
		i := raw.Lookup("_id", "id").StringValue()[0] - '0'
		got.value[i], got.wrote[i] = raw.Lookup("body", "value").AsInt64(), store.Seq(raw.Lookup("seq").AsInt64())
	})
	if got != want {
		t.Errorf("the collections have %+v, and a View shows %+v", got, want)
	}
	t.Logf("%d commits for %d entries", newest, want.head)
}
