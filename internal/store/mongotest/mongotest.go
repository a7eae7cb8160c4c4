// Package mongotest gives tests databases, and stores, of their own on the
// MongoDB server that MONGODB_URI names.
package mongotest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ricircolo/ricircolo/internal/store"
	ours "github.com/ricircolo/ricircolo/internal/store/mongo"
)

// Server is the connection string of the server. Without one the test is
// skipped; with CI=true it fails.
func Server(tb testing.TB) string {
	tb.Helper()
	uri := os.Getenv("MONGODB_URI")
	if uri == "" {
		const how = "NOT TESTED ON MONGODB: MONGODB_URI names no server; deploy/testrig/mongo up starts one and prints what to set it to"
		if os.Getenv("CI") == "true" {
			tb.Fatal(how)
		}
		tb.Skip(how)
	}
	return uri
}

// Database is the connection string of a new database, which is dropped at the
// test's end: after everything that the test begins later has ended.
func Database(tb testing.TB) string {
	tb.Helper()
	return DatabaseOn(tb, Server(tb))
}

// DatabaseOn is Database on another server.
func DatabaseOn(tb testing.TB, server string) string {
	tb.Helper()
	name := fmt.Sprintf("ricircolo-test-%d-%s", os.Getpid(), strings.ToLower(rand.Text()[:8]))
	tb.Cleanup(func() {
		if err := drop(server, name); err != nil {
			tb.Errorf("dropping the database %s: %v", name, err)
		}
	})
	return within(server, name)
}

// Open opens a store in a new database. Both end with the test.
func Open(tb testing.TB) store.Store {
	tb.Helper()
	s, err := ours.Open(context.Background(), ours.Options{URI: Database(tb), MaxView: time.Minute, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatalf("opening a store: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("closing the store: %v", err)
		}
	})
	return s
}

var parts = regexp.MustCompile(`^([a-z+]+://[^/?]*)(?:/[^?]*)?(\?.*)?$`)

// within puts a database's name into the connection string of its server.
func within(server, name string) string {
	return parts.ReplaceAllString(server, "${1}/"+name+"${2}")
}

func drop(server, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(server))
	if err != nil {
		return err
	}
	if err := client.Database(name).Drop(ctx); err != nil {
		return err
	}
	return client.Disconnect(ctx)
}
