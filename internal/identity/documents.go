package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/store"
)

// The kinds of documents, and the indexes that more than one of them has.
const (
	userKind        store.Kind = "user"
	deviceKind      store.Kind = "device"
	sessionKind     store.Kind = "session"
	enrolmentKind   store.Kind = "enrolment"
	invitationKind  store.Kind = "invitation"
	idempotencyKind store.Kind = "idempotency"

	byLab      = "lab"
	byFacility = "facility"
	byExpiry   = "expires"
	byCode     = "code"
)

// document is the body of a stored document. Times are Unix milliseconds.
type document interface {
	kind() store.Kind
	keys() []store.Key
}

// userDoc is a person.
type userDoc struct {
	Lab         string              `json:"lab"`
	Email       string              `json:"email,omitempty"` // normalised; empty once erased
	Name        string              `json:"name,omitempty"`
	Memberships []access.Membership `json:"memberships"`
	Password    string              `json:"password,omitempty"` // PHC; empty until an invitation is accepted
	Disabled    bool                `json:"disabled,omitempty"`
	Erased      bool                `json:"erased,omitempty"`
	// Epoch is raised to end all sign-ins at once: those begun under a lower
	// one are void. Whatever takes a way to sign in away raises it.
	Epoch     int   `json:"epoch"`
	Version   int   `json:"version"` // raised by every change that a reader can see
	CreatedAt int64 `json:"createdAt"`
	UpdatedAt int64 `json:"updatedAt"`
}

const (
	userByEmail       = "email"
	userByStaff       = "staff"       // ward staff and managers of a facility
	userByRecycler    = "recycler"    // everybody of a recycler
	userByCoordinator = "coordinator" // active coordinators of a lab
)

func (userDoc) kind() store.Kind { return userKind }

func (u userDoc) keys() []store.Key {
	keys := []store.Key{{Index: byLab, Value: u.Lab}}
	add := func(index, value string) {
		if k := (store.Key{Index: index, Value: value}); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	if u.Email != "" {
		add(userByEmail, u.Email)
	}
	if u.activeCoordinator() {
		add(userByCoordinator, u.Lab)
	}
	for _, m := range u.Memberships {
		switch {
		case m.Facility != "":
			add(byFacility, place(u.Lab, m.Facility))
			if managersReach(m) {
				add(userByStaff, place(u.Lab, m.Facility))
			}
		case m.Recycler != "":
			add(userByRecycler, place(u.Lab, m.Recycler))
		}
	}
	return keys
}

// activeCoordinator reports whether the person can sign in and run the lab.
func (u userDoc) activeCoordinator() bool {
	return !u.Disabled && !u.Erased && u.Password != "" && slices.ContainsFunc(u.Memberships, func(m access.Membership) bool {
		return m.Role == access.Coordinator
	})
}

// deviceDoc is a shared phone.
type deviceDoc struct {
	Lab        string `json:"lab"`
	Name       string `json:"name"` // of the phone, not of a person
	Facility   string `json:"facility"`
	Ward       string `json:"ward,omitempty"`
	Version    int    `json:"version"`
	CreatedAt  int64  `json:"createdAt"`
	EnrolledAt int64  `json:"enrolledAt,omitempty"` // 0 until its code is used
	RevokedAt  int64  `json:"revokedAt,omitempty"`
}

func (deviceDoc) kind() store.Kind { return deviceKind }

func (d deviceDoc) keys() []store.Key {
	return []store.Key{
		{Index: byLab, Value: d.Lab},
		{Index: byFacility, Value: place(d.Lab, d.Facility)},
	}
}

func (d deviceDoc) membership() access.Membership {
	return access.Membership{Lab: d.Lab, Role: access.Ward, Facility: d.Facility, Ward: d.Ward}
}

// sessionDoc is one sign-in, and the family of its refresh tokens.
type sessionDoc struct {
	User       string            `json:"user,omitempty"` // or Device
	Device     string            `json:"device,omitempty"`
	Membership access.Membership `json:"membership"` // chosen when signing in
	Epoch      int               `json:"epoch"`      // of the person when signing in
	CreatedAt  int64             `json:"createdAt"`
	RotatedAt  int64             `json:"rotatedAt"`
	Generation uint32            `json:"generation"`         // of the current refresh token: 0, 1, 2 …
	Current    string            `json:"current"`            // SHA-256 of its secret
	Previous   string            `json:"previous,omitempty"` // and of the one before
	Revoked    bool              `json:"revoked,omitempty"`
	// AuditDue is the id of the entry that still has to record why the family
	// was revoked; see revokeFamily.
	AuditDue string `json:"auditDue,omitempty"`
}

const (
	sessionByOwner = "owner"
	sessionByAudit = "audit-due"
)

func (sessionDoc) kind() store.Kind { return sessionKind }

func (d sessionDoc) keys() []store.Key {
	keys := []store.Key{
		{Index: sessionByOwner, Value: d.owner()},
		{Index: byExpiry, Value: instant(d.expires())},
	}
	if d.AuditDue != "" {
		keys = append(keys, store.Key{Index: sessionByAudit, Value: d.AuditDue})
	}
	return keys
}

func (d sessionDoc) owner() string {
	if d.User != "" {
		return d.User
	}
	return d.Device
}

// expires is when the sign-in ends if it is not used any more.
func (d sessionDoc) expires() time.Time {
	rotated := time.UnixMilli(d.RotatedAt).UTC()
	if d.Device != "" {
		return rotated.Add(DeviceIdle)
	}
	idle, absolute := rotated.Add(PersonIdle), time.UnixMilli(d.CreatedAt).UTC().Add(PersonAbsolute)
	if absolute.Before(idle) {
		return absolute
	}
	return idle
}

// codeDoc is a one-time code that has not been used: the enrolment of the
// device, or the invitation of the person, that has the document's id.
type codeDoc struct {
	Purpose   store.Kind `json:"purpose"` // enrolmentKind or invitationKind
	Hash      string     `json:"hash"`    // SHA-256 of the code
	ExpiresAt int64      `json:"expiresAt"`
	// AuditID is the id of the entry that will record the code's use: two who
	// use it at the same time record one fact, and one of them makes it true. It
	// is also what makes this code differ from another for the same person.
	AuditID string `json:"auditId"`
}

func (d codeDoc) kind() store.Kind { return d.Purpose }

func (d codeDoc) keys() []store.Key {
	return []store.Key{
		{Index: byCode, Value: d.Hash},
		{Index: byExpiry, Value: instant(time.UnixMilli(d.ExpiresAt))},
	}
}

// idempotencyDoc remembers what a request with an idempotency key led to.
type idempotencyDoc struct {
	Request   string `json:"request"` // digest, keyed so that names cannot be guessed from it
	Result    string `json:"result"`  // id of the person or device
	ExpiresAt int64  `json:"expiresAt"`
	CodeSeed  string `json:"codeSeed,omitempty"`  // codeDoc.AuditID of the result's code, if any
	CodeUntil int64  `json:"codeUntil,omitempty"` // when that code expires
}

func (idempotencyDoc) kind() store.Kind { return idempotencyKind }

func (d idempotencyDoc) keys() []store.Key {
	return []store.Key{{Index: byExpiry, Value: instant(time.UnixMilli(d.ExpiresAt))}}
}

// save writes a document whole.
func save(tx store.Tx, id string, d document) error {
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encoding %s %s: %w", d.kind(), id, err)
	}
	return tx.Put(store.Document{Kind: d.kind(), ID: id, Body: body, Keys: d.keys()})
}

// load reads a document, or returns store.ErrNotFound.
func load[T document](r store.Reader, kind store.Kind, id string) (T, error) {
	var d T
	if !wellFormed(id) {
		return d, store.ErrNotFound
	}
	doc, err := r.Get(kind, id)
	if err != nil {
		return d, err
	}
	err = decode(doc, &d)
	return d, err
}

// wellFormed reports whether an id, which may come from outside, could be one
// of ours: they are UUIDs and hexadecimal digests. The store would refuse some
// of the others as faulty instead of not finding them.
func wellFormed(id string) bool {
	return id != "" && len(id) <= store.MaxIDBytes && strings.Trim(id, "0123456789abcdef-") == ""
}

func decode(doc store.Document, into any) error {
	if err := json.Unmarshal(doc.Body, into); err != nil {
		return fmt.Errorf("decoding %s %s: %w", doc.Kind, doc.ID, err)
	}
	return nil
}

// find returns the one document with a key, and its id, or store.ErrNotFound.
func find[T document](r store.Reader, kind store.Kind, index, value string) (id string, d T, err error) {
	hits, err := r.Find(exactly(kind, index, value, 1))
	if err != nil {
		return "", d, err
	}
	if len(hits) == 0 {
		return "", d, store.ErrNotFound
	}
	err = decode(hits[0].Document, &d)
	return hits[0].Document.ID, d, err
}

// exactly is the query for one key value. U+0001 is the smallest character that
// a value may continue with.
func exactly(kind store.Kind, index, value string, limit int) store.Query {
	return store.Query{Kind: kind, Index: index, From: value, To: value + "\x01", Limit: limit}
}

// remove deletes a document that may not be there.
func remove(tx store.Tx, kind store.Kind, id string) error {
	if err := tx.Delete(kind, id); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

// place is the key value for a facility or recycler of a lab.
func place(lab, id string) string { return lab + "\x1f" + id }

// instant is a time as a key value: in byte order it is in order of time.
func instant(t time.Time) string { return fmt.Sprintf("%015d", t.UnixMilli()) }
