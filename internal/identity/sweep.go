package identity

import (
	"context"
	"errors"

	"github.com/ricircolo/ricircolo/internal/store"
)

// sweepBatch is how many documents one transaction of Sweep deletes.
const sweepBatch = 200

// Sweep deletes sign-ins, codes and idempotency records that have expired, and
// phones whose code nobody used, in small transactions; and it records what
// could not be recorded before (see AccessEntry FamilyRevoked). It returns how
// many documents it deleted. The server calls it from time to time; several may
// run at once.
func (s *Service) Sweep(ctx context.Context) (deleted int, err error) {
	due := s.settleAudits(ctx) // must not keep the rest from being done
	for _, kind := range []store.Kind{sessionKind, enrolmentKind, invitationKind, idempotencyKind} {
		for {
			n, err := s.sweepBatch(ctx, kind)
			deleted += n
			if err != nil {
				return deleted, errors.Join(due, err)
			}
			if n < sweepBatch {
				break
			}
		}
	}
	return deleted, due
}

func (s *Service) sweepBatch(ctx context.Context, kind store.Kind) (deleted int, err error) {
	q := store.Query{Kind: kind, Index: byExpiry, To: instant(s.now()), Limit: sweepBatch}
	err = s.cfg.Store.Update(ctx, Partition, func(tx store.Tx) error {
		hits, err := tx.Find(q)
		if err != nil {
			return err
		}
		for _, hit := range hits {
			if err := tx.Delete(kind, hit.Document.ID); err != nil {
				return err
			}
			if kind == enrolmentKind {
				if err := sweepDevice(tx, hit.Document.ID); err != nil {
					return err
				}
			}
		}
		deleted = len(hits)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return deleted, nil
}

// sweepDevice deletes a phone that nobody became.
func sweepDevice(tx store.Tx, id string) error {
	doc, err := load[deviceDoc](tx, deviceKind, id)
	if errors.Is(err, store.ErrNotFound) || doc.EnrolledAt != 0 || doc.RevokedAt != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return tx.Delete(deviceKind, id)
}

// settleAudits records the revoked families that are not recorded yet.
func (s *Service) settleAudits(ctx context.Context) error {
	var hits []store.Hit
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) (err error) {
		hits, err = r.Find(store.Query{Kind: sessionKind, Index: sessionByAudit, Limit: sweepBatch})
		return err
	})
	if err != nil {
		return err
	}
	for _, hit := range hits {
		var doc sessionDoc
		if err := decode(hit.Document, &doc); err != nil {
			return err
		}
		if err := s.settleAudit(ctx, hit.Document.ID, doc); err != nil {
			return err
		}
	}
	return nil
}
