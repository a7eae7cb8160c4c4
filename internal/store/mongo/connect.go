package mongo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

const (
	defaultDatabase = "ricircolo"
	// openPatience is how long opening takes at most: building an index over a
	// large collection is its longest part.
	openPatience = 10 * time.Minute
	// firstAnswer is how long a database may take to answer at all.
	firstAnswer = 10 * time.Second
)

// clientOptions are the driver's settings. What the promises of the port rest
// on wins over the connection string.
func clientOptions(opts Options) (*options.ClientOptions, string, error) {
	parsed, err := connstring.ParseAndValidate(opts.URI)
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		return nil, "", unavailable("the name in the connection string can't be resolved", dns)
	}
	if err != nil {
		// The driver's own message may repeat the string, password and all.
		return nil, "", errors.New("the connection string is not valid: want mongodb://host:port/database or mongodb+srv://host/database")
	}
	database := parsed.Database
	if database == "" {
		database = defaultDatabase
	}
	journal := true
	settings := options.Client().ApplyURI(opts.URI).
		SetAppName("ricircolo").
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journal}).
		SetReadConcern(readconcern.Majority()).
		SetReadPreference(readpref.Primary()).
		SetRetryWrites(true).SetRetryReads(true).
		SetServerSelectionTimeout(opts.Timeout).
		SetConnectTimeout(opts.Timeout).
		// Every call has its own deadline; this is the net below.
		SetTimeout(2 * opts.Timeout).
		SetMonitor(opts.monitor)
	return settings, database, settings.Validate()
}

// hello is what a server says of itself.
type hello struct {
	Msg     string `bson:"msg"` // "isdbgrid" for the router of a sharded cluster
	SetName string `bson:"setName"`
}

// inspect makes sure that the database can keep what the store promises.
func (s *Store) inspect(ctx context.Context) error {
	first, cancel := context.WithTimeout(ctx, firstAnswer)
	defer cancel()
	if err := s.client.Ping(first, readpref.Primary()); err != nil {
		return unavailable("the database does not answer; is the address right, is the server running, may this machine reach it, are user and password right?", err)
	}
	var build struct {
		Version string `bson:"version"`
	}
	admin := s.client.Database("admin")
	if err := admin.RunCommand(first, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&build); err != nil {
		return fmt.Errorf("asking for the server's version: %w", err)
	}
	if err := checkVersion(build.Version); err != nil {
		return err
	}
	var who hello
	if err := admin.RunCommand(first, bson.D{{Key: "hello", Value: 1}}).Decode(&who); err != nil {
		return fmt.Errorf("asking the server what it is: %w", err)
	}
	switch {
	case who.Msg == "isdbgrid":
		return s.checkSharding(first)
	case who.SetName == "":
		s.opts.Logger.Warn("the database is a single server: what it acknowledges is lost with its disk; a replica set of three keeps it")
	}
	return nil
}

func checkVersion(version string) error {
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return fmt.Errorf("the server's version %q is not a number", version)
	}
	if n < minVersion {
		return fmt.Errorf("the server's version is %s, but %d.0 is the oldest that its makers still mend: upgrade the server", version, minVersion)
	}
	return nil
}

// checkSharding makes sure that each collection is spread by lab.
func (s *Store) checkSharding(ctx context.Context) error {
	for _, name := range []string{labs, commits, documents, keys} {
		var c struct {
			Key bson.D `bson:"key"`
		}
		namespace := s.db.Name() + "." + name
		err := s.client.Database("config").Collection("collections").FindOne(ctx, bson.D{{Key: "_id", Value: namespace}}).Decode(&c)
		if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
			return fmt.Errorf("reading how %s is sharded: %w", namespace, err)
		}
		if err := checkShardKey(namespace, c.Key, s.opts.Logger); err != nil {
			return err
		}
	}
	return nil
}

func checkShardKey(namespace string, key bson.D, log *slog.Logger) error {
	switch {
	case len(key) == 0:
		log.Warn("a collection of a sharded cluster is not sharded: run deploy/mongodb/shard.js", "collection", namespace)
	case len(key) != 1 || key[0].Key != "lab" || key[0].Value == "hashed":
		return fmt.Errorf("collection %s is sharded by %v, but must be by {lab: 1}: reshard it, as in deploy/mongodb/shard.js", namespace, key)
	}
	return nil
}
