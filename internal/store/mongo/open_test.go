package mongo_test

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
	"github.com/ricircolo/ricircolo/internal/store/mongotest"
)

// deadAddress is one that nobody listens on.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	const secret = "hush-hush"
	for _, tt := range []struct {
		name, uri string
		is        error
		says      string
	}{
		{"no connection string", "", nil, "want mongodb://"},
		{"another scheme", "postgres://ward:" + secret + "@localhost", nil, "want mongodb://"},
		{"not escaped", "mongodb://ward:" + secret + "@@localhost", nil, "want mongodb://"},
		{"nobody there", "mongodb://" + deadAddress(t) + "/lab?serverSelectionTimeoutMS=200", store.ErrUnavailable, "does not answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ours.Open(t.Context(), ours.Options{URI: tt.uri, Timeout: 1e9, Logger: slog.New(slog.DiscardHandler)})
			if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v, want an error that says %q and no secret", err, tt.says)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, want one that is %v", err, tt.is)
			}
		})
	}
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	uri := mongotest.Database(t)
	if err := mustOpen(t, ours.Options{URI: uri}).Close(); err != nil {
		t.Fatal(err)
	}
	_, err := rawDatabase(t, uri).Collection("meta").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "schema"}},
		bson.D{{Key: "$inc", Value: bson.D{{Key: "version", Value: 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ours.Open(t.Context(), ours.Options{URI: uri}); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("got %v, want ErrNewerSchema", err)
	}
}

func TestServersThatAreTooOld(t *testing.T) {
	for version, ok := range map[string]bool{"7.0.0": true, "8.2.1": true, "10.0.0": true, "6.0.19": false, "4.4.0": false, "": false, "x": false} {
		if err := ours.CheckVersion(version); (err == nil) != ok {
			t.Errorf("version %q: got %v", version, err)
		}
	}
}

func TestShardKeys(t *testing.T) {
	for _, tt := range []struct {
		key bson.D
		ok  bool
	}{
		{nil, true}, // with a warning
		{bson.D{{Key: "lab", Value: 1}}, true},
		{bson.D{{Key: "lab", Value: "hashed"}}, false}, // no unique index could begin with it
		{bson.D{{Key: "_id", Value: 1}}, false},
		{bson.D{{Key: "lab", Value: 1}, {Key: "n", Value: 1}}, false}, // a lab could be split
	} {
		if err := ours.CheckShardKey("db.commits", tt.key, slog.New(slog.DiscardHandler)); (err == nil) != tt.ok {
			t.Errorf("sharded by %v: got %v", tt.key, err)
		}
	}
}

// A lab that was announced but never written to is not there.
func TestLabsWithoutACommit(t *testing.T) {
	uri := mongotest.Database(t)
	s := mustOpen(t, ours.Options{URI: uri})
	for _, lab := range []string{"announced", "written"} {
		if _, err := rawDatabase(t, uri).Collection("labs").InsertOne(t.Context(), bson.D{{Key: "_id", Value: lab}, {Key: "lab", Value: lab}, {Key: "applied", Value: int64(0)}}); err != nil {
			t.Fatal(err)
		}
	}
	err := s.Update(t.Context(), "written", func(tx store.Tx) error { return tx.Put(store.Document{Kind: "bin", ID: "b", Body: []byte(`{}`)}) })
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Labs(t.Context()); err != nil || len(got) != 1 || got[0] != "written" {
		t.Errorf("got %v, %v, want written alone", got, err)
	}
}

// What others read in the database has the types that they can reckon with.
func TestBodiesAreNative(t *testing.T) {
	uri := mongotest.Database(t)
	s := mustOpen(t, ours.Options{URI: uri})
	err := s.Update(t.Context(), "lab", func(tx store.Tx) error {
		if _, err := tx.Append(store.Entry{ID: "e", Content: []byte(`{"grams":1200}`), Outcome: []byte(`{"status":"applied"}`)}); err != nil {
			return err
		}
		return tx.Put(store.Document{Kind: "bin", ID: "b", Body: []byte(`{"grams":1200,"ward":"Ward <A>"}`), Keys: []store.Key{{Index: "ward", Value: "a"}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // by then all is applied
		t.Fatal(err)
	}
	db := rawDatabase(t, uri)
	var doc, commit bson.Raw
	if err := db.Collection("documents").FindOne(t.Context(), bson.D{{Key: "body.grams", Value: bson.D{{Key: "$gt", Value: 1000}}}}).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if got := doc.Lookup("body", "grams"); got.Type != bson.TypeInt64 || got.Int64() != 1200 {
		t.Errorf("got grams %v, want the int64 1200", got)
	}
	if got := doc.Lookup("body", "ward"); got.StringValue() != "Ward <A>" {
		t.Errorf("got ward %v", got)
	}
	if err := db.Collection("commits").FindOne(t.Context(), bson.D{{Key: "entries.content.grams", Value: 1200}}).Decode(&commit); err != nil {
		t.Fatal(err)
	}
	if got := commit.Lookup("entries", "0", "seq"); got.Type != bson.TypeInt64 || got.Int64() != 1 {
		t.Errorf("got seq %v, want the int64 1", got)
	}
}
