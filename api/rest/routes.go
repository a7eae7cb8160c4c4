package rest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/access"
)

// Route is one line of the route table.
type Route struct {
	Method string
	Path   string        // as OpenAPI writes it: /api/v1/fills/{id}
	Action access.Action // what the caller must be allowed to do, or one of the two below
	Class  Class
	handle fiber.Handler
}

// Instead of an action of the policy.
const (
	Public   access.Action = "public"    // takes no token
	SignedIn access.Action = "signed-in" // any role; the service decides by what is asked
)

const (
	get    = fiber.MethodGet
	post   = fiber.MethodPost
	put    = fiber.MethodPut
	patch  = fiber.MethodPatch
	remove = fiber.MethodDelete
)

// routes is the whole of what the server answers. HEAD goes with GET.
func (s *Server) routes() []Route {
	return slices.Concat(s.serviceRoutes(), s.finderRoutes(), s.identityRoutes(), s.catalogueRoutes(), s.printRoutes(), s.entryRoutes(), s.readRoutes(), s.assessRoutes(), s.bioplasticRoutes(),
		s.declaredRoutes())
}

func (s *Server) serviceRoutes() []Route {
	return []Route{
		{get, "/healthz", Public, Cheap, s.health},
		{get, "/readyz", Public, Cheap, s.ready},
		{get, "/metrics", Public, Cheap, s.serveMetrics},

		{get, "/api/v1/openapi.yaml", Public, Cheap, s.openAPI},
		{get, "/api/v1/docs", Public, Cheap, s.docs},
		{get, "/api/v1/docs.css", Public, Cheap, s.docsStyle},
		{get, "/api/v1/status", access.ReadStatus, Read, s.status},
	}
}

func (s *Server) identityRoutes() []Route {
	return []Route{
		{post, "/api/v1/auth/login", Public, Write, s.login},
		{post, "/api/v1/auth/refresh", Public, Write, s.refresh},
		{post, "/api/v1/auth/logout", SignedIn, Write, s.logout},
		{post, "/api/v1/auth/invitations/accept", Public, Write, s.acceptInvitation},
		{post, "/api/v1/auth/devices/redeem", Public, Write, s.redeemEnrolment},
		{get, "/api/v1/auth/jwks.json", Public, Cheap, s.jwks},
		{get, "/.well-known/jwks.json", Public, Cheap, s.jwks},

		{get, "/api/v1/me", access.ReadOwnAccount, Read, s.me},
		{post, "/api/v1/me/password", access.ReadOwnAccount, Write, s.changePassword},

		{get, usersPath, access.ReadUsers, Read, s.listUsers},
		{post, usersPath, access.WriteUsers, Write, s.createUser},
		{get, usersPath + "/{id}", access.ReadUsers, Read, s.getUser},
		{patch, usersPath + "/{id}", access.WriteUsers, Write, s.updateUser},
		{post, usersPath + "/{id}/erase", access.WriteUsers, Write, s.eraseUser},
		{post, usersPath + "/{id}/invite", access.WriteUsers, Write, s.inviteUser},
		{post, usersPath + "/{id}/sessions/revoke", SignedIn, Write, s.revokeSessions},

		{get, devicesPath, access.ReadDevices, Read, s.listDevices},
		{post, devicesPath, access.WriteDevices, Write, s.createDevice},
		{get, devicesPath + "/{id}", access.ReadDevices, Read, s.getDevice},
		{post, devicesPath + "/{id}/revoke", access.WriteDevices, Write, s.revokeDevice},
	}
}

func (s *Server) catalogueRoutes() []Route {
	return []Route{
		{get, facilitiesPath, access.ReadCatalogue, Read, s.listFacilities},
		{post, facilitiesPath, access.WriteCatalogue, Write, s.createFacility},
		{get, facilitiesPath + "/{id}", access.ReadCatalogue, Read, s.getFacility},
		{put, facilitiesPath + "/{id}", access.WriteCatalogue, Write, s.replaceFacility},

		{get, wardsPath, access.ReadCatalogue, Read, s.listWards},
		{post, wardsPath, access.WriteCatalogue, Write, s.createWard},
		{get, wardsPath + "/{id}", access.ReadCatalogue, Read, s.getWard},
		{put, wardsPath + "/{id}", access.WriteCatalogue, Write, s.replaceWard},

		{get, recyclersPath, access.ReadCatalogue, Read, s.listRecyclers},
		{post, recyclersPath, access.WriteCatalogue, Write, s.createRecycler},
		{get, recyclersPath + "/{id}", access.ReadCatalogue, Read, s.getRecycler},
		{put, recyclersPath + "/{id}", access.WriteCatalogue, Write, s.replaceRecycler},

		{get, streamsPath, access.ReadCatalogue, Read, s.listStreams},
		{post, streamsPath, access.WriteCatalogue, Write, s.createStream},
		{get, streamsPath + "/{id}", access.ReadCatalogue, Read, s.getStream},
		{put, streamsPath + "/{id}", access.WriteCatalogue, Write, s.replaceStream},
	}
}

// printRoutes are how labels come onto paper.
func (s *Server) printRoutes() []Route {
	return []Route{
		{get, printersPath, access.ReadPrinters, Read, s.listPrinters},
		{post, printersPath, access.WritePrinters, Write, s.createPrinter},
		{get, printersPath + "/{id}", access.ReadPrinters, Read, s.getPrinter},
		{put, printersPath + "/{id}", access.WritePrinters, Write, s.replacePrinter},
		{get, printersPath + "/{id}/calibration.pdf", access.ReadPrinters, Read, s.calibratePrinter},

		{get, sheetsPath, access.ReadSheets, Read, s.listSheets},
		{post, sheetsPath, access.WriteSheets, Write, s.createSheet},
		{get, sheetsPath + "/{id}", access.ReadSheets, Read, s.getSheet},
		{put, sheetsPath + "/{id}", access.WriteSheets, Write, s.replaceSheet},
		{get, sheetsPath + "/{id}/calibration.pdf", access.ReadSheets, Read, s.calibrateSheet},

		{get, batchesPath, access.ReadLabels, Read, s.listBatches},
		{get, batchesPath + "/{id}", access.ReadLabels, Read, s.getBatch},
		{post, "/api/v1/label-sheets", access.PrintLabels, Print, s.printLabels},
	}
}

// bioplasticRoutes are how bioplastics are evaluated. The fixed paths come
// before the one with an id, which would take them.
func (s *Server) bioplasticRoutes() []Route {
	return []Route{
		{get, bioplasticsPath, access.ReadBioplastics, Read, s.listDossiers},
		{post, bioplasticsPath, access.WriteBioplastics, Write, s.createDossier},
		{get, bioplasticsPath + "/alarms", access.ReadBioplastics, Read, s.listSortingAlarms},
		{get, bioplasticsPath + "/settings", access.ReadBioplastics, Read, s.getBioplasticSettings},
		{put, bioplasticsPath + "/settings", access.WriteBioplastics, Write, s.replaceBioplasticSettings},
		{get, bioplasticsPath + "/{id}", access.ReadBioplastics, Read, s.getDossier},
		{put, bioplasticsPath + "/{id}", access.WriteBioplastics, Write, s.replaceDossier},
		{get, bioplasticsPath + "/{id}/transitions", access.ReadBioplastics, Read, s.listTransitions},
		{post, bioplasticsPath + "/{id}/transitions", access.WriteBioplastics, Write, s.advanceDossier},
		{get, bioplasticsPath + "/{id}/comparison", access.ReadBioplastics, Read, s.getComparison},
	}
}

// entryRoutes are how everything is written that happens to bins and loads.
// Who may record which type of entry is judged entry by entry.
func (s *Server) entryRoutes() []Route {
	return []Route{
		{post, "/api/v1/entries", SignedIn, Write, s.postEntry},
		{post, "/api/v1/entries/sync", SignedIn, Batch, s.syncEntries},
		{get, "/api/v1/entries", access.ReadAudit, Read, s.listEntries},
		{get, "/api/v1/entries/{id}", access.ReadOwnAccount, Read, s.getEntry},
		{get, "/api/v1/entry-types", access.ReadStatus, Cheap, s.listEntryTypes},

		{post, "/api/v1/labels", access.IssueLabels, Write, s.issueLabels},
	}
}

// readRoutes are what follows from the entries.
func (s *Server) readRoutes() []Route {
	return []Route{
		{get, "/api/v1/scan", access.Scan, Read, s.scanPayload},
		{get, "/api/v1/scan/{code}", access.Scan, Read, s.scanCode},
		{get, "/api/v1/bins", access.ReadBins, Read, s.listBins},
		{get, "/api/v1/bins/{id}", access.ReadBins, Read, s.getBin},
		{get, "/api/v1/fills", access.ReadFills, Read, s.listFills},
		{get, "/api/v1/fills/{id}", access.ReadFills, Read, s.getFill},
		{get, "/api/v1/labels", access.ReadLabels, Read, s.listLabels},
		{get, "/api/v1/labels/{code}", access.ReadLabels, Read, s.getLabel},
		{get, "/api/v1/labels/{code}/symbol.png", access.ReadLabels, Read, s.symbol},
		{get, "/api/v1/storage-clocks", access.ReadStorage, Read, s.listStorageClocks},

		{get, "/api/v1/pickups", access.ReadPickups, Read, s.listPickups},
		{get, "/api/v1/pickups/{id}", access.ReadPickups, Read, s.getPickup},
		{post, "/api/v1/round-shares", access.ReadPickups, Read, s.postRoundShares},
		{get, "/api/v1/receipts", access.ReadPickups, Read, s.listReceipts},
		{get, "/api/v1/receipts/{id}", access.ReadPickups, Read, s.getReceipt},
		{get, "/api/v1/treatments", access.ReadPickups, Read, s.listTreatments},
		{get, "/api/v1/treatments/{id}", access.ReadPickups, Read, s.getTreatment},
		{get, "/api/v1/discrepancies", access.ReadDiscrepancies, Read, s.listDiscrepancies},
		{get, "/api/v1/discrepancies/{id}", access.ReadDiscrepancies, Read, s.getDiscrepancy},
		{get, "/api/v1/reviews", access.ReadReviews, Read, s.listReviews},
		{get, "/api/v1/reviews/{id}", access.ReadReviews, Read, s.getReview},

		{get, "/api/v1/months", access.ReadMonths, Read, s.listMonths},
		{get, "/api/v1/indicators/summary", access.ReadIndicators, Heavy, s.getSummary},
		{get, "/api/v1/indicators/series", access.ReadIndicators, Heavy, s.getSeries},
		{get, "/api/v1/indicators/funnel", access.ReadIndicators, Heavy, s.getFunnel},
		{get, "/api/v1/indicators/breakdown", access.ReadIndicators, Heavy, s.getBreakdown},
		{get, "/api/v1/indicators/cells", access.ReadIndicators, Heavy, s.listCells},
		{get, "/api/v1/indicators/drill-down", access.ReadIndicators, Heavy, s.drillDown},
	}
}

// assessRoutes are what the lab reads: indicators beyond masses, and reports.
func (s *Server) assessRoutes() []Route {
	return []Route{
		{get, "/api/v1/indicators/cards", access.ReadIndicators, Heavy, s.getCards},
		{get, "/api/v1/indicators/card-table", access.ReadIndicators, Heavy, s.getCardTable},
		{post, "/api/v1/scenarios", access.ReadIndicators, Heavy, s.postScenario},
		{get, "/api/v1/pilots/{id}/result", access.ReadIndicators, Heavy, s.getPilotResult},

		{get, frozenReportsPath, access.ReadReports, Read, s.listFrozenReports},
		{post, frozenReportsPath, access.WriteReports, Heavy, s.createFrozenReport},
		{get, frozenReportsPath + "/{id}", access.ReadReports, Read, s.getFrozenReport},
		{get, frozenReportsPath + "/{id}/recomputed", access.ReadReports, Heavy, s.getRecomputed},
		{post, frozenReportsPath + "/{id}/files", access.ReadReports, Heavy, s.createReportFile},
		{get, reportJobsPath + "/{id}", access.ReadReports, Cheap, s.getReportJob},
		{remove, reportJobsPath + "/{id}", access.ReadReports, Cheap, s.cancelReportJob},
		{get, reportFilesPath + "/{id}", Public, Read, s.getReportFile},
	}
}

// takesBatch reports whether the route's body may be as large as a batch.
func (r *Route) takesBatch() bool { return r.Class == Batch || r.Class == Print }

// matches reports whether the path of a request is one of the route's: a
// parameter stands for one segment that is not empty.
func (r *Route) matches(path string) bool {
	want, got := strings.Split(r.Path, "/"), strings.Split(path, "/")
	return len(want) == len(got) && slices.EqualFunc(want, got, func(w, g string) bool {
		return w == g || strings.HasPrefix(w, "{") && g != ""
	})
}

// pattern names the route in logs and metrics.
func (r *Route) pattern() string {
	if r == nil {
		return "none"
	}
	return r.Path
}

// chain is what a request of the route goes through behind the common chain.
func (s *Server) chain(route *Route) []fiber.Handler {
	handlers := []fiber.Handler{s.enter(route)}
	if route.Action != Public {
		handlers = append(handlers, s.authenticate, s.limitCaller)
	}
	if route.Action != Public && route.Action != SignedIn {
		handlers = append(handlers, authorise(route.Action))
	}
	if route.Class == Print {
		handlers = append(handlers, s.limitDownloads)
	}
	if route.Class != Cheap {
		handlers = append(handlers, s.admit(route.Class))
	}
	return append(handlers, route.handle)
}

// checkTable refuses tables that would not do what they say.
func checkTable(table []Route) error {
	var faults []error
	seen := map[string]bool{}
	for _, r := range table {
		name := r.Method + " " + r.Path
		_, inPolicy := access.Policy[r.Action]
		switch {
		case !slices.Contains(methods, r.Method) || r.handle == nil:
			faults = append(faults, fmt.Errorf("route %s: method or handler is missing", name))
		case seen[name]:
			faults = append(faults, fmt.Errorf("route %s: twice", name))
		case !inPolicy && r.Action != Public && r.Action != SignedIn:
			faults = append(faults, fmt.Errorf("route %s: action %q has no policy", name, r.Action))
		case r.takesBatch() && r.Action == Public:
			faults = append(faults, fmt.Errorf("route %s: a batch route has a signed-in caller", name))
		}
		seen[name] = true
	}
	return errors.Join(faults...)
}

// fiberPath turns /bins/{id} into /bins/:id.
func fiberPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
