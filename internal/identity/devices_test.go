package identity_test

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/problem"
)

func TestEnrolment(t *testing.T) {
	k := newKit(t)
	manager := k.signedIn("m@lab.example", managerOf("hospital"))
	e, err := k.CreateEnrolment(t.Context(), manager, identity.EnrolmentRequest{Name: " Cardiology 1 ", Facility: "hospital", Ward: "cardiology"})
	must(t, err)
	if e.Device.Name != "Cardiology 1" || e.Device.State != identity.DevicePending || e.Device.Version != 1 {
		t.Errorf("got %+v, want a pending device", e.Device)
	}
	if !regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{6}$`).MatchString(e.Code.Code) {
		t.Errorf("got code %q, want 26 characters of Crockford's base 32 in groups", e.Code.Code)
	}
	if want := k.clock.now().Add(identity.EnrolmentLife); !e.Code.ExpiresAt.Equal(want) {
		t.Errorf("code expires at %v, want %v", e.Code.ExpiresAt, want)
	}

	tokens, err := k.Redeem(t.Context(), strings.ToLower(e.Code.Code), ward)
	must(t, err)
	want := access.Caller{
		Membership: access.Membership{Lab: lab, Role: access.Ward, Facility: "hospital", Ward: "cardiology"},
		Device:     e.Device.ID, Session: tokens.Caller.Session,
	}
	if tokens.Caller != want {
		t.Errorf("got caller %+v, want %+v", tokens.Caller, want)
	}
	k.accepted(k.Service, tokens.AccessToken, want)
	device, err := k.GetDevice(t.Context(), manager, e.Device.ID)
	must(t, err)
	if device.State != identity.DeviceActive || !device.EnrolledAt.Equal(k.clock.now()) || device.Version != 2 {
		t.Errorf("got %+v, want an active device in version 2", device)
	}
	if got := k.trail.of(identity.DeviceEnrolled, e.Device.ID); len(got) != 1 || got[0].by != manager {
		t.Errorf("got records %+v, want one by the manager", got)
	}
	if got := k.trail.of(identity.DeviceRedeemed, e.Device.ID); len(got) != 1 || got[0].by != want {
		t.Errorf("got records %+v, want one by the device", got)
	}
}

func TestCodeIsUsedOnce(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	e := k.enrolment(boss, "hospital")
	servers := []*identity.Service{k.Service, k.another(nil)}
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			_, err := servers[i%2].Redeem(t.Context(), e.Code.Code, address(i))
			if err == nil {
				won.Add(1)
				return
			}
			wantProblem(t, err, problem.Unauthenticated, "code-invalid")
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("got %d phones from one code, want 1", won.Load())
	}
	if got := k.trail.of(identity.DeviceRedeemed, e.Device.ID); len(got) != 1 {
		t.Errorf("got %d records, want 1", len(got))
	}
}

func TestCodesThatAreRefused(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	expired := k.enrolment(boss, "hospital")
	k.clock.advance(identity.EnrolmentLife)
	revoked := k.enrolment(boss, "hospital")
	_, err := k.RevokeDevice(t.Context(), boss, revoked.Device.ID)
	must(t, err)
	invited, err := k.CreateUser(t.Context(), boss, identity.CreateUserRequest{Email: "anna@ward.example", Name: "Anna", Memberships: []access.Membership{staffOf("hospital")}})
	must(t, err)
	for name, code := range map[string]string{
		"expired": expired.Code.Code, "of a revoked device": revoked.Code.Code, "of an invitation": invited.Invitation.Code,
		"empty": "", "made up": "00000-00000-00000-00000-000000", "long": strings.Repeat("0", 1<<20), "odd": "\xff\x00",
	} {
		_, err := k.Redeem(t.Context(), code, netip.Addr{})
		if p := problem.As(err); p == nil || p.Code != "code-invalid" {
			t.Errorf("%s: got %v, want code-invalid", name, err)
		}
	}
}

func TestCodesAreNotGuessed(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	let := 0
	for range 100 {
		_, err := k.Redeem(t.Context(), "00000-00000-00000-00000-000000", ward)
		if problem.Is(err, "code-invalid") {
			let++
			continue
		}
		wantProblem(t, err, problem.TooMany, "code-blocked")
		if p := problem.As(err); p.RetryAfter <= 0 || p.RetryAfter > time.Minute {
			t.Fatalf("got %v to wait, want up to a minute", p.RetryAfter)
		}
	}
	if let != 10 {
		t.Errorf("got %d tries, want 10", let)
	}
	e := k.enrolment(boss, "hospital")
	_, err := k.Redeem(t.Context(), e.Code.Code, address(1)) // elsewhere nothing is blocked
	must(t, err)
}

// Right codes do not use the tries up: a ward may enrol many phones at once.
func TestManyPhonesFromOneAddress(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	for range 30 {
		k.device(boss, "hospital")
	}
}

func TestWhoEnrolsAndRevokes(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	manager := k.signedIn("m@lab.example", managerOf("hospital"))
	staff := k.signedIn("w@lab.example", staffOf("hospital"))
	auditor := k.signedIn("a@lab.example", auditorOf("hospital"))
	plants := k.signedIn("ra@lab.example", access.Membership{Lab: lab, Role: access.Auditor, Recycler: "recycler"})
	otherLab, err := k.CreateFirst(t.Context(), "other", "c@other.example", "C", secret)
	must(t, err)
	stranger := k.login(otherLab.Email).Caller
	mine, _ := k.device(boss, "hospital")
	foreign, _ := k.device(boss, "clinic")

	for _, caller := range []access.Caller{staff, auditor} {
		_, err := k.CreateEnrolment(t.Context(), caller, identity.EnrolmentRequest{Name: "phone", Facility: "hospital"})
		wantProblem(t, err, problem.Forbidden, "role-not-allowed")
		_, err = k.RevokeDevice(t.Context(), caller, mine.ID)
		wantProblem(t, err, problem.Forbidden, "role-not-allowed")
	}
	for _, facility := range []string{"clinic", "nowhere"} {
		_, err := k.CreateEnrolment(t.Context(), manager, identity.EnrolmentRequest{Name: "phone", Facility: facility})
		wantProblem(t, err, problem.Forbidden, "membership-out-of-reach")
	}
	_, err = k.CreateEnrolment(t.Context(), boss, identity.EnrolmentRequest{Name: "phone", Facility: "nowhere"})
	wantProblem(t, err, problem.Unprocessable, "place-unknown")
	_, err = k.CreateEnrolment(t.Context(), boss, identity.EnrolmentRequest{Name: "phone"})
	wantProblem(t, err, problem.Invalid, "membership-invalid")
	_, err = k.CreateEnrolment(t.Context(), boss, identity.EnrolmentRequest{Facility: "hospital"})
	wantProblem(t, err, problem.Invalid, "request-invalid")

	for name, c := range map[string]struct {
		caller access.Caller
		id     string
	}{
		"another facility": {manager, foreign.ID}, "another lab": {stranger, mine.ID},
		"nothing": {boss, "01980000-0000-7000-8000-000000000000"}, "a person": {boss, manager.User},
	} {
		_, get := k.GetDevice(t.Context(), c.caller, c.id)
		_, revoke := k.RevokeDevice(t.Context(), c.caller, c.id)
		for _, err := range []error{get, revoke} {
			if p := problem.As(err); p == nil || p.Code != "device-unknown" || p.Err != nil {
				t.Errorf("%s: got %v, want device-unknown", name, err)
			}
		}
	}

	for name, c := range map[string]struct {
		caller access.Caller
		want   []string
	}{
		"coordinator": {boss, []string{mine.ID, foreign.ID}}, "manager": {manager, []string{mine.ID}},
		"auditor": {auditor, []string{mine.ID}}, "recycler": {plants, nil}, "stranger": {stranger, nil},
	} {
		page, err := k.ListDevices(t.Context(), c.caller, identity.ListRequest{})
		must(t, err)
		var got []string
		for _, d := range page.Items {
			got = append(got, d.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got devices %v, want %v", name, got, c.want)
		}
	}

	first, err := k.RevokeDevice(t.Context(), manager, mine.ID)
	must(t, err)
	again, err := k.RevokeDevice(t.Context(), manager, mine.ID)
	must(t, err)
	if first != again {
		t.Errorf("revoking again: got %+v, want %+v", again, first)
	}
	if got := k.trail.of(identity.DeviceRevoked, mine.ID); len(got) != 1 {
		t.Errorf("got %d records, want 1", len(got))
	}
}
