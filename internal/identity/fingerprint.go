package identity

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ricircolo/ricircolo/internal/store"
)

// ErrOtherSecrets is returned by ClaimStore.
var ErrOtherSecrets = errors.New("other servers use this store with other secrets than this one")

const secretsKind store.Kind = "secrets"

const secretsID = "fingerprint"

// fingerprintDoc tells secrets from others. It is derived from random bytes,
// and of no use for finding them.
type fingerprintDoc struct {
	Pepper      string `json:"pepper"`
	TokenSecret string `json:"tokenSecret"`
}

func (c Config) fingerprint() (f fingerprintDoc, err error) {
	for secret, out := range map[*[]byte]*string{&c.Pepper: &f.Pepper, &c.TokenSecret: &f.TokenSecret} {
		sum, err := hkdf.Expand(sha256.New, *secret, "fingerprint", 16)
		if err != nil {
			return f, fmt.Errorf("fingerprint of the secrets: %w", err)
		}
		*out = hex.EncodeToString(sum)
	}
	return f, nil
}

// ClaimStore notes in the store which secrets it is used with, or returns
// ErrOtherSecrets if it is used with others: where several servers share a
// store, passwords and sign-ins made at one would not be worth anything at the
// next. Of two that begin at once with secrets of their own, one gets the store.
// With adopt, these secrets are noted in the place of the others.
func (s *Service) ClaimStore(ctx context.Context, adopt bool) error {
	mine, err := s.cfg.fingerprint()
	if err != nil {
		return err
	}
	body, err := json.Marshal(mine)
	if err != nil {
		return err
	}
	return s.cfg.Store.Update(ctx, Partition, func(tx store.Tx) error {
		there, err := tx.Get(secretsKind, secretsID)
		switch {
		case err == nil && string(there.Body) == string(body):
			return nil
		case err == nil && !adopt:
			return ErrOtherSecrets
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		}
		return tx.Put(store.Document{Kind: secretsKind, ID: secretsID, Body: body})
	})
}
