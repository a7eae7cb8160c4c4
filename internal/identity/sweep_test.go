package identity_test

import (
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/store"
)

// count returns how many documents of each kind the store holds.
func (k *kit) count() map[store.Kind]int {
	k.tb.Helper()
	n := map[store.Kind]int{}
	for _, d := range k.dump() {
		n[d.Kind]++
	}
	return n
}

func TestSweepDeletesWhatHasExpired(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	invite := func(email string) {
		_, err := k.CreateUser(t.Context(), boss, identity.CreateUserRequest{
			Email: email, Name: "Anna", Memberships: []access.Membership{staffOf("hospital")}, IdempotencyKey: email,
		})
		must(t, err)
	}
	active, tokens := k.device(boss, "hospital")
	for range 450 { // more than two batches
		k.enrolment(boss, "hospital")
	}
	invite("old@ward.example")
	swept := func(want int) {
		t.Helper()
		got, err := k.Sweep(t.Context())
		must(t, err)
		if got != want {
			t.Errorf("got %d deleted, want %d", got, want)
		}
	}
	swept(0)

	k.clock.advance(identity.EnrolmentLife + 1e6)
	fresh := k.enrolment(boss, "hospital")
	swept(450)
	if got := k.count(); got["enrolment"] != 1 || got["device"] != 2 {
		t.Errorf("got %v, want the active phone and the one that may still be enrolled", got)
	}
	for _, id := range []string{active.ID, fresh.Device.ID} {
		if _, err := k.GetDevice(t.Context(), boss, id); err != nil {
			t.Errorf("device %s: got %v, want it", id, err)
		}
	}

	k.clock.advance(identity.InvitationLife)
	invite("new@ward.example")
	swept(2) // the first invitation and the last enrolment
	k.clock.advance(identity.PersonIdle)
	tokens = k.refresh(tokens.RefreshToken)
	swept(2) // the second invitation and the coordinator's sign-in
	k.clock.advance(identity.IdempotencyLife)
	swept(2) // both keys
	k.clock.advance(identity.DeviceIdle)
	swept(1) // the phone's sign-in
	if got := k.count(); len(got) != 2 || got["user"] != 3 || got["device"] != 1 {
		t.Errorf("got %v, want people and devices only", got)
	}
	k.refreshRefused(tokens.RefreshToken)
}
