package access

import "slices"

// Action is something that a caller may be allowed to do. For entries it is
// "record:" and the entry's type.
type Action string

// Record is the action of recording an entry of a type.
func Record(entryType string) Action { return Action("record:" + entryType) }

// The actions that are not entries.
const (
	ReadOwnAccount    Action = "account.read"
	ReadCatalogue     Action = "catalogue.read" // facilities, wards, recyclers, streams
	WriteCatalogue    Action = "catalogue.write"
	ReadBins          Action = "bins.read"
	ReadFills         Action = "fills.read"
	ReadLabels        Action = "labels.read"
	IssueLabels       Action = "labels.issue"
	PrintLabels       Action = "labels.print"
	ReadPrinters      Action = "printers.read"
	WritePrinters     Action = "printers.write"
	ReadSheets        Action = "sheets.read" // of stickers
	WriteSheets       Action = "sheets.write"
	Scan              Action = "scan"
	ReadPickups       Action = "pickups.read" // with receipts and treatments
	ReadDiscrepancies Action = "discrepancies.read"
	ReadReviews       Action = "reviews.read"
	ReadStorage       Action = "storage.read"
	ReadIndicators    Action = "indicators.read"
	ReadMonths        Action = "months.read"
	ReadReports       Action = "reports.read"
	WriteReports      Action = "reports.write"
	ReadAudit         Action = "audit.read"
	ReadUsers         Action = "users.read"
	WriteUsers        Action = "users.write"
	ReadDevices       Action = "devices.read"
	WriteDevices      Action = "devices.write"
	ReadStatus        Action = "status.read"

	// What a lab declares for its indicators.
	ReadFactorSets    Action = "factor-sets.read"
	WriteFactorSets   Action = "factor-sets.write"
	ReadBaselines     Action = "baselines.read"
	WriteBaselines    Action = "baselines.write"
	ReadDenominators  Action = "denominators.read"
	WriteDenominators Action = "denominators.write"
	ReadPilots        Action = "pilots.read"
	WritePilots       Action = "pilots.write"
	ReadAssessment    Action = "assessment.read"
	WriteAssessment   Action = "assessment.write"
	ReadBioplastics   Action = "bioplastics.read" // dossiers, their steps and comparisons, alarms
	WriteBioplastics  Action = "bioplastics.write"

	ReadFinderReports   Action = "finder-reports.read"
	HandleFinderReports Action = "finder-reports.handle" // and erase what somebody wrote
)

var (
	all       = Roles
	facility  = []Role{Ward, Manager}
	desk      = []Role{Manager, Coordinator}
	lab       = []Role{Coordinator}
	parties   = []Role{Ward, Manager, Driver, Plant}
	deskRead  = []Role{Manager, Plant, Coordinator, Auditor}
	binPlaces = []Role{Ward, Manager, Coordinator}
)

// Policy is the whole of who may do what. An action without a row is nobody's.
var Policy = map[Action][]Role{
	ReadOwnAccount: all,
	ReadCatalogue:  all,
	ReadStatus:     all,
	WriteCatalogue: lab,
	Scan:           all,
	ReadBins:       {Ward, Manager, Coordinator, Auditor},
	ReadFills:      all, // recyclers: those of their own pickups
	ReadLabels:     {Ward, Manager, Coordinator, Auditor},
	IssueLabels:    desk,
	PrintLabels:    binPlaces, // a damaged label is replaced where the bin stands
	ReadPrinters:   {Ward, Manager, Coordinator, Auditor},
	WritePrinters:  desk,
	ReadSheets:     {Ward, Manager, Coordinator, Auditor},
	WriteSheets:    desk,
	ReadPickups:    all,

	ReadDiscrepancies: deskRead,
	ReadReviews:       all, // those of the own organisation
	ReadStorage:       {Ward, Manager, Coordinator, Auditor},
	ReadIndicators:    {Ward, Manager, Plant, Coordinator, Auditor},
	ReadMonths:        deskRead,
	ReadReports:       {Manager, Coordinator, Auditor},
	WriteReports:      desk,
	ReadAudit:         {Manager, Coordinator, Auditor},
	ReadUsers:         {Manager, Coordinator, Auditor},
	WriteUsers:        desk,
	ReadDevices:       {Manager, Coordinator, Auditor},
	WriteDevices:      desk,

	ReadFactorSets:    deskRead,
	WriteFactorSets:   lab,
	ReadBaselines:     deskRead,
	WriteBaselines:    lab,
	ReadDenominators:  {Manager, Coordinator, Auditor},
	WriteDenominators: desk, // managers: of their facility
	ReadPilots:        {Manager, Coordinator, Auditor},
	WritePilots:       lab,
	ReadAssessment:    deskRead,
	WriteAssessment:   lab,
	ReadBioplastics:   deskRead,
	WriteBioplastics:  lab,

	ReadFinderReports:   {Manager, Coordinator, Auditor}, // a stranger's note may name somebody
	HandleFinderReports: desk,

	Record("fill.open"):           facility,
	Record("fill.weigh"):          facility,
	Record("fill.close"):          facility,
	Record("bin.register"):        binPlaces,
	Record("bin.update"):          desk,
	Record("bin.retire"):          desk,
	Record("bin.lost"):            {Ward, Manager, Driver},
	Record("bin.found"):           {Ward, Manager, Driver},
	Record("label.bind"):          binPlaces,
	Record("label.retire"):        binPlaces,
	Record("pickup.plan"):         desk, // recyclers see pickups addressed to them; they can't make any
	Record("pickup.cancel"):       {Manager, Plant, Coordinator},
	Record("pickup.scan"):         {Driver},
	Record("pickup.missing"):      {Driver},
	Record("pickup.exception"):    {Driver},
	Record("pickup.handover"):     {Driver},
	Record("pickup.countersign"):  facility,
	Record("receipt.record"):      {Plant},
	Record("treatment.record"):    {Plant},
	Record("undo"):                parties,
	Record("correct"):             parties,
	Record("correction.approve"):  {Manager, Plant},
	Record("correction.reject"):   {Manager, Plant},
	Record("discrepancy.explain"): {Manager, Plant},
	Record("discrepancy.accept"):  {Manager, Coordinator},
	Record("review.dismiss"):      {Manager, Plant, Coordinator},
	Record("month.close"):         lab,
}

// Allowed reports whether the table gives the action to the role.
func Allowed(action Action, role Role) bool { return slices.Contains(Policy[action], role) }
