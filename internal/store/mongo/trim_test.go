package mongo_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// Commits lose their changes some time after they were applied, also those of a
// process that has ended; nothing else of them goes.
func TestCommitsAreTrimmed(t *testing.T) {
	uri := mongotest.Database(t)
	opts := ours.Options{URI: uri, MaxView: 50 * time.Millisecond}
	n := 0
	write := func(s *ours.Store) {
		t.Helper()
		n++
		if err := s.Update(t.Context(), crashLab, func(tx store.Tx) error { return mark(tx, fmt.Sprint("e", n)) }); err != nil {
			t.Fatal(err)
		}
	}
	first := mustOpen(t, opts)
	for range 5 {
		write(first)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, opts)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	changed := bson.D{{Key: "changes", Value: bson.D{{Key: "$exists", Value: true}}}, {Key: "_id.n", Value: bson.D{{Key: "$lte", Value: 5}}}}
	for {
		write(s)
		left, err := rawDatabase(t, uri).Collection("commits").CountDocuments(ctx, changed)
		if err != nil {
			t.Fatal(err)
		}
		if left == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	stranger := mustOpen(t, ours.Options{URI: uri})
	wantMarks(t, stranger, []string{"e1", "e5", fmt.Sprint("e", n)})
	wantCollections(t, stranger, uri)
}
