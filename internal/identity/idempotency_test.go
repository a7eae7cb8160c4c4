package identity_test

import (
	"sync"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/problem"
)

func TestRepeatedCreateUser(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	req := identity.CreateUserRequest{Email: "anna@ward.example", Name: "Anna", Memberships: []access.Membership{staffOf("hospital")}, IdempotencyKey: "key"}
	first, err := k.CreateUser(t.Context(), boss, req)
	must(t, err)
	k.clock.advance(time.Hour)
	again, err := k.another(nil).CreateUser(t.Context(), boss, req)
	must(t, err)
	if again.User.ID != first.User.ID || again.Invitation == nil || *again.Invitation != *first.Invitation {
		t.Errorf("got %+v, want %+v", again, first)
	}
	if got := k.trail.of(identity.UserCreated, first.User.ID); len(got) != 1 {
		t.Errorf("got %d records, want 1", len(got))
	}

	other := req
	other.Name = "Anna B."
	_, err = k.CreateUser(t.Context(), boss, other)
	wantProblem(t, err, problem.Unprocessable, "idempotency-key-reused")
	_, err = k.CreateEnrolment(t.Context(), boss, identity.EnrolmentRequest{Name: "phone", Facility: "hospital", IdempotencyKey: "key"})
	wantProblem(t, err, problem.Unprocessable, "idempotency-key-reused")

	// The key is the caller's own: somebody else's request with it is theirs.
	manager := k.signedIn("m@lab.example", managerOf("hospital"))
	_, err = k.CreateUser(t.Context(), manager, req)
	wantProblem(t, err, problem.Conflict, "email-taken")
	req.Email = "bruno@ward.example"
	theirs, err := k.CreateUser(t.Context(), manager, req)
	must(t, err)
	if theirs.User.ID == first.User.ID {
		t.Error("got the result of another caller's request")
	}
	// Without a key, the same request is another one.
	req.IdempotencyKey = ""
	_, err = k.CreateUser(t.Context(), manager, req)
	wantProblem(t, err, problem.Conflict, "email-taken")
}

// A repeated request is no way to look at somebody who has moved out of sight.
func TestRepeatShowsNobodyOutOfSight(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	manager := k.signedIn("m@lab.example", managerOf("hospital"))
	req := newUser("anna@ward.example", staffOf("hospital"))
	req.IdempotencyKey = "key"
	first, err := k.CreateUser(t.Context(), manager, req)
	must(t, err)
	_, err = k.UpdateUser(t.Context(), boss, first.User.ID, 1, identity.UserPatch{Memberships: &[]access.Membership{staffOf("clinic")}})
	must(t, err)
	_, err = k.CreateUser(t.Context(), manager, req)
	wantProblem(t, err, problem.NotFound, "user-unknown")
}

func TestRepeatedCreateUserCostsNoHash(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	req := newUser("anna@ward.example", staffOf("hospital"))
	req.IdempotencyKey = "key"
	first, err := k.CreateUser(t.Context(), boss, req)
	must(t, err)
	k.hashes.Store(0)
	again, err := k.CreateUser(t.Context(), boss, req)
	must(t, err)
	if again.User.ID != first.User.ID || again.Invitation != nil || k.hashes.Load() != 0 {
		t.Errorf("got %+v after %d hashes, want %+v after none", again, k.hashes.Load(), first)
	}
}

func TestParallelRepeatsAreOneRequest(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	req := identity.EnrolmentRequest{Name: "phone", Facility: "hospital", IdempotencyKey: "key"}
	got := make([]identity.Enrolment, 20)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = k.CreateEnrolment(t.Context(), boss, req); err != nil {
				t.Errorf("enrolling: %v", err)
			}
		})
	}
	wg.Wait()
	for _, e := range got {
		if e != got[0] {
			t.Fatalf("got %+v and %+v, want one enrolment", e, got[0])
		}
	}
	page, err := k.ListDevices(t.Context(), boss, identity.ListRequest{})
	must(t, err)
	if len(page.Items) != 1 {
		t.Errorf("got %d devices, want 1", len(page.Items))
	}
	_, err = k.Redeem(t.Context(), got[19].Code.Code, ward)
	must(t, err)
}

func TestRepeatedEnrolmentAfterItsCode(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	req := identity.EnrolmentRequest{Name: "phone", Facility: "hospital", IdempotencyKey: "key"}
	first, err := k.CreateEnrolment(t.Context(), boss, req)
	must(t, err)
	k.clock.advance(identity.EnrolmentLife - time.Millisecond)
	again, err := k.CreateEnrolment(t.Context(), boss, req)
	must(t, err)
	if again != first {
		t.Errorf("got %+v, want %+v", again, first)
	}
	k.clock.advance(time.Millisecond)
	_, err = k.CreateEnrolment(t.Context(), boss, req)
	wantProblem(t, err, problem.Conflict, "enrolment-expired")
	k.clock.advance(identity.IdempotencyLife)
	_, err = k.CreateEnrolment(t.Context(), boss, req) // forgotten
	must(t, err)
}
