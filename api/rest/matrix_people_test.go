package rest

import (
	"testing"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/access"
)

// seesFacilityDoc is for what a facility has of its own, and recyclers may know.
func seesFacilityDoc(c access.Caller, o object) bool {
	return c.Lab == o.lab && (c.Facility == "" || c.Facility == o.facility)
}

func seesRecyclerDoc(c access.Caller, o object) bool {
	return c.Lab == o.lab && (c.Recycler == "" || c.Recycler == o.recycler)
}

func named(name string) func(*testing.T, *people, object) any {
	return func(*testing.T, *people, object) any { return fields{"name": name} }
}

func aWard(_ *testing.T, _ *people, o object) any {
	return fields{"name": "Reparto nuovo", "facility": o.ids["facility"]}
}

func aStream(*testing.T, *people, object) any {
	return fields{"name": "Film", "nameIt": "Film", "family": "fossil", "eer": "15 01 02", "gramsPerLitre": 20}
}

func aPrinter(_ *testing.T, _ *people, o object) any {
	return fields{"name": "Stampante", "facility": o.ids["facility"], "sheet": "L7160"}
}

var printRows = map[string]policyRow{
	"GET /api/v1/printers":                      {},
	"POST /api/v1/printers":                     {sees: seesFacility, body: aPrinter, wants: 201, hides: 422},
	"GET /api/v1/printers/{id}":                 {id: "printer", sees: seesFacility},
	"PUT /api/v1/printers/{id}":                 {id: "printer", sees: seesFacility, body: aPrinter, version: true},
	"GET /api/v1/printers/{id}/calibration.pdf": {id: "printer", sees: seesFacility},

	"GET /api/v1/sheets": {},
	"POST /api/v1/sheets": {wants: 201, body: func(*testing.T, *people, object) any {
		return aSheet("s-" + uuid.NewString())
	}},
	"GET /api/v1/sheets/{id}": {id: "sheet", sees: seesLab},
	"PUT /api/v1/sheets/{id}": {
		id: "sheet", version: true, body: func(*testing.T, *people, object) any { return sheetBody },
		sees: func(c access.Caller, o object) bool { return c.LabWide() && seesLab(c, o) },
		hidesFrom: func(c access.Caller) int {
			if c.LabWide() {
				return 404
			}
			return 403 // managers make sheets, and leave those of others alone
		},
	},
	"GET /api/v1/sheets/{id}/calibration.pdf": {id: "sheet", sees: seesLab},

	"GET /api/v1/label-batches":      listed("facility", seesFacility),
	"GET /api/v1/label-batches/{id}": {id: "batch", sees: seesFacility},
	"POST /api/v1/label-sheets": {sees: seesFacility, hides: 422, body: func(_ *testing.T, _ *people, o object) any {
		return fields{"codes": []string{o.ids["label"]}, "sheet": "L7160"}
	}},
}

var catalogueRows = map[string]policyRow{
	"GET /api/v1/facilities":      {},
	"POST /api/v1/facilities":     {body: named("Ospedale nuovo"), wants: 201},
	"GET /api/v1/facilities/{id}": {id: "facility", sees: seesFacilityDoc},
	"PUT /api/v1/facilities/{id}": {id: "facility", sees: seesFacilityDoc, body: named("Ospedale"), version: true},

	"GET /api/v1/wards":      listed("facility", seesFacility),
	"POST /api/v1/wards":     {sees: seesFacility, body: aWard, wants: 201, hides: 422},
	"GET /api/v1/wards/{id}": {id: "ward", sees: seesFacility},
	"PUT /api/v1/wards/{id}": {id: "ward", sees: seesFacility, body: aWard, version: true},

	"GET /api/v1/recyclers":      {},
	"POST /api/v1/recyclers":     {body: named("Riciclatore nuovo"), wants: 201},
	"GET /api/v1/recyclers/{id}": {id: "recycler", sees: seesRecyclerDoc},
	"PUT /api/v1/recyclers/{id}": {id: "recycler", sees: seesRecyclerDoc, body: named("Riciclatore"), version: true},

	"GET /api/v1/streams":      {},
	"POST /api/v1/streams":     {body: aStream, wants: 201},
	"GET /api/v1/streams/{id}": {id: "stream", sees: seesLab},
	"PUT /api/v1/streams/{id}": {id: "stream", sees: seesLab, body: aStream, version: true},
}

// freshUser is somebody at the object's facility, whom its managers and the
// lab's coordinators see.
func freshUser(t *testing.T, p *people, o object) string {
	id, _ := p.mustPerson(t, access.Membership{Lab: o.lab, Role: access.Ward, Facility: o.facility})
	return id
}

func freshDevice(t *testing.T, p *people, o object) string {
	return p.mustEnrol(t, p.in(o.lab).as("coordinator", ""), o.facility).ID
}

// outOfReach is how a membership elsewhere is refused: managers may not give
// any, whether there is such a place or not; coordinators learn that there is
// none in their lab.
func outOfReach(c access.Caller) int {
	if c.LabWide() {
		return 422
	}
	return 403
}

// personsOnly is for what a phone has not got.
func personsOnly(c access.Caller) int {
	if c.User == "" {
		return 403
	}
	return 204
}

func newEmail() string { return uuid.NewString() + "@example.org" }

var peopleRows = map[string]policyRow{
	"GET /api/v1/auth/jwks.json": {},
	"GET /.well-known/jwks.json": {},
	"POST /api/v1/auth/refresh":  {wants: 401, body: func(*testing.T, *people, object) any { return fields{"refreshToken": "rrt_none"} }},
	"POST /api/v1/auth/logout":   {wants: 204, last: true},
	"POST /api/v1/auth/login": {body: func(t *testing.T, p *people, _ object) any {
		_, email := p.mustPerson(t, membership(access.Ward, "f1"))
		return fields{"email": email, "password": secret}
	}},
	"POST /api/v1/auth/invitations/accept": {body: func(t *testing.T, p *people, o object) any {
		var invited createdUserResponse
		p.as("coordinator", "").Do(t, post, usersPath, fields{
			"email": newEmail(), "name": "Invitata", "memberships": []fields{{"role": "ward", "facility": "f1"}},
		}).Want(t, 201).JSON(t, &invited)
		return fields{"code": invited.Invitation.Code, "password": secret}
	}},
	"POST /api/v1/auth/devices/redeem": {body: func(t *testing.T, p *people, _ object) any {
		return fields{"code": p.mustEnrol(t, p.as("coordinator", ""), "f1").Code}
	}},

	"GET /api/v1/me": {},
	"POST /api/v1/me/password": {wantsFrom: personsOnly, body: func(*testing.T, *people, object) any {
		return fields{"current": secret, "new": "cinque tartarughe in gara"}
	}},

	"GET /api/v1/users": {},
	"POST /api/v1/users": {sees: seesFacility, wants: 201, hidesFrom: outOfReach, body: func(_ *testing.T, _ *people, o object) any {
		return fields{"email": newEmail(), "name": "Nuova", "memberships": []fields{{"role": "ward", "facility": o.ids["facility"]}}}
	}},
	"GET /api/v1/users/{id}":                  {id: "user", sees: seesFacility},
	"PATCH /api/v1/users/{id}":                {id: "user", sees: seesFacility, version: true, body: named("Altra")},
	"POST /api/v1/users/{id}/erase":           {id: "user", fresh: freshUser, sees: seesFacility, wants: 204, version: true},
	"POST /api/v1/users/{id}/invite":          {id: "user", fresh: freshUser, sees: seesFacility},
	"POST /api/v1/users/{id}/sessions/revoke": {id: "user", fresh: freshUser, action: access.WriteUsers, sees: seesFacility, wants: 204},

	"GET /api/v1/devices": {},
	"POST /api/v1/devices": {sees: seesFacility, wants: 201, hidesFrom: outOfReach, body: func(_ *testing.T, _ *people, o object) any {
		return fields{"name": "Telefono", "facility": o.ids["facility"]}
	}},
	"GET /api/v1/devices/{id}":         {id: "device", sees: seesFacility},
	"POST /api/v1/devices/{id}/revoke": {id: "device", fresh: freshDevice, sees: seesFacility},
}
