package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity/password"
	"github.com/ricircolo/ricircolo/internal/identity/token"
	"github.com/ricircolo/ricircolo/internal/store"
)

// SecretBytes is the length of Config.Pepper and Config.TokenSecret.
const SecretBytes = password.PepperBytes

// Config is what a Service is made of.
type Config struct {
	// Store keeps the documents, in Partition. Required. The caller closes it.
	Store store.Store
	// Auditor records every change before it is made. Required.
	Auditor Auditor
	// Directory knows the places that memberships name. Required.
	Directory Directory
	// Keys sign and verify access tokens. Required.
	Keys *token.Keys
	// Issuer is the iss of the tokens, usually the server's public URL.
	// Required. Tokens of another issuer are refused.
	Issuer string
	// Audience is the aud of the tokens. Required. It keeps tokens made for
	// something else with the same keys from being accepted.
	Audience string
	// Pepper is mixed into passwords before they are hashed: SecretBytes random
	// bytes. Required. Keep it out of the store and of its backups: a stolen
	// store is then of no use for guessing passwords. Changing it voids all
	// passwords.
	Pepper []byte
	// TokenSecret is what refresh tokens and one-time codes are derived from:
	// SecretBytes random bytes, other than Pepper. Required. Keep it out of the
	// store. Changing it ends all sign-ins, of people and of devices, and voids
	// codes that have not been used.
	TokenSecret []byte
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Log takes what an operator should look into, without names, tokens or
	// addresses. Default: nowhere.
	Log *slog.Logger
	// Argon2 is the cost of a password hash. Default: password.DefaultParams.
	// Old hashes are replaced when their owner signs in.
	Argon2 password.Params
	// OnHash, if set, is called while a password is being hashed. Tests count
	// with it.
	OnHash func()
}

// Auditor records changes of people, devices and memberships.
type Auditor interface {
	// RecordAccess records that caller is about to make the change e. When it
	// returns an error the change is not made. Recording the same e.ID again
	// must return nil and record nothing: a repeated attempt reuses its id.
	RecordAccess(ctx context.Context, caller access.Caller, e AccessEntry) error
}

// Directory knows the facilities, wards and recyclers of the labs.
type Directory interface {
	// CheckMembership returns a *problem.Error if the facility, ward or
	// recycler of m does not exist in the lab of m.
	CheckMembership(ctx context.Context, m access.Membership) error
}

// AccessType says what kind of change an AccessEntry records.
type AccessType string

// The changes that are recorded.
const (
	UserCreated     AccessType = "access.user-created"
	UserChanged     AccessType = "access.user-changed" // also a password or an invitation
	UserDisabled    AccessType = "access.user-disabled"
	UserErased      AccessType = "access.user-erased"
	SessionsRevoked AccessType = "access.sessions-revoked"
	DeviceEnrolled  AccessType = "access.device-enrolled" // a code was issued
	DeviceRedeemed  AccessType = "access.device-redeemed" // and used
	DeviceRevoked   AccessType = "access.device-revoked"
	FamilyRevoked   AccessType = "access.family-revoked" // a used refresh token came again
)

// AccessEntry is one change for the trail. It holds ids, never names.
type AccessEntry struct {
	ID          string // UUIDv7
	Type        AccessType
	Subject     string              // id of the person or device
	Memberships []access.Membership // after the change
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Argon2 == (password.Params{}) {
		c.Argon2 = password.DefaultParams()
	}
	return c
}

// Validate returns all faults at once, joined.
func (c Config) Validate() error {
	checks := []struct {
		bad  bool
		text string
	}{
		{c.Store == nil, "store is missing"},
		{c.Auditor == nil, "auditor is missing"},
		{c.Directory == nil, "directory is missing"},
		{c.Keys == nil, "signing keys are missing"},
		{c.Issuer == "", "issuer is empty"},
		{c.Audience == "", "audience is empty"},
		{len(c.Pepper) != SecretBytes, fmt.Sprintf("pepper has %d bytes, want %d", len(c.Pepper), SecretBytes)},
		{len(c.TokenSecret) != SecretBytes, fmt.Sprintf("token secret has %d bytes, want %d", len(c.TokenSecret), SecretBytes)},
		{len(c.Pepper) > 0 && string(c.Pepper) == string(c.TokenSecret), "pepper and token secret are the same"},
	}
	var errs []error
	for _, check := range checks {
		if check.bad {
			errs = append(errs, errors.New("identity: "+check.text))
		}
	}
	return errors.Join(errs...)
}
