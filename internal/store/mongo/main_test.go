package mongo_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.uber.org/goleak"

	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is the connection string of a server to test on. Without one a test is
// skipped, or, with CI=true, fails.
func server(t testing.TB) string {
	t.Helper()
	uri := os.Getenv("MONGODB_URI")
	if uri == "" {
		const how = "MONGODB_URI names no server: start one with deploy/testrig/mongo up, and set MONGODB_URI to what it prints"
		if os.Getenv("CI") == "true" {
			t.Fatal(how)
		}
		t.Skip("SKIPPED: ", how)
	}
	return uri
}

var databases atomic.Int64

// database is the connection string of a database that the test's end drops.
func database(t testing.TB) string {
	t.Helper()
	return databaseOn(t, server(t))
}

func databaseOn(t testing.TB, uri string) string {
	t.Helper()
	name := fmt.Sprintf("ricircolo-test-%d-%d", os.Getpid(), databases.Add(1))
	t.Cleanup(func() {
		client, err := mongo.Connect(options.Client().ApplyURI(uri))
		if err != nil {
			t.Errorf("dropping %s: %v", name, err)
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := client.Database(name).Drop(ctx); err != nil {
			t.Errorf("dropping %s: %v", name, err)
		}
		if err := client.Disconnect(ctx); err != nil {
			t.Errorf("disconnecting: %v", err)
		}
	})
	base, settings, _ := strings.Cut(uri, "?")
	scheme, rest, _ := strings.Cut(base, "://")
	host, _, _ := strings.Cut(rest, "/")
	uri = scheme + "://" + host + "/" + name
	if settings != "" {
		uri += "?" + settings
	}
	return uri
}

// mustOpen opens a store that the test's end closes, in a new database unless
// one is given.
func mustOpen(t testing.TB, opts ours.Options) *ours.Store {
	t.Helper()
	if opts.URI == "" {
		opts.URI = database(t)
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := ours.Open(t.Context(), opts)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}
