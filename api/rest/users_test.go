package rest

import (
	"fmt"
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
)

func TestUsersByCoordinator(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	coordinator, own := p.signedIn(t, access.Coordinator, "")
	body := fields{"email": "Anna@Example.org", "name": " Anna Verdi ", "password": secret, "memberships": []fields{{"role": "driver", "recycler": "r1"}}}
	var made, again createdUserResponse
	answer := coordinator.Do(t, post, usersPath, body, "Idempotency-Key", "k").Want(t, 201)
	answer.JSON(t, &made)
	coordinator.Do(t, post, usersPath, body, "Idempotency-Key", "k").Want(t, 201).JSON(t, &again)
	if made.ID != again.ID || made.Email != "anna@example.org" || made.Name != "Anna Verdi" || made.Invitation != nil || made.Invited {
		t.Errorf("got %+v and %+v, want one person with a password", made, again)
	}
	path := usersPath + "/" + made.ID
	if got := answer.Header.Get("Location"); got != path {
		t.Errorf("got Location %q, want %q", got, path)
	}
	coordinator.Do(t, post, usersPath, body).WantProblem(t, 409, "email-taken")
	body["name"] = "Somebody else"
	coordinator.Do(t, post, usersPath, body, "Idempotency-Key", "k").WantProblem(t, 422, "idempotency-key-reused")

	tag := answer.Header.Get("ETag")
	coordinator.Do(t, get, path, nil, "If-None-Match", tag).Want(t, 304)
	coordinator.Do(t, patch, path, fields{"name": "Anna Bianchi"}).WantProblem(t, 428, "if-match-missing")
	for _, stale := range []string{`"v0"`, `"v7"`, `"x"`} {
		coordinator.Do(t, patch, path, fields{"name": "Anna Bianchi"}, "If-Match", stale).Want(t, 412)
	}
	coordinator.Do(t, patch, path, fields{"name": "Anna Bianchi"}, "If-Match", "*").WantProblem(t, 400, "if-match-invalid")
	fresh := coordinator.Do(t, patch, path, fields{"name": "Anna Bianchi"}, "If-Match", tag).Want(t, 200).Header.Get("ETag")
	coordinator.Do(t, patch, path, fields{"name": "Anna Neri"}, "If-Match", tag).WantProblem(t, 412, "version-changed")
	coordinator.Do(t, get, path, nil, "If-None-Match", tag).Want(t, 200)

	coordinator.Do(t, post, path+"/erase", nil).WantProblem(t, 428, "if-match-missing")
	coordinator.Do(t, post, path+"/erase", nil, "If-Match", `"v0"`).WantProblem(t, 412, "changed-meanwhile")
	coordinator.Do(t, post, path+"/erase", nil, "If-Match", tag).WantProblem(t, 412, "version-changed")
	coordinator.Do(t, post, path+"/erase", nil, "If-Match", fresh).Want(t, 204)
	coordinator.Do(t, post, path+"/erase", nil, "If-Match", fresh).Want(t, 204)
	var erased userResponse
	coordinator.Do(t, get, path, nil).Want(t, 200).JSON(t, &erased)
	if !erased.Erased || erased.Name != "" || erased.Email != "" {
		t.Errorf("got %+v, want nothing of the person", erased)
	}
	coordinator.Do(t, patch, path, fields{"name": "x"}, "If-Match", `"v3"`).WantProblem(t, 409, "user-erased")
	coordinator.Do(t, post, path+"/invite", nil).WantProblem(t, 409, "user-erased")
	coordinator.Do(t, patch, usersPath+"/"+own, fields{"disabled": true}, "If-Match", `"v1"`).WantProblem(t, 409, "last-coordinator")
}

func TestUsersThatDoNotFit(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	coordinator, _ := p.signedIn(t, access.Coordinator, "")
	for _, tt := range []struct {
		body    fields
		status  int
		pointer string
	}{
		{fields{"email": "x", "name": "A", "memberships": []fields{{"role": "auditor"}}}, 400, "/email"},
		{fields{"email": "a@example.org", "name": " ", "memberships": []fields{{"role": "auditor"}}}, 400, "/name"},
		{fields{"email": "a@example.org", "name": "\u202eA", "memberships": []fields{{"role": "auditor"}}}, 400, "/name"},
		{fields{"email": "a@example.org", "name": "A", "memberships": []fields{}}, 400, "/memberships"},
		{fields{"email": "a@example.org", "name": "A", "memberships": []fields{{"role": "finder"}}}, 400, "/memberships/0/role"},
		{fields{"email": "a@example.org", "name": "A", "memberships": []fields{{"role": "auditor"}, {"role": "ward", "facility": "f9"}}}, 422, "/memberships/1/facility"},
		{fields{"email": "a@example.org", "name": "A", "memberships": []fields{{"role": "ward", "facility": "f1", "ward": "w2"}}}, 422, "/memberships/0/ward"},
		{fields{"email": "a@example.org", "name": "A", "memberships": []fields{{"role": "plant", "recycler": "x\u0001y"}}}, 422, "/memberships/0/recycler"},
		{fields{"email": "a@example.org", "name": "A", "memberships": []fields{{"role": "auditor"}}, "password": "password"}, 400, "/password"},
	} {
		got := mustAnswer(t, string(coordinator.Do(t, post, usersPath, tt.body).Want(t, tt.status).Body))
		if len(got.Errors) != 1 || got.Errors[0].Pointer != tt.pointer {
			t.Errorf("%v: got %+v, want one error at %s", tt.body, got.Errors, tt.pointer)
		}
	}
}

func TestUsersByManager(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	manager, _ := p.signedIn(t, access.Manager, "f1")
	_, nurse := p.signedIn(t, access.Ward, "f1")
	_, foreign := p.signedIn(t, access.Ward, "f2")
	_, coordinator := p.signedIn(t, access.Coordinator, "")
	both, _ := p.mustPerson(t, membership(access.Ward, "f1"), membership(access.Ward, "f2"))

	var list listing[userResponse]
	manager.Do(t, get, usersPath, nil).Want(t, 200).JSON(t, &list)
	if len(list.Items) != 3 {
		t.Errorf("got %d people, want the three of the facility", len(list.Items))
	}
	for _, u := range list.Items {
		for _, m := range u.Memberships {
			if m.Facility != "f1" {
				t.Errorf("manager of f1 sees %+v", m)
			}
		}
	}
	unknown := withoutRequestID(t, manager.Do(t, get, usersPath+"/019a3c1e-7f10-7c3a-9f62-0d1e2f3a4b5c", nil).WantProblem(t, 404, "user-unknown"))
	for _, id := range []string{foreign, coordinator} {
		for _, answer := range []string{
			withoutRequestID(t, manager.Do(t, get, usersPath+"/"+id, nil)),
			withoutRequestID(t, manager.Do(t, patch, usersPath+"/"+id, fields{"disabled": true}, "If-Match", `"v1"`)),
			withoutRequestID(t, manager.Do(t, post, usersPath+"/"+id+"/erase", nil, "If-Match", `"v1"`)),
			withoutRequestID(t, manager.Do(t, post, usersPath+"/"+id+"/sessions/revoke", nil)),
			withoutRequestID(t, manager.Do(t, post, usersPath+"/"+id+"/invite", nil)),
		} {
			if answer != unknown {
				t.Errorf("got %s, want what an unknown id gets: %s", answer, unknown)
			}
		}
	}
	manager.Do(t, patch, usersPath+"/"+nurse, fields{"disabled": true}, "If-Match", `"v1"`).Want(t, 200)
	manager.Do(t, patch, usersPath+"/"+both, fields{"disabled": true}, "If-Match", `"v1"`).WantProblem(t, 403, "user-out-of-reach")

	create := func(membership fields) fields {
		p.made++
		return fields{"email": fmt.Sprintf("new-%d@example.org", p.made), "name": "N", "memberships": []fields{membership}}
	}
	manager.Do(t, post, usersPath, create(fields{"role": "ward", "facility": "f1", "ward": "w1"})).Want(t, 201)
	for _, m := range []fields{{"role": "coordinator"}, {"role": "ward", "facility": "f2"}, {"role": "auditor"}, {"role": "driver", "recycler": "r1"}} {
		manager.Do(t, post, usersPath, create(m)).WantProblem(t, 403, "membership-out-of-reach")
	}
	manager.Do(t, post, devicesPath, fields{"name": "x", "facility": "f2"}).WantProblem(t, 403, "membership-out-of-reach")
	manager.Do(t, post, devicesPath, fields{"name": "x", "facility": "f1"}).Want(t, 201)
}

func TestUsersComeInPages(t *testing.T) {
	p := mustPeople(t, peopleOptions{})
	coordinator, _ := p.signedIn(t, access.Coordinator, "")
	for range 6 {
		p.mustPerson(t, membership(access.Ward, "f1"))
		p.mustEnrol(t, coordinator, "f1")
	}
	for path, want := range map[string]int{usersPath: 7, devicesPath: 6} {
		seen, cursor := map[string]bool{}, ""
		for pages := 1; ; pages++ {
			query := "?limit=3"
			if cursor != "" {
				query += "&cursor=" + cursor
			}
			var list listing[struct{ ID string }]
			coordinator.Do(t, get, path+query, nil).Want(t, 200).JSON(t, &list)
			for _, item := range list.Items {
				seen[item.ID] = true
			}
			if cursor = list.Next; cursor == "" || pages > 9 {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%s: got %d, want %d", path, len(seen), want)
		}
		for _, query := range []string{"?limit=0", "?limit=201", "?cursor=x", "?role=ward", "?limit=1&limit=2", "?cursor=" + encodeCursor("bins", position{ID: "x"})} {
			coordinator.Do(t, get, path+query, nil).Want(t, 400)
		}
	}
}
