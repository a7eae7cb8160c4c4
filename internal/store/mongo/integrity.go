package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/ricircolo/ricircolo/internal/store"
)

// integrityPage is how many documents are looked at together.
const integrityPage = 100

// IntegrityCheck looks whether every document can be found by the keys that it
// has, and returns what is wrong as an error. What the documents say is not its
// business, but that of who folds the ledger.
func (s *Store) IntegrityCheck(ctx context.Context) error {
	all, err := s.Labs(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, lab := range all {
		missing, err := s.missingKeys(ctx, lab)
		if err != nil {
			return fmt.Errorf("checking the keys of %s: %w", lab, err)
		}
		if n := len(missing); n > 0 {
			k := missing[0]
			faults = append(faults, fmt.Errorf("%s: %d keys are missing, such as %q in index %s of %s %s: documents are not found by them; migrate into an empty database",
				lab, n, k.Value, k.Index, k.ref.Kind, k.ref.ID))
		}
	}
	return errors.Join(faults...)
}

// keyOf is a key of a document.
type keyOf struct {
	ref store.Ref
	store.Key
}

func (s *Store) missingKeys(ctx context.Context, lab store.LabID) ([]keyOf, error) {
	var missing []keyOf
	for after := (store.Ref{}); ; {
		page, err := s.keysBehind(ctx, lab, after)
		if err != nil {
			return nil, err
		}
		suspects, err := s.notThere(ctx, lab, page.keys)
		if err == nil && len(suspects) > 0 {
			// Commits that are being applied, perhaps: look again when they are.
			if page, err = s.settled(ctx, lab, after); err == nil {
				suspects, err = s.notThere(ctx, lab, page.keys)
			}
		}
		if err != nil {
			return nil, err
		}
		missing = append(missing, suspects...)
		if page.n < integrityPage {
			return missing, nil
		}
		after = page.last
	}
}

// keysPage are the keys of some documents.
type keysPage struct {
	keys []keyOf
	n    int // documents
	last store.Ref
}

// keysBehind are the keys of the documents that follow after.
func (s *Store) keysBehind(ctx context.Context, lab store.LabID, after store.Ref) (keysPage, error) {
	var page keysPage
	err := s.View(ctx, lab, func(r store.Reader) error {
		docs, err := r.Documents(after, integrityPage)
		for _, d := range docs {
			page.n, page.last = page.n+1, store.Ref{Kind: d.Kind, ID: d.ID}
			for _, k := range d.Keys {
				page.keys = append(page.keys, keyOf{page.last, k})
			}
		}
		return err
	})
	return page, err
}

// settled is keysBehind once what it reads is applied.
func (s *Store) settled(ctx context.Context, lab store.LabID, after store.Ref) (keysPage, error) {
	page, err := s.keysBehind(ctx, lab, after)
	head := s.lab(lab).newest()
	for err == nil {
		var applied int64
		if applied, err = s.appliedOf(ctx, lab); err != nil || applied >= head {
			break
		}
		select {
		case <-time.After(foreignPatience / 10):
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	return page, err
}

// notThere are the keys that the collection lacks.
func (s *Store) notThere(ctx context.Context, lab store.LabID, wanted []keyOf) ([]keyOf, error) {
	there := make(map[keyOf]bool, len(wanted))
	for part := range slices.Chunk(wanted, idsPerQuery) {
		ids := make(bson.A, len(part))
		for i, k := range part {
			ids[i] = keyID(lab, k.ref, k.Key)
		}
		err := find(ctx, s.keys, in(lab, ids), options.Find(), func(raw bson.Raw) (bool, error) {
			k, err := decodeKey(raw)
			index, _ := raw.Lookup("_id", "index").StringValueOK()
			there[keyOf{k.ref, store.Key{Index: index, Value: k.Value}}] = true
			return true, err
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(k keyOf) bool { return there[k] }), nil
}
