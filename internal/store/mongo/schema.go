package mongo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ricircolo/ricircolo/internal/store"
)

// The collections. All but meta are sharded by lab.
const (
	// labs has, for each lab, {_id: lab, lab, applied, trimmed}: the watermark,
	// which is the last commit that is applied with all before it, and the last
	// one that has lost its changes with all before it.
	labs = "labs"
	// commits is the history: see encoding.encode.
	commits = "commits"
	// documents is the current state:
	//
	//	{_id: {lab, kind, id}, lab, commit: n, seq, keys: [{index, value}, …], body: {…}}
	//
	// commit is the commit that wrote it last, which guards it: an older one is
	// never written over it. Of a deleted document {_id, lab, commit, gone: date}
	// is kept for a day, as a guard.
	documents = "documents"
	// keys is what documents are found by:
	//
	//	{_id: {lab, kind, index, value, id}, lab, commit: n}
	keys = "keys"
	// meta has one document, {_id: "schema", version: 1}.
	meta = "meta"
)

const (
	schemaVersion = 1
	// minVersion is the oldest series of servers that its makers still mend.
	minVersion = 7
	// goneSeconds is how long the guard of a deleted document is kept: no write
	// is that long on its way.
	goneSeconds = 24 * 60 * 60
)

// index is an index that a query needs besides that of _id.
type index struct {
	collection string
	name       string
	fields     []string
	unique     bool
	onlyWith   string // a field that must be there; "" for all documents
	seconds    int32  // > 0: documents expire
}

var indexes = []index{
	{collection: commits, name: "entry", fields: []string{"lab", "entries.id"}, unique: true, onlyWith: "first"},
	{collection: commits, name: "ledger", fields: []string{"lab", "last"}},
	// Not _id as a whole: DocumentDB would take this index for ranges of _id,
	// and sort the whole lab.
	{collection: documents, name: "changed", fields: []string{"lab", "_id.kind", "seq", "_id.id"}},
	{collection: documents, name: "gone", fields: []string{"gone"}, seconds: goneSeconds},
}

func (x index) model() mongo.IndexModel {
	order := bson.D{}
	for _, f := range x.fields {
		order = append(order, bson.E{Key: f, Value: 1})
	}
	opts := options.Index().SetName(x.name)
	if x.unique {
		opts.SetUnique(true)
	}
	if x.onlyWith != "" {
		opts.SetPartialFilterExpression(bson.D{{Key: x.onlyWith, Value: bson.D{{Key: "$exists", Value: true}}}})
	}
	if x.seconds > 0 {
		opts.SetExpireAfterSeconds(x.seconds)
	}
	return mongo.IndexModel{Keys: order, Options: opts}
}

// prepare brings the database's schema up to date. It refuses one that a newer
// program has made.
func (s *Store) prepare(ctx context.Context) error {
	var doc struct {
		Version int64 `bson:"version"`
	}
	c := s.db.Collection(meta)
	err := c.FindOne(ctx, bson.D{{Key: "_id", Value: "schema"}}).Decode(&doc)
	switch {
	case errors.Is(err, mongo.ErrNoDocuments) && s.opts.Existing:
		return fmt.Errorf("there is no store in database %s: %w", s.db.Name(), fs.ErrNotExist)
	case errors.Is(err, mongo.ErrNoDocuments):
	case err != nil:
		return fmt.Errorf("reading the schema's version: %w", err)
	case doc.Version > schemaVersion:
		return fmt.Errorf("schema %d, this program knows up to %d: %w", doc.Version, schemaVersion, store.ErrNewerSchema)
	}
	for _, x := range indexes {
		if _, err := s.db.Collection(x.collection).Indexes().CreateOne(ctx, x.model()); err != nil {
			return fmt.Errorf("index %s of collection %s: %w; another index has this name, or these fields under another name: drop it, and start again", x.name, x.collection, err)
		}
	}
	return s.proveWrites(ctx)
}

// proveWrites writes the schema's version, as all writes are made: to a majority
// of the members, and their disks.
func (s *Store) proveWrites(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, firstAnswer)
	defer cancel()
	_, err := s.db.Collection(meta).UpdateOne(ctx, bson.D{{Key: "_id", Value: "schema"}},
		bson.D{{Key: "$max", Value: bson.D{{Key: "version", Value: int64(schemaVersion)}}}}, options.UpdateOne().SetUpsert(true))
	if err != nil && !mongo.IsDuplicateKeyError(err) {
		return unavailable("the database does not confirm a write by a majority of its members; are enough of them running, may this user write?", err)
	}
	return nil
}
