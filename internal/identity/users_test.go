package identity_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/internal/problem"
)

func newUser(email string, ms ...access.Membership) identity.CreateUserRequest {
	return identity.CreateUserRequest{Email: email, Name: "Somebody", Memberships: ms, Password: secret}
}

func TestCreateFirst(t *testing.T) {
	k := newKit(t)
	user, err := k.CreateFirst(t.Context(), lab, "First@Lab.Example", " Prima  ", secret)
	must(t, err)
	if user.Email != "first@lab.example" || user.Name != "Prima" || !slices.Equal(user.Memberships, []access.Membership{coordinatorOf()}) {
		t.Errorf("got %+v, want a coordinator in normal form", user)
	}
	if id, err := uuid.Parse(user.ID); err != nil || id.Version() != 7 {
		t.Errorf("got id %s, want a UUIDv7", user.ID)
	}
	got := k.trail.of(identity.UserCreated, user.ID)
	if len(got) != 1 || got[0].by.User != identity.Console || got[0].by.Lab != lab || !slices.Equal(got[0].Memberships, user.Memberships) {
		t.Errorf("got records %+v, want one by the console", got)
	}
	k.login("first@lab.example")
}

// Who may give what: all callers against all memberships.
func TestNobodyGivesMoreThanTheyReach(t *testing.T) {
	k := newKit(t)
	callers := map[string]access.Caller{
		"coordinator": k.signedIn("c@lab.example", coordinatorOf()),
		"manager":     k.signedIn("m@lab.example", managerOf("hospital")),
		"ward":        k.signedIn("w@lab.example", staffOf("hospital")),
		"driver":      k.signedIn("d@lab.example", driverOf("recycler")),
		"auditor":     k.signedIn("a@lab.example", auditorOf("")),
	}
	foreign := coordinatorOf()
	foreign.Lab = "other"
	inWard := staffOf("hospital")
	inWard.Ward = "cardiology"
	given := map[string]access.Membership{
		"coordinator": coordinatorOf(), "manager": managerOf("hospital"), "ward": staffOf("hospital"),
		"in ward": inWard, "driver": driverOf("recycler"), "auditor": auditorOf(""),
		"facility auditor": auditorOf("hospital"), "clinic manager": managerOf("clinic"), "foreign": foreign,
	}
	may := map[string][]string{
		"coordinator": {"coordinator", "manager", "ward", "in ward", "driver", "auditor", "facility auditor", "clinic manager"},
		"manager":     {"manager", "ward", "in ward"},
	}
	for who, caller := range callers {
		for what, m := range given {
			_, err := k.CreateUser(t.Context(), caller, newUser(who+strings.ReplaceAll(what, " ", "")+"@new.example", m))
			if want := slices.Contains(may[who], what); (err == nil) != want {
				t.Errorf("%s gives %s: got error %v, want it allowed: %v", who, what, err, want)
			}
			if p := problem.As(err); err != nil && (p == nil || p.Kind != problem.Forbidden && p.Kind != problem.Unprocessable) {
				t.Errorf("%s gives %s: got error %v, want a problem", who, what, err)
			}
		}
	}
	// The same holds for changing somebody.
	victim := k.person("victim@ward.example", staffOf("hospital"))
	_, err := k.UpdateUser(t.Context(), callers["manager"], victim.ID, 1, identity.UserPatch{Memberships: &[]access.Membership{staffOf("hospital"), coordinatorOf()}})
	wantProblem(t, err, problem.Forbidden, "membership-out-of-reach")
}

// What somebody cannot see is answered exactly like what is not there.
func TestForeignPeopleAreUnknown(t *testing.T) {
	k := newKit(t)
	manager := k.signedIn("m@lab.example", managerOf("hospital"))
	otherLab, err := k.CreateFirst(t.Context(), "other", "c@other.example", "C", secret)
	must(t, err)
	for name, id := range map[string]string{
		"another facility": k.person("x@clinic.example", staffOf("clinic")).ID,
		"a driver":         k.person("d@recycler.example", driverOf("recycler")).ID,
		"a coordinator":    k.person("c@lab.example", coordinatorOf()).ID,
		"an auditor":       k.person("a@lab.example", auditorOf("hospital")).ID,
		"another lab":      otherLab.ID,
		"nobody":           "01980000-0000-7000-8000-000000000000",
		"a session":        manager.Session,
		"empty":            "",
		"odd":              "\x00/..",
	} {
		_, get := k.GetUser(t.Context(), manager, id)
		_, update := k.UpdateUser(t.Context(), manager, id, 1, identity.UserPatch{Name: new("Eve")})
		_, invite := k.InviteUser(t.Context(), manager, id)
		for method, err := range map[string]error{
			"get": get, "update": update, "invite": invite,
			"erase":  k.EraseUser(t.Context(), manager, id, 0),
			"revoke": k.RevokeSessions(t.Context(), manager, id),
		} {
			if p := problem.As(err); p == nil || p.Code != "user-unknown" || p.Detail != "There is no such person." || p.Err != nil {
				t.Errorf("%s, %s: got %v, want user-unknown and nothing else", name, method, err)
			}
		}
	}
	coordinator := k.login("c@lab.example").Caller
	_, err = k.GetUser(t.Context(), coordinator, otherLab.ID)
	wantProblem(t, err, problem.NotFound, "user-unknown")
}

func TestManagersLeaveAloneWhomTheySeeInPart(t *testing.T) {
	k := newKit(t)
	manager := k.signedIn("m@lab.example", managerOf("hospital"))
	user := k.person("both@lab.example", staffOf("hospital"), managerOf("clinic"))
	got, err := k.GetUser(t.Context(), manager, user.ID)
	must(t, err)
	if !slices.Equal(got.Memberships, []access.Membership{staffOf("hospital")}) {
		t.Errorf("got memberships %v, want the one in the own facility", got.Memberships)
	}
	_, err = k.UpdateUser(t.Context(), manager, user.ID, 1, identity.UserPatch{Disabled: new(true)})
	wantProblem(t, err, problem.Forbidden, "user-out-of-reach")
	_, err = k.InviteUser(t.Context(), manager, user.ID) // would take the account over
	wantProblem(t, err, problem.Forbidden, "user-out-of-reach")
	wantProblem(t, k.EraseUser(t.Context(), manager, user.ID, 0), problem.Forbidden, "user-out-of-reach")
	wantProblem(t, k.RevokeSessions(t.Context(), manager, user.ID), problem.Forbidden, "user-out-of-reach")
}

func TestListUsers(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	var hospital, clinic []string
	for n := range 7 {
		hospital = append(hospital, k.person(fmt.Sprintf("h%d@lab.example", n), staffOf("hospital")).ID)
		clinic = append(clinic, k.person(fmt.Sprintf("c%d@lab.example", n), staffOf("clinic")).ID)
	}
	manager := k.signedIn("m@lab.example", managerOf("hospital"))
	auditor := k.signedIn("a@lab.example", auditorOf("hospital"))
	driver := k.signedIn("d@lab.example", driverOf("recycler"))
	hauditor := k.signedIn("ra@lab.example", access.Membership{Lab: lab, Role: access.Auditor, Recycler: "recycler"})
	everybody := slices.Concat(hospital, clinic, []string{boss.User, manager.User, auditor.User, driver.User, hauditor.User})

	for name, c := range map[string]struct {
		caller access.Caller
		want   []string
	}{
		"coordinator":       {boss, everybody},
		"manager":           {manager, slices.Concat(hospital, []string{manager.User})},
		"facility auditor":  {auditor, slices.Concat(hospital, []string{manager.User, auditor.User})},
		"recycler auditor":  {hauditor, []string{driver.User, hauditor.User}},
		"nobody of a place": {access.Caller{Membership: managerOf("closed"), User: "x"}, nil},
	} {
		var got []string
		var req = identity.ListRequest{Limit: 3}
		for {
			page, err := k.ListUsers(t.Context(), c.caller, req)
			must(t, err)
			if len(page.Items) > 3 {
				t.Fatalf("%s: got %d on a page, want at most 3", name, len(page.Items))
			}
			for _, u := range page.Items {
				got = append(got, u.ID)
			}
			if req.After = page.Next; req.After == "" {
				break
			}
		}
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v in the order of their ids", name, got, c.want)
		}
	}
	for _, req := range []identity.ListRequest{{Limit: -1}, {Limit: 201}, {After: "\x00"}} {
		_, err := k.ListUsers(t.Context(), boss, req)
		wantProblem(t, err, problem.Invalid, "request-invalid")
	}
	_, err := k.ListUsers(t.Context(), driver, identity.ListRequest{})
	wantProblem(t, err, problem.Forbidden, "role-not-allowed")
}

func TestUpdateNeedsTheVersionThatWasRead(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	user := k.person("anna@ward.example", staffOf("hospital"))
	got, err := k.UpdateUser(t.Context(), boss, user.ID, user.Version, identity.UserPatch{Name: new("Anna B.")})
	must(t, err)
	if got.Name != "Anna B." || got.Version != 2 || got.Email != user.Email {
		t.Errorf("got %+v, want the new name in version 2", got)
	}
	_, err = k.UpdateUser(t.Context(), boss, user.ID, user.Version, identity.UserPatch{Name: new("Anna C.")})
	wantProblem(t, err, problem.Precondition, "version-changed")
	_, err = k.UpdateUser(t.Context(), boss, user.ID, 0, identity.UserPatch{Name: new("Anna C.")})
	wantProblem(t, err, problem.PreconditionDue, "version-required")
	wantProblem(t, k.EraseUser(t.Context(), boss, user.ID, 1), problem.Precondition, "version-changed")

	// A patch that changes nothing is no change.
	same, err := k.UpdateUser(t.Context(), boss, user.ID, 2, identity.UserPatch{Name: new("Anna B."), Disabled: new(false)})
	must(t, err)
	if same.Version != 2 {
		t.Errorf("got version %d, want 2 still", same.Version)
	}
	if got := k.trail.of(identity.UserChanged, user.ID); len(got) != 1 {
		t.Errorf("got %d records, want 1", len(got))
	}
	// Of many who read the same version one wins.
	var wg sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = k.UpdateUser(t.Context(), boss, user.ID, 2, identity.UserPatch{Name: new(fmt.Sprint("Anna ", i))})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantProblem(t, err, problem.Precondition, "version-changed")
		}
	}
	if won != 1 {
		t.Errorf("got %d changes of one version, want 1", won)
	}
}

func TestLabKeepsACoordinator(t *testing.T) {
	k := newKit(t)
	last := k.coordinator()
	// An invited one who has not come yet, and one of another lab, do not count.
	_, err := k.CreateUser(t.Context(), last, identity.CreateUserRequest{Email: "i@lab.example", Name: "I", Memberships: []access.Membership{coordinatorOf()}})
	must(t, err)
	_, err = k.CreateFirst(t.Context(), "other", "c@other.example", "C", secret)
	must(t, err)

	attempts := func(id string, version int) []error {
		_, disable := k.UpdateUser(t.Context(), last, id, version, identity.UserPatch{Disabled: new(true)})
		_, demote := k.UpdateUser(t.Context(), last, id, version, identity.UserPatch{Memberships: &[]access.Membership{staffOf("hospital")}})
		return []error{disable, demote, k.EraseUser(t.Context(), last, id, version)}
	}
	for _, err := range attempts(last.User, 1) {
		wantProblem(t, err, problem.Conflict, "last-coordinator")
	}
	// Two who disable each other at the same moment: one stays.
	second := k.person("second@lab.example", coordinatorOf())
	for range 10 {
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, id := range []string{last.User, second.ID} {
			wg.Go(func() { errs[i] = k.EraseUser(t.Context(), last, id, 0) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("got errors %v, want exactly one", errs)
		}
		if errs[0] == nil {
			return
		}
		second = k.person("second@lab.example", coordinatorOf())
	}
}

func TestErasedPeopleAreGone(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	created, err := k.CreateUser(t.Context(), boss, identity.CreateUserRequest{
		Email: "anna@ward.example", Name: "Anna Bianchi", Memberships: []access.Membership{staffOf("hospital")},
		Password: secret, IdempotencyKey: "key-1",
	})
	must(t, err)
	k.login("anna@ward.example")
	must(t, k.EraseUser(t.Context(), boss, created.User.ID, 1))
	must(t, k.EraseUser(t.Context(), boss, created.User.ID, 1)) // again is no error
	for _, d := range k.dump() {
		text := strings.ToLower(string(d.Body) + fmt.Sprint(d.Keys))
		if strings.Contains(text, "anna") || strings.Contains(text, "bianchi") {
			t.Errorf("%s %s still holds the name: %s", d.Kind, d.ID, text)
		}
	}
	got, err := k.GetUser(t.Context(), boss, created.User.ID)
	must(t, err)
	if !got.Erased || !got.Disabled || got.Name != "" || got.Email != "" || got.Version != 2 {
		t.Errorf("got %+v, want an id without a name", got)
	}
	_, err = k.UpdateUser(t.Context(), boss, created.User.ID, 2, identity.UserPatch{Disabled: new(false)})
	wantProblem(t, err, problem.Conflict, "user-erased")
	_, err = k.InviteUser(t.Context(), boss, created.User.ID)
	wantProblem(t, err, problem.Conflict, "user-erased")
	wantProblem(t, k.guess("anna@ward.example", secret, ward), problem.Unauthenticated, "credentials-invalid")
	k.person("anna@ward.example", staffOf("hospital")) // the address is free again
	if got := k.trail.of(identity.UserErased, created.User.ID); len(got) != 1 {
		t.Errorf("got %d records, want 1", len(got))
	}
}

// What cannot be recorded is not done.
func TestNothingChangesWithoutARecord(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	user := k.person("anna@ward.example", staffOf("hospital"))
	tokens := k.login("anna@ward.example")
	device, _ := k.device(boss, "hospital")
	open := k.enrolment(boss, "hospital")
	before := k.dump()
	full := errors.New("disk full")
	k.trail.failWith(full)

	ctx := t.Context()
	_, create := k.CreateUser(ctx, boss, newUser("bruno@ward.example", staffOf("hospital")))
	_, update := k.UpdateUser(ctx, boss, user.ID, 1, identity.UserPatch{Disabled: new(true)})
	_, invite := k.InviteUser(ctx, boss, user.ID)
	_, enrol := k.CreateEnrolment(ctx, boss, identity.EnrolmentRequest{Name: "phone", Facility: "hospital"})
	_, redeem := k.Redeem(ctx, open.Code.Code, ward)
	_, revoke := k.RevokeDevice(ctx, boss, device.ID)
	for name, err := range map[string]error{
		"create": create, "update": update, "invite": invite, "enrol": enrol, "redeem": redeem, "revoke device": revoke,
		"erase":           k.EraseUser(ctx, boss, user.ID, 0),
		"revoke sessions": k.RevokeSessions(ctx, boss, user.ID),
		"password":        k.ChangeOwnPassword(ctx, tokens.Caller, identity.ChangePasswordRequest{Current: secret, New: "un'altra frase lunga", Client: ward}),
	} {
		if !errors.Is(err, full) || problem.As(err) != nil {
			t.Errorf("%s: got %v, want the trail's error and no problem that a caller would see", name, err)
		}
	}
	if after := k.dump(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the store has changed:\n%v\nwant\n%v", after, before)
	}
}

func TestInvitation(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	created, err := k.CreateUser(t.Context(), boss, identity.CreateUserRequest{Email: "anna@ward.example", Name: "Anna", Memberships: []access.Membership{staffOf("hospital")}})
	must(t, err)
	if created.Invitation == nil || !created.User.Invited {
		t.Fatalf("got %+v, want an invitation", created)
	}
	accept := func(code, pass string) (identity.Tokens, error) {
		return k.AcceptInvitation(t.Context(), identity.AcceptRequest{Code: code, Password: pass, Client: ward})
	}
	code := created.Invitation.Code
	_, err = accept(code, "short")
	wantProblem(t, err, problem.Invalid, "password-refused")
	tokens, err := accept(strings.ToLower(strings.ReplaceAll(code, "-", " ")), secret)
	must(t, err)
	k.accepted(k.Service, tokens.AccessToken, tokens.Caller)
	_, err = accept(code, secret)
	wantProblem(t, err, problem.Unauthenticated, "code-invalid")
	k.login("anna@ward.example")

	// Forgotten: a new code sets a new password and ends the old sign-ins.
	for range 2 * 5 {
		_ = k.guess("anna@ward.example", "forgotten password", ward)
	}
	void, err := k.InviteUser(t.Context(), boss, created.User.ID)
	must(t, err)
	again, err := k.InviteUser(t.Context(), boss, created.User.ID)
	must(t, err)
	_, err = accept(void.Code, secret)
	wantProblem(t, err, problem.Unauthenticated, "code-invalid")
	_, err = accept(again.Code, "un'altra frase lunga")
	must(t, err)
	k.refused(k.Service, tokens.AccessToken)
	must(t, k.guess("anna@ward.example", "un'altra frase lunga", ward)) // not blocked any more

	late, err := k.InviteUser(t.Context(), boss, created.User.ID)
	must(t, err)
	k.clock.advance(identity.InvitationLife)
	_, err = accept(late.Code, secret)
	wantProblem(t, err, problem.Unauthenticated, "code-invalid")
}

func TestDisabledPeopleCannotComeBackByInvitation(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	user := k.person("anna@ward.example", staffOf("hospital"))
	code, err := k.InviteUser(t.Context(), boss, user.ID)
	must(t, err)
	_, err = k.UpdateUser(t.Context(), boss, user.ID, 1, identity.UserPatch{Disabled: new(true)})
	must(t, err)
	_, err = k.AcceptInvitation(t.Context(), identity.AcceptRequest{Code: code.Code, Password: secret, Client: ward})
	wantProblem(t, err, problem.Unauthenticated, "code-invalid")
	_, err = k.InviteUser(t.Context(), boss, user.ID)
	wantProblem(t, err, problem.Conflict, "user-disabled")
}

func TestFaultyPeopleAreRefused(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	k.person("anna@ward.example", staffOf("hospital"))
	many := make([]access.Membership, 7)
	for i := range many {
		many[i] = access.Membership{Lab: lab, Role: access.Ward, Facility: fmt.Sprint("f", i)}
	}
	for name, c := range map[string]struct {
		edit    func(*identity.CreateUserRequest)
		code    string
		pointer string
	}{
		"no email":          {func(r *identity.CreateUserRequest) { r.Email = "" }, "request-invalid", "/email"},
		"odd email":         {func(r *identity.CreateUserRequest) { r.Email = "Bruno <b@ward.example>" }, "request-invalid", "/email"},
		"long email":        {func(r *identity.CreateUserRequest) { r.Email = strings.Repeat("b", 300) + "@ward.example" }, "request-invalid", "/email"},
		"taken email":       {func(r *identity.CreateUserRequest) { r.Email = "ANNA@ward.example" }, "email-taken", "/email"},
		"no name":           {func(r *identity.CreateUserRequest) { r.Name = " " }, "request-invalid", "/name"},
		"name turning text": {func(r *identity.CreateUserRequest) { r.Name = "Anna \u202eoinotnA" }, "request-invalid", "/name"},
		"long name":         {func(r *identity.CreateUserRequest) { r.Name = strings.Repeat("n", 101) }, "request-invalid", "/name"},
		"weak password":     {func(r *identity.CreateUserRequest) { r.Password = "password1234" }, "password-refused", "/password"},
		"no membership":     {func(r *identity.CreateUserRequest) { r.Memberships = nil }, "request-invalid", "/memberships"},
		"many memberships":  {func(r *identity.CreateUserRequest) { r.Memberships = many }, "request-invalid", "/memberships"},
		"membership twice": {func(r *identity.CreateUserRequest) {
			r.Memberships = []access.Membership{staffOf("clinic"), staffOf("clinic")}
		}, "request-invalid", "/memberships/1"},
		"misfit":             {func(r *identity.CreateUserRequest) { r.Memberships = []access.Membership{{Role: access.Driver}} }, "membership-invalid", "/memberships/0/recycler"},
		"unknown facility":   {func(r *identity.CreateUserRequest) { r.Memberships = []access.Membership{staffOf("nowhere")} }, "place-unknown", ""},
		"long key":           {func(r *identity.CreateUserRequest) { r.IdempotencyKey = strings.Repeat("k", 256) }, "idempotency-key-invalid", ""},
		"membership of labs": {func(r *identity.CreateUserRequest) { r.Memberships[0].Lab = "other" }, "membership-foreign", "/memberships/0/lab"},
	} {
		req := newUser("bruno@ward.example", staffOf("hospital"))
		c.edit(&req)
		_, err := k.CreateUser(t.Context(), boss, req)
		p := problem.As(err)
		if p == nil || p.Code != c.code || c.pointer != "" && (len(p.Fields) != 1 || p.Fields[0].Pointer != c.pointer) {
			t.Errorf("%s: got %v, want %s at %q", name, err, c.code, c.pointer)
		}
	}
}

func TestMe(t *testing.T) {
	k := newKit(t)
	boss := k.coordinator()
	user := k.person("anna@ward.example", staffOf("hospital"), driverOf("recycler"))
	me, err := k.Me(t.Context(), k.login("anna@ward.example").Caller)
	must(t, err)
	if me.User == nil || me.User.ID != user.ID || len(me.User.Memberships) != 2 || me.Device != nil {
		t.Errorf("got %+v, want all of the person", me)
	}
	device, tokens := k.device(boss, "hospital")
	me, err = k.Me(t.Context(), tokens.Caller)
	must(t, err)
	if me.Device == nil || me.Device.ID != device.ID || me.User != nil {
		t.Errorf("got %+v, want the device", me)
	}
}

func TestConfigNamesAllFaults(t *testing.T) {
	_, err := identity.New(identity.Config{Pepper: []byte("short"), TokenSecret: []byte("short")})
	for _, want := range []string{"store", "auditor", "directory", "keys", "issuer", "audience", "pepper", "token secret", "the same"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one that names the %s", err, want)
		}
	}
}
