package identity_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/store"
)

// TestClaimStore has servers with the same and with other secrets on one store.
func TestClaimStore(t *testing.T) {
	k := newKit(t)
	with := func(pepper, secret byte) *identity.Service {
		cfg := k.cfg
		cfg.Pepper, cfg.TokenSecret = bytes.Repeat([]byte{pepper}, identity.SecretBytes), bytes.Repeat([]byte{secret}, identity.SecretBytes)
		s, err := identity.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	claims := make([]error, 8) // all at once, each with a pepper of its own
	var wg sync.WaitGroup
	for i := range claims {
		wg.Go(func() { claims[i] = with(byte(10+i), 99).ClaimStore(t.Context(), false) })
	}
	wg.Wait()
	first := -1
	for i, err := range claims {
		switch {
		case err == nil && first < 0:
			first = i
		case !errors.Is(err, identity.ErrOtherSecrets):
			t.Errorf("claim %d: got %v, want ErrOtherSecrets", i, err)
		}
	}
	if first < 0 {
		t.Fatal("nobody got the store")
	}
	mine := byte(10 + first)
	for _, row := range []struct {
		pepper, secret byte
		adopt          bool
		want           error
	}{
		{mine, 99, false, nil},
		{mine, 98, false, identity.ErrOtherSecrets},
		{1, 99, false, identity.ErrOtherSecrets},
		{1, 98, true, nil},
		{1, 98, false, nil},
		{mine, 99, false, identity.ErrOtherSecrets},
	} {
		if err := with(row.pepper, row.secret).ClaimStore(t.Context(), row.adopt); !errors.Is(err, row.want) {
			t.Errorf("%+v: got %v", row, err)
		}
	}
	err := k.cfg.Store.View(t.Context(), identity.Partition, func(r store.Reader) error {
		d, err := r.Get("secrets", "fingerprint")
		for _, secret := range []byte{1, 98} {
			if strings.Contains(string(d.Body), hex.EncodeToString(bytes.Repeat([]byte{secret}, 8))) {
				t.Errorf("the secret is in %s", d.Body)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
