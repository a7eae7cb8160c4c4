package identity

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

// Device is a shared phone of a ward.
type Device struct {
	ID         string // UUIDv7
	Lab        string
	Name       string // of the phone: no person's name is needed
	Facility   string
	Ward       string // empty: all wards of the facility
	State      DeviceState
	Version    int // 1, 2, 3 …
	CreatedAt  time.Time
	EnrolledAt time.Time // zero while pending
	RevokedAt  time.Time // zero unless revoked
}

// DeviceState says what a device may do.
type DeviceState string

// The states of a device.
const (
	DevicePending DeviceState = "pending" // its code has not been used
	DeviceActive  DeviceState = "active"
	DeviceOut     DeviceState = "revoked" // for good
)

// EnrolmentRequest is a shared phone to be enrolled.
type EnrolmentRequest struct {
	Name     string
	Facility string
	Ward     string // optional
	// IdempotencyKey, if given, makes a repeated request harmless: within
	// EnrolmentLife it is answered with the same device and code.
	IdempotencyKey string
}

// Enrolment is a device and the code with which a phone becomes it.
type Enrolment struct {
	Device Device
	Code   Code
}

// CreateEnrolment prepares a shared phone of the caller's facility, or of any
// facility of a coordinator's lab: whoever uses the code first, within
// EnrolmentLife, is that phone.
func (s *Service) CreateEnrolment(ctx context.Context, caller access.Caller, req EnrolmentRequest) (Enrolment, error) {
	if err := caller.May(access.WriteDevices); err != nil {
		return Enrolment{}, err
	}
	doc, err := s.checkEnrolment(ctx, caller, req)
	if err != nil {
		return Enrolment{}, err
	}
	once, err := s.newOnce(caller, req.IdempotencyKey, "create-enrolment", doc.Name, doc.Facility, doc.Ward)
	if err != nil {
		return Enrolment{}, err
	}
	id, err := newID()
	if err != nil {
		return Enrolment{}, err
	}
	code, open, err := s.newCode(enrolmentKind, id, EnrolmentLife)
	if err != nil {
		return Enrolment{}, err
	}
	once.Result, once.CodeSeed, once.CodeUntil = id, open.AuditID, open.ExpiresAt
	entry := &AccessEntry{Type: DeviceEnrolled, Subject: id, Memberships: []access.Membership{doc.membership()}}
	err = s.change(ctx, caller, entry, func(tx store.Tx) error {
		if err := s.checkOnce(tx, once); err != nil {
			return err
		}
		if err := save(tx, id, open); err != nil {
			return err
		}
		if err := save(tx, id, doc); err != nil {
			return err
		}
		return saveOnce(tx, once)
	})
	if errors.Is(err, errRepeated) {
		return s.enrolmentBefore(ctx, caller, once)
	}
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Device: viewDevice(id, doc), Code: code}, nil
}

func (s *Service) checkEnrolment(ctx context.Context, caller access.Caller, req EnrolmentRequest) (deviceDoc, error) {
	name, err := checkName("/name", req.Name)
	if err != nil {
		return deviceDoc{}, err
	}
	doc := deviceDoc{
		Lab: caller.Lab, Name: name, Facility: req.Facility, Ward: req.Ward,
		Version: 1, CreatedAt: s.now().UnixMilli(),
	}
	if err := doc.membership().Validate(); err != nil {
		return deviceDoc{}, err
	}
	if !caller.SeesFacility(doc.Facility) {
		return deviceDoc{}, problem.New(problem.Forbidden, "membership-out-of-reach", "You may enrol phones of your own facility only.").
			With("/facility", "out-of-reach", "Name your own facility.")
	}
	return doc, s.cfg.Directory.CheckMembership(ctx, doc.membership())
}

// enrolmentBefore is the answer to a request that was answered before.
func (s *Service) enrolmentBefore(ctx context.Context, caller access.Caller, once *once) (Enrolment, error) {
	if s.now().UnixMilli() >= once.CodeUntil {
		return Enrolment{}, problem.New(problem.Conflict, "enrolment-expired", "The code of this enrolment has expired. Enrol the phone with a new idempotency key.")
	}
	device, err := s.GetDevice(ctx, caller, once.Result)
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Device: device, Code: s.code(enrolmentKind, once.Result, once.CodeSeed, once.CodeUntil)}, nil
}

// Redeem makes the sender the shared phone that the code is for and signs it
// in. It answers "code-invalid" to a code that is unknown, used or expired, and
// "code-blocked" after too many of them from one address.
func (s *Service) Redeem(ctx context.Context, code string, client netip.Addr) (Tokens, error) {
	var tokens Tokens
	err := s.tryCode(client, func() (err error) {
		tokens, err = s.redeem(ctx, hashCode(code))
		return err
	})
	return tokens, err
}

func (s *Service) redeem(ctx context.Context, code string) (Tokens, error) {
	var (
		id     string
		open   codeDoc
		device deviceDoc
	)
	read := func(r store.Reader) error {
		var err error
		if id, open, err = s.openCode(r, enrolmentKind, code); err != nil {
			return err
		}
		device, err = load[deviceDoc](r, deviceKind, id)
		return notFound(err, errCodeInvalid())
	}
	if err := s.cfg.Store.View(ctx, Partition, read); err != nil {
		return Tokens{}, err
	}
	m := device.membership()
	session, doc, refresh, err := s.newSession(sessionDoc{Device: id, Membership: m})
	if err != nil {
		return Tokens{}, err
	}
	entry := &AccessEntry{ID: open.AuditID, Type: DeviceRedeemed, Subject: id, Memberships: []access.Membership{m}}
	err = s.change(ctx, access.Caller{Membership: m, Device: id, Session: session}, entry, func(tx store.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		if err := remove(tx, enrolmentKind, id); err != nil {
			return err
		}
		device.EnrolledAt = s.now().UnixMilli()
		device.Version++
		if err := save(tx, id, device); err != nil {
			return err
		}
		return save(tx, session, doc)
	})
	s.forget(id)
	if err != nil {
		return Tokens{}, err
	}
	return s.issue(session, doc, m, refresh)
}

// ListDevices returns the shared phones of the caller's facility or lab.
func (s *Service) ListDevices(ctx context.Context, caller access.Caller, req ListRequest) (Page[Device], error) {
	if err := caller.May(access.ReadDevices); err != nil {
		return Page[Device]{}, err
	}
	if caller.Recycler != "" {
		return Page[Device]{}, nil // phones belong to facilities
	}
	index, value := byLab, caller.Lab
	if caller.Facility != "" {
		index, value = byFacility, place(caller.Lab, caller.Facility)
	}
	return list(ctx, s, req, deviceKind, index, value, viewDevice)
}

// GetDevice returns a shared phone in the caller's scope, or "device-unknown".
func (s *Service) GetDevice(ctx context.Context, caller access.Caller, id string) (Device, error) {
	if err := caller.May(access.ReadDevices); err != nil {
		return Device{}, err
	}
	var d Device
	err := s.cfg.Store.View(ctx, Partition, func(r store.Reader) error {
		doc, err := loadSeenDevice(r, caller, id)
		d = viewDevice(id, doc)
		return err
	})
	return d, err
}

// RevokeDevice ends the sign-ins of a shared phone for good, for a lost one,
// and voids a code that has not been used. Revoking again is no error.
func (s *Service) RevokeDevice(ctx context.Context, caller access.Caller, id string) (Device, error) {
	if err := caller.May(access.WriteDevices); err != nil {
		return Device{}, err
	}
	var doc deviceDoc
	entry := &AccessEntry{Type: DeviceRevoked, Subject: id}
	err := s.change(ctx, caller, entry, func(tx store.Tx) error {
		var err error
		if doc, err = loadSeenDevice(tx, caller, id); err != nil {
			return err
		}
		if doc.RevokedAt != 0 {
			return errRepeated
		}
		entry.Memberships = []access.Membership{doc.membership()}
		doc.RevokedAt = s.now().UnixMilli()
		doc.Version++
		if err := remove(tx, enrolmentKind, id); err != nil {
			return err
		}
		return save(tx, id, doc)
	})
	s.forget(id)
	if err != nil && !errors.Is(err, errRepeated) {
		return Device{}, err
	}
	return viewDevice(id, doc), nil
}

// loadSeenDevice reads a device in the caller's scope. One outside of it is
// answered exactly like one that does not exist.
func loadSeenDevice(r store.Reader, caller access.Caller, id string) (deviceDoc, error) {
	doc, err := load[deviceDoc](r, deviceKind, id)
	if err != nil {
		return deviceDoc{}, notFound(err, errDeviceUnknown())
	}
	if doc.Lab != caller.Lab || !caller.SeesFacility(doc.Facility) {
		return deviceDoc{}, errDeviceUnknown()
	}
	return doc, nil
}

func viewDevice(id string, d deviceDoc) Device {
	state := DevicePending
	switch {
	case d.RevokedAt != 0:
		state = DeviceOut
	case d.EnrolledAt != 0:
		state = DeviceActive
	}
	return Device{
		ID: id, Lab: d.Lab, Name: d.Name, Facility: d.Facility, Ward: d.Ward, State: state, Version: d.Version,
		CreatedAt: fromMilli(d.CreatedAt), EnrolledAt: fromMilli(d.EnrolledAt), RevokedAt: fromMilli(d.RevokedAt),
	}
}
