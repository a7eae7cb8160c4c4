package tracking

import (
	"encoding/json"
	"fmt"

	"github.com/ricircolo/ricircolo/internal/store"
)

func parseOutcome(r store.Record) (o Outcome, err error) {
	if err = json.Unmarshal(r.Entry.Outcome, &o); err != nil {
		return o, fmt.Errorf("reading the outcome of entry %d: %w", r.Seq, err)
	}
	return o, nil
}
