// Package mongo keeps the labs in a MongoDB database.
package mongo

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ricircolo/ricircolo/internal/store"
)

// Options say where a store lies and how it behaves.
type Options struct {
	// URI is the connection string, mongodb://… or mongodb+srv://…; its path
	// names the database, "ricircolo" if it has none.
	URI    string
	Logger *slog.Logger
	// MaxView is how long a View may take; 5 s.
	MaxView time.Duration
	// RunTwice runs every closure twice, as in package sqlite.
	RunTwice bool
}

// Store is a store.Store.
type Store struct {
	store.Store
	client *mongo.Client
}

// Open connects to the database.
func Open(ctx context.Context, opts Options) (*Store, error) {
	return nil, errors.New("not yet")
}
