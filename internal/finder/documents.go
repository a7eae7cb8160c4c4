package finder

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Kind is what is wrong with a bin.
type Kind string

// The problems that can be reported.
const (
	Full         Kind = "full"
	Damaged      Kind = "damaged"
	Misplaced    Kind = "misplaced"
	Contaminated Kind = "contaminated" // something is in it that does not belong there
	Other        Kind = "other"
)

// Kinds lists the problems in the order in which people are asked for them.
var Kinds = []Kind{Full, Contaminated, Damaged, Misplaced, Other}

// State is where a report is in its life.
type State string

// The life of a report.
const (
	Open    State = "open"
	Handled State = "handled"
)

// Report is what somebody reported.
type Report struct {
	ID         string           `json:"id"` // UUIDv7 of the time At: ids are in the order of reporting
	Lab        string           `json:"lab"`
	Facility   string           `json:"facility"`
	Label      string           `json:"label"`
	Problem    Kind             `json:"problem"`
	Note       string           `json:"note,omitempty"`
	NoteErased bool             `json:"noteErased,omitempty"`
	ErasedAt   calendar.Instant `json:"erasedAt,omitempty"` // 0: not erased
	ErasedBy   string           `json:"erasedBy,omitempty"` // id of the person
	At         calendar.Instant `json:"at"`
	State      State            `json:"state"`
	HandledAt  calendar.Instant `json:"handledAt,omitempty"` // 0: not yet
	HandledBy  string           `json:"handledBy,omitempty"` // id of the person
	Version    int              `json:"version"`             // 1, 2, 3 …; raised by every change
}

const (
	reportKind store.Kind = "report"

	byPlace  = "place"   // see placeKey
	byLabel  = "label"   // of open reports only
	byExpiry = "expires" // when the report is swept
)

// keys are how a report is found: by each pair of filters, since a listing is
// one query.
func (r *Report) keys() []store.Key {
	keys := []store.Key{{Index: byExpiry, Value: r.expires().SortKey()}}
	for _, facility := range []string{"", r.Facility} {
		for _, state := range []State{"", r.State} {
			keys = append(keys, store.Key{Index: byPlace, Value: placeKey(r.Lab, facility, state)})
		}
	}
	if r.State == Open {
		keys = append(keys, store.Key{Index: byLabel, Value: labelKey(r.Lab, r.Label)})
	}
	return keys
}

// placeKey is the key value of reports by lab, facility ("": any) and state
// ("": any). No id has the separator in it.
func placeKey(lab, facility string, state State) string {
	return strings.Join([]string{lab, facility, string(state)}, "\x1f")
}

func labelKey(lab, label string) string { return lab + "\x1f" + label }

// expires is when the report has been kept long enough.
func (r *Report) expires() calendar.Instant {
	if r.State == Handled {
		return r.HandledAt.Add(KeepHandled)
	}
	return r.At.Add(KeepOpen)
}

// exactly is the query for one key value. U+0001 is the smallest character that
// a value may continue with.
func exactly(index, value string, limit int) store.Query {
	return store.Query{Kind: reportKind, Index: index, From: value, To: value + "\x01", Limit: limit}
}

// save writes a report whole.
func save(tx store.Tx, r *Report) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding report %s: %w", r.ID, err)
	}
	return tx.Put(store.Document{Kind: reportKind, ID: r.ID, Body: body, Keys: r.keys()})
}

// load reads a report, or returns store.ErrNotFound.
func load(r store.Reader, id string) (Report, error) {
	// The store would refuse some ids from outside as faulty instead of not
	// finding them.
	if !wellFormed(id) {
		return Report{}, store.ErrNotFound
	}
	doc, err := r.Get(reportKind, id)
	if err != nil {
		return Report{}, err
	}
	return decode(doc)
}

func decode(doc store.Document) (r Report, err error) {
	if err = json.Unmarshal(doc.Body, &r); err != nil {
		err = fmt.Errorf("decoding report %s: %w", doc.ID, err)
	}
	return r, err
}

func wellFormed(id string) bool {
	parsed, err := uuid.Parse(id)
	return err == nil && parsed.String() == id
}

// newID is a UUIDv7 of a time: that of the clock, which in tests and in the
// demo is not the machine's.
func newID(at time.Time) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an id: %w", err)
	}
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	return id.String(), nil
}
