package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/problem"
)

// rule is what a role may, or may not, do.
type rule struct {
	role    access.Role
	actions []access.Action
	want    bool
}

// may and mayNot make rules, so that they read like the policy.
func may(role access.Role, actions ...access.Action) rule    { return rule{role, actions, true} }
func mayNot(role access.Role, actions ...access.Action) rule { return rule{role, actions, false} }

func records(types ...string) []access.Action {
	list := make([]access.Action, len(types))
	for i, entryType := range types {
		list[i] = access.Record(entryType)
	}
	return list
}

func TestPolicy(t *testing.T) {
	var (
		filling = records("fill.open", "fill.weigh", "fill.close")
		driving = records("pickup.scan", "pickup.missing", "pickup.exception", "pickup.handover")
		plant   = records("receipt.record", "treatment.record")
		people  = []access.Action{access.ReadUsers, access.WriteUsers, access.ReadDevices, access.WriteDevices}
	)
	for _, r := range []rule{
		may(access.Ward, filling...),
		may(access.Ward, records("pickup.countersign", "bin.register", "label.bind", "undo", "correct")...),
		mayNot(access.Ward, driving...),
		mayNot(access.Ward, plant...),
		mayNot(access.Ward, people...),
		may(access.Ward, access.PrintLabels, access.ReadSheets, access.ReadPrinters),
		mayNot(access.Ward, access.WritePrinters, access.WriteSheets),
		mayNot(access.Ward, access.ReadFinderReports, access.HandleFinderReports),
		mayNot(access.Ward, access.WriteCatalogue, access.IssueLabels, access.ReadAudit, access.Record("month.close")),

		may(access.Manager, filling...),
		may(access.Manager, people...),
		may(access.Manager, access.ReadFinderReports, access.HandleFinderReports),
		may(access.Manager, access.IssueLabels, access.ReadAudit, access.Record("discrepancy.explain"), access.Record("correction.approve")),
		may(access.Manager, access.PrintLabels, access.WritePrinters, access.WriteSheets),
		may(access.Manager, access.ReadBioplastics),
		mayNot(access.Manager, access.WriteBioplastics),
		mayNot(access.Ward, access.ReadBioplastics, access.WriteBioplastics),
		mayNot(access.Driver, access.ReadBioplastics, access.WriteBioplastics),
		may(access.Plant, access.ReadBioplastics),
		mayNot(access.Plant, access.WriteBioplastics),
		may(access.Coordinator, access.ReadBioplastics, access.WriteBioplastics),
		may(access.Auditor, access.ReadBioplastics),
		mayNot(access.Auditor, access.WriteBioplastics),
		mayNot(access.Manager, driving...),
		mayNot(access.Manager, plant...),
		mayNot(access.Manager, access.WriteCatalogue, access.Record("month.close")),

		may(access.Driver, driving...),
		may(access.Driver, access.Scan, access.ReadPickups),
		mayNot(access.Driver, access.ReadLabels, access.PrintLabels, access.ReadPrinters, access.ReadSheets),
		mayNot(access.Driver, filling...),
		mayNot(access.Driver, plant...),
		mayNot(access.Driver, people...),
		mayNot(access.Driver, access.ReadIndicators, access.ReadBins, access.ReadStorage, access.Record("pickup.countersign")),

		mayNot(access.Ward, access.ReadFactorSets, access.WriteDenominators, access.ReadPilots),
		may(access.Manager, access.ReadFactorSets, access.ReadBaselines, access.WriteDenominators, access.ReadPilots),
		mayNot(access.Manager, access.WriteFactorSets, access.WriteBaselines, access.WritePilots, access.WriteAssessment),
		may(access.Plant, access.ReadFactorSets, access.ReadBaselines),
		mayNot(access.Plant, access.ReadDenominators, access.ReadPilots, access.WriteFactorSets),
		may(access.Coordinator, access.WriteFactorSets, access.WriteBaselines, access.WriteDenominators, access.WritePilots, access.WriteAssessment),

		may(access.Plant, plant...),
		may(access.Plant, access.Record("correction.approve"), access.ReadIndicators),
		mayNot(access.Plant, filling...),
		mayNot(access.Plant, driving...),
		mayNot(access.Plant, people...),
		mayNot(access.Plant, access.ReadFinderReports, access.HandleFinderReports),
		mayNot(access.Plant, access.Record("discrepancy.accept"), access.ReadAudit, access.ReadBins),

		may(access.Coordinator, people...),
		may(access.Coordinator, access.PrintLabels, access.WritePrinters, access.WriteSheets),
		may(access.Coordinator, access.WriteCatalogue, access.Record("month.close"), access.Record("discrepancy.accept")),
		// The lab reads what the parties measured; it does not measure for them.
		mayNot(access.Coordinator, filling...),
		mayNot(access.Coordinator, driving...),
		mayNot(access.Coordinator, plant...),
		mayNot(access.Coordinator, records("undo", "correct", "correction.approve")...),
	} {
		for _, action := range r.actions {
			if got := access.Allowed(action, r.role); got != r.want {
				t.Errorf("%s, %s: got %v, want %v", r.role, action, got, r.want)
			}
		}
	}
}

// The table itself: known roles, each once, and nobody's action has no row.
func TestPolicyIsSane(t *testing.T) {
	for action, roles := range access.Policy {
		if len(roles) == 0 {
			t.Errorf("%s: nobody may do it; leave the row out", action)
		}
		for i, role := range roles {
			if !slices.Contains(access.Roles, role) {
				t.Errorf("%s: role %q does not exist", action, role)
			}
			if slices.Contains(roles[:i], role) {
				t.Errorf("%s: role %s twice", action, role)
			}
		}
		if action == "" || action == access.Record("") {
			t.Errorf("action %q has no name", action)
		}
	}
}

// An auditor reads, and changes nothing.
func TestAuditorOnlyReads(t *testing.T) {
	for action, roles := range access.Policy {
		reads := strings.HasSuffix(string(action), ".read") || action == access.Scan
		if slices.Contains(roles, access.Auditor) && !reads {
			t.Errorf("an auditor may do %s", action)
		}
		if reads && !slices.Contains(roles, access.Auditor) {
			t.Errorf("an auditor may not do %s", action)
		}
	}
}

// Who may write people, or anything else at a desk, can read it too.
func TestWritersRead(t *testing.T) {
	for write, read := range map[access.Action]access.Action{
		access.WriteUsers: access.ReadUsers, access.WriteDevices: access.ReadDevices,
		access.WriteCatalogue: access.ReadCatalogue, access.IssueLabels: access.ReadLabels,
		access.PrintLabels: access.ReadLabels, access.WritePrinters: access.ReadPrinters, access.WriteSheets: access.ReadSheets,
		access.HandleFinderReports: access.ReadFinderReports,
		access.WriteFactorSets:     access.ReadFactorSets, access.WriteBaselines: access.ReadBaselines, access.WriteDenominators: access.ReadDenominators,
		access.WritePilots: access.ReadPilots, access.WriteAssessment: access.ReadAssessment,
	} {
		for _, role := range access.Policy[write] {
			if !access.Allowed(read, role) {
				t.Errorf("%s may do %s but not %s", role, write, read)
			}
		}
	}
}

func TestMay(t *testing.T) {
	caller := func(role access.Role) access.Caller {
		return access.Caller{Membership: access.Membership{Lab: "l", Role: role}}
	}
	if err := caller(access.Driver).May(access.Record("pickup.scan")); err != nil {
		t.Errorf("driver: got %v, want no fault", err)
	}
	for _, c := range []struct {
		role   access.Role
		action access.Action
	}{
		{access.Driver, access.WriteUsers},
		{"", access.ReadStatus},
		{"admin", access.ReadStatus},
		{access.Coordinator, "unheard.of"},
		{access.Coordinator, ""},
	} {
		err := caller(c.role).May(c.action)
		got := problem.As(err)
		if got == nil || got.Kind != problem.Forbidden || got.Code != "role-not-allowed" {
			t.Errorf("role %q, action %q: got %v, want it forbidden", c.role, c.action, err)
		}
	}
}
