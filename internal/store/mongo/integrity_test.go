package mongo_test

import (
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

func TestIntegrityCheckMissesNoKey(t *testing.T) {
	uri := mongotest.Database(t)
	s := mustOpen(t, ours.Options{URI: uri})
	for i := range 250 {
		err := s.Update(t.Context(), crashLab, func(tx store.Tx) error { return mark(tx, fmt.Sprint("e", i)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Errorf("a sound database: %v", err)
	}
	wantCollections(t, s, uri)
	gone, err := rawDatabase(t, uri).Collection("keys").DeleteMany(t.Context(), bson.D{{Key: "_id.id", Value: "e249"}})
	if err != nil || gone.DeletedCount != 1 {
		t.Fatalf("deleted %v, %v", gone, err)
	}
	if err := s.IntegrityCheck(t.Context()); err == nil || !strings.Contains(err.Error(), "mark e249") {
		t.Errorf("got %v, want an error that names mark e249", err)
	}
}

func TestOpenExisting(t *testing.T) {
	uri := mongotest.Database(t)
	if _, err := ours.Open(t.Context(), ours.Options{URI: uri, Existing: true}); err == nil || !strings.Contains(err.Error(), "no store in database") {
		t.Errorf("got %v, want an error that there is no store", err)
	}
	names, err := rawDatabase(t, uri).ListCollectionNames(t.Context(), bson.D{})
	if err != nil || len(names) > 0 {
		t.Errorf("got collections %v, %v, want none", names, err)
	}
	mustOpen(t, ours.Options{URI: uri}).Close()
	mustOpen(t, ours.Options{URI: uri, Existing: true})
}
