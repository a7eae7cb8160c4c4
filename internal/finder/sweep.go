package finder

import (
	"context"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/store"
)

// sweepBatch is how many documents one transaction of Sweep deletes.
const sweepBatch = 200

// Sweep deletes the reports that have been kept long enough, in small
// transactions, and returns how many. The server calls it from time to time.
func (s *Service) Sweep(ctx context.Context) (deleted int, err error) {
	for {
		n, err := s.sweepBatch(ctx)
		deleted += n
		if err != nil || n < sweepBatch {
			return deleted, wrap("sweeping reports", err)
		}
	}
}

func (s *Service) sweepBatch(ctx context.Context) (deleted int, err error) {
	q := store.Query{Kind: reportKind, Index: byExpiry, To: calendar.At(s.now()).SortKey(), Limit: sweepBatch}
	err = s.cfg.Store.Update(ctx, Partition, func(tx store.Tx) error {
		hits, err := tx.Find(q)
		if err != nil {
			return err
		}
		for _, hit := range hits {
			if err := tx.Delete(reportKind, hit.Document.ID); err != nil {
				return err
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
