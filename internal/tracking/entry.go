package tracking

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// Submission is an entry as a client sends it. Its id makes it idempotent for
// ever: the same submission may arrive any number of times.
type Submission struct {
	ID         string          `json:"id"` // UUIDv7, made by the client
	Type       Type            `json:"type"`
	OccurredAt string          `json:"occurredAt"` // RFC 3339 by the device's clock
	Body       json.RawMessage `json:"body"`
}

// Limits of what comes from outside.
const (
	MaxSync      = 200 // entries of one sync request
	maxEntryBody = 32 << 10
	// MaxSkew is how far a device's clock may be off before entries are flagged.
	MaxSkew = 5 * time.Minute
)

// Content is an entry as the ledger keeps it: what the client said, who it was,
// and when. It is serialised once, in canonical form (RFC 8785).
type Content struct {
	ID           string           `json:"id"`
	Type         Type             `json:"type"`
	Actor        string           `json:"actor"` // user or device id
	Role         access.Role      `json:"role,omitempty"`
	Organisation string           `json:"organisation"`
	Device       string           `json:"device,omitempty"`
	OccurredAt   calendar.Instant `json:"occurredAt"`       // by the device's clock
	EffectiveAt  calendar.Instant `json:"effectiveAt"`      // corrected by the skew, never after RecordedAt
	RecordedAt   calendar.Instant `json:"recordedAt"`       // by the server's clock
	SkewMs       int64            `json:"skewMs,omitempty"` // server clock minus device clock
	Body         json.RawMessage  `json:"body"`
}

// Outcome is what the domain answered when the entry was recorded. Its keys
// are in byte order and its values plain ASCII, so that its JSON is canonical
// as it comes.
type Outcome struct {
	Fill     string        `json:"fill,omitempty"`   // the fill it belongs to, or the closest one
	Reason   Reason        `json:"reason,omitempty"` // with NeedsReview
	Status   OutcomeStatus `json:"status"`
	Warnings []Warning     `json:"warnings,omitempty"` // with WithWarning
}

// OutcomeStatus is the answer to an entry that was recorded.
type OutcomeStatus string

// The answers. A submission that is refused is not recorded and has none.
const (
	WasApplied  OutcomeStatus = "applied"
	WithWarning OutcomeStatus = "warning"
	NeedsReview OutcomeStatus = "needs-review"
)

// prepared is a valid submission on its way into the ledger.
type prepared struct {
	content   Content
	body      Body
	canonical []byte
}

// prepare checks what can be checked without the store and puts the entry into
// its canonical form. skew is server clock minus device clock.
func prepare(c access.Caller, s Submission, now calendar.Instant, skew time.Duration) (*prepared, error) {
	if !validEntryID(s.ID) {
		return nil, problem.New(problem.Invalid, "entry-id-invalid",
			"An entry id is a UUID version 7 in lower case, made on the device.").With("/id", "malformed", "Use a UUIDv7.")
	}
	occurred, err := calendar.ParseInstant(s.OccurredAt)
	if err != nil {
		return nil, problem.New(problem.Invalid, "entry-invalid", "The entry is not valid; see the fields.").
			With("/occurredAt", "malformed", "Write the device's time like 2026-03-01T08:30:00.000Z.").Because(err)
	}
	body, err := decodeBody(s.Type, s.Body)
	if err != nil {
		return nil, err
	}
	if err := c.May(access.Record(string(s.Type))); err != nil {
		return nil, err
	}
	p := &prepared{body: body, content: newContent(c, s.ID, s.Type, occurred, now)}
	p.content.correctClock(skew)
	if err := p.canonicalise(body); err != nil {
		return nil, err
	}
	return p, nil
}

func newContent(c access.Caller, id string, t Type, occurred, now calendar.Instant) Content {
	return Content{
		ID: id, Type: t, Actor: c.Actor(), Role: c.Role, Organisation: c.Organisation(), Device: c.Device,
		OccurredAt: occurred, EffectiveAt: occurred, RecordedAt: now,
	}
}

// correctClock sets EffectiveAt: the device's time plus the skew where that is
// large enough to be the clock's fault, but never later than the arrival.
func (c *Content) correctClock(skew time.Duration) {
	if skew.Abs() > MaxSkew {
		c.SkewMs = skew.Milliseconds()
	}
	c.EffectiveAt = min(c.claimed(), c.RecordedAt)
}

// claimed is when it happened if one believes the corrected clock.
func (c *Content) claimed() calendar.Instant { return c.OccurredAt + calendar.Instant(c.SkewMs) }

// clockWarnings says what looked odd about the device's clock.
func (c *Content) clockWarnings() (warnings []Warning) {
	if c.SkewMs != 0 {
		warnings = append(warnings, WarnClockSkew)
	}
	if c.claimed().Sub(c.RecordedAt) > MaxSkew {
		warnings = append(warnings, WarnInFuture)
	}
	return warnings
}

func (p *prepared) canonicalise(body any) (err error) {
	if p.content.Body, err = json.Marshal(body); err != nil {
		return fmt.Errorf("encoding entry %s: %w", p.content.ID, err)
	}
	p.canonical, err = canonical(p.content)
	return err
}

// canonical serialises v by RFC 8785.
func canonical(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", v, err)
	}
	if b, err = jcs.Transform(b); err != nil {
		return nil, fmt.Errorf("canonical form of %T: %w", v, err)
	}
	return b, nil
}

// fact is the entry as the folds see it.
func (c Content) fact(body Body) Fact {
	return Fact{
		Entry: c.ID, Type: c.Type, At: c.EffectiveAt, RecordedAt: c.RecordedAt,
		Actor: c.Actor, Organisation: c.Organisation, Device: c.Device, Body: body,
	}
}

// said reports whether the client said the same in both: what makes a repeated
// id a duplicate and not an error.
func (c Content) said(d Content) bool {
	return c.Type == d.Type && c.OccurredAt == d.OccurredAt && c.Actor == d.Actor && sameJSON(c.Body, d.Body)
}

// sameJSON compares two bodies in canonical form.
func sameJSON(a, b json.RawMessage) bool {
	ca, errA := jcs.Transform(a)
	cb, errB := jcs.Transform(b)
	return errA == nil && errB == nil && string(ca) == string(cb)
}
