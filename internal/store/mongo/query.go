package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ricircolo/ricircolo/internal/store"
)

// Every query names the lab, which is the shard key, and is served by an index
// of schema.go; the test Explain holds them to it.

// idsPerQuery bounds the ids that are looked up with one query.
const idsPerQuery = 500

func commitID(lab store.LabID, n int64) bson.D {
	return bson.D{{Key: "lab", Value: string(lab)}, {Key: "n", Value: n}}
}

func documentID(lab store.LabID, ref store.Ref) bson.D {
	return bson.D{{Key: "lab", Value: string(lab)}, {Key: "kind", Value: string(ref.Kind)}, {Key: "id", Value: ref.ID}}
}

func keyID(lab store.LabID, ref store.Ref, k store.Key) bson.D {
	return bson.D{
		{Key: "lab", Value: string(lab)}, {Key: "kind", Value: string(ref.Kind)},
		{Key: "index", Value: k.Index}, {Key: "value", Value: k.Value}, {Key: "id", Value: ref.ID},
	}
}

// in selects by _id within a lab.
func in(lab store.LabID, ids bson.A) bson.D {
	return bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}, {Key: "lab", Value: string(lab)}}
}

func one(lab store.LabID, id bson.D) bson.D {
	return bson.D{{Key: "_id", Value: id}, {Key: "lab", Value: string(lab)}}
}

// find reads what a filter selects, visiting each document until visit says
// that it has enough.
func find(ctx context.Context, c *mongo.Collection, filter bson.D, opts *options.FindOptionsBuilder, visit func(bson.Raw) (more bool, err error)) error {
	cursor, err := c.Find(ctx, filter, opts)
	if err != nil {
		return engineError(ctx, "reading "+c.Name(), err)
	}
	defer closeCursor(ctx, cursor)
	for cursor.Next(ctx) {
		more, err := visit(cursor.Current)
		if err != nil || !more {
			return err
		}
	}
	return engineError(ctx, "reading "+c.Name(), cursor.Err())
}

// closeCursor frees what the server holds for a cursor, also when the time of
// the one who read is over: FerretDB keeps a connection for it.
func closeCursor(ctx context.Context, cursor *mongo.Cursor) {
	if cursor.ID() == 0 {
		return // read to its end
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 500*time.Millisecond)
	defer cancel()
	cursor.Close(ctx) // a fault here costs the server memory for ten minutes, and us nothing
}

// commitsAfter reads up to limit commits that follow n, without their entries.
// A commit behind one that is missing is not read: they are made in order.
func (s *Store) commitsAfter(ctx context.Context, lab store.LabID, n int64, limit int) ([]*commit, error) {
	ids := make(bson.A, limit)
	for i := range ids {
		ids[i] = commitID(lab, n+int64(i)+1)
	}
	opts := options.Find().SetProjection(bson.D{{Key: "entries", Value: 0}}).SetBatchSize(int32(limit + 1))
	found := make([]*commit, limit)
	err := find(ctx, s.commits, in(lab, ids), opts, func(raw bson.Raw) (bool, error) {
		c, err := decodeCommit(raw)
		if err == nil && c.n > n && c.n <= n+int64(limit) {
			found[c.n-n-1] = c
		}
		return true, err
	})
	for i, c := range found {
		if c == nil {
			found = found[:i]
			break
		}
	}
	return found, err
}

// watermark is the last commit that is known to be applied with all before it.
func (s *Store) watermark(ctx context.Context, lab store.LabID) (point, error) {
	applied, err := s.appliedOf(ctx, lab)
	if err != nil || applied == 0 {
		return point{}, err
	}
	found, err := s.commitsAfter(ctx, lab, applied-1, 1)
	if err != nil {
		return point{}, err
	}
	if len(found) == 0 {
		return point{}, &DecodeError{Collection: commits, What: fmt.Sprint("of lab ", lab), Why: "the last applied commit is not there"}
	}
	return found[0].point, nil
}

// watermarks are how far a lab is: commits up to Applied are in the collections,
// and those up to Trimmed have lost their changes.
type watermarks struct {
	Applied int64 `bson:"applied"`
	Trimmed int64 `bson:"trimmed"`
}

func labFilter(lab store.LabID) bson.D {
	return bson.D{{Key: "_id", Value: string(lab)}, {Key: "lab", Value: string(lab)}}
}

// watermarks are zero for a lab that is not there.
func (s *Store) watermarks(ctx context.Context, lab store.LabID) (watermarks, error) {
	var w watermarks
	err := s.labs.FindOne(ctx, labFilter(lab)).Decode(&w)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return w, nil
	}
	return w, engineError(ctx, "reading the watermark", err)
}

// appliedOf is the watermark's number.
func (s *Store) appliedOf(ctx context.Context, lab store.LabID) (int64, error) {
	w, err := s.watermarks(ctx, lab)
	return w.Applied, err
}

// rows reads documents by their ids. What is not there is not in the answer.
func (s *Store) rows(ctx context.Context, lab store.LabID, refs []store.Ref) (map[store.Ref]row, error) {
	all := make(map[store.Ref]row, len(refs))
	for len(refs) > 0 {
		part := refs[:min(len(refs), idsPerQuery)]
		refs = refs[len(part):]
		ids := make(bson.A, len(part))
		for i, ref := range part {
			ids[i] = documentID(lab, ref)
		}
		filter := in(lab, ids)
		if len(ids) == 1 {
			filter = one(lab, ids[0].(bson.D))
		}
		err := find(ctx, s.documents, filter, options.Find().SetBatchSize(int32(len(part)+1)), func(raw bson.Raw) (bool, error) {
			ref, r, err := decodeRow(raw)
			all[ref] = r
			return true, err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// recordsByID reads the records of entry ids. What is not there is not in the
// answer.
func (s *Store) recordsByID(ctx context.Context, lab store.LabID, ids []string) (map[string]store.Record, error) {
	all := make(map[string]store.Record, len(ids))
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for len(ids) > 0 {
		part := ids[:min(len(ids), idsPerQuery)]
		ids = ids[len(part):]
		filter := bson.D{
			{Key: "lab", Value: string(lab)},
			{Key: "entries.id", Value: bson.D{{Key: "$in", Value: part}}},
			{Key: "first", Value: bson.D{{Key: "$exists", Value: true}}},
		}
		opts := options.Find().SetProjection(bson.D{{Key: "entries", Value: 1}})
		err := find(ctx, s.commits, filter, opts, func(raw bson.Raw) (bool, error) {
			records, err := decodeRecords(raw)
			for _, r := range records {
				if wanted[r.Entry.ID] {
					all[r.Entry.ID] = r
				}
			}
			return true, err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// entriesAhead is how many entries one commit has at most, as a rule.
const entriesAhead = 256

// records reads the entries with numbers after+1 … to, which are there, and the
// others of the commits that they are in.
func (s *Store) records(ctx context.Context, lab store.LabID, after, to, head store.Seq) ([]store.Record, error) {
	var all []store.Record
	rest := windows{after: after, to: head, width: to - after + entriesAhead}
	for len(all) == 0 || all[len(all)-1].Seq < to {
		from, upTo, more := rest.next()
		if !more {
			break
		}
		filter := bson.D{{Key: "lab", Value: string(lab)}, {Key: "last", Value: bson.D{{Key: "$gt", Value: int64(from)}, {Key: "$lte", Value: int64(upTo)}}}}
		opts := options.Find().SetProjection(bson.D{{Key: "entries", Value: 1}}).SetSort(bson.D{{Key: "last", Value: 1}})
		err := find(ctx, s.commits, filter, opts, func(raw bson.Raw) (bool, error) {
			records, err := decodeRecords(raw)
			all = append(all, records...)
			return len(records) > 0 && records[len(records)-1].Seq < to, err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
