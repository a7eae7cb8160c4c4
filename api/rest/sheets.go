package rest

import (
	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	sheetsPath    = "/api/v1/sheets"
	sheetsListing = "sheets"
)

// sheetFields are what a sheet has in requests and answers alike, in
// millimetres, under the names of the printing package.
type sheetFields struct {
	Title      string  `json:"title"`
	PageWidth  float64 `json:"pageWidth"`
	PageHeight float64 `json:"pageHeight"`
	Columns    int     `json:"columns"`
	Rows       int     `json:"rows"`
	Left       float64 `json:"left"`
	Top        float64 `json:"top"`
	PitchX     float64 `json:"pitchX"`
	PitchY     float64 `json:"pitchY"`
	Width      float64 `json:"width"`
	Height     float64 `json:"height"`
	Corner     float64 `json:"corner"`
}

func (f sheetFields) document(id string) tracking.Sheet {
	return tracking.Sheet{
		ID: id, Title: f.Title, PageWidth: micrometres(f.PageWidth), PageHeight: micrometres(f.PageHeight), Columns: f.Columns, Rows: f.Rows,
		Left: micrometres(f.Left), Top: micrometres(f.Top), PitchX: micrometres(f.PitchX), PitchY: micrometres(f.PitchY),
		Width: micrometres(f.Width), Height: micrometres(f.Height), Corner: micrometres(f.Corner),
	}
}

// newSheetRequest makes a sheet under a name of the caller's choice.
type newSheetRequest struct {
	ID string `json:"id"`
	sheetFields
}

func (r newSheetRequest) document(string) tracking.Sheet { return r.sheetFields.document(r.ID) }

type sheetRequest struct{ sheetFields }

type sheetResponse struct {
	ID string `json:"id"`
	sheetFields
	BuiltIn bool      `json:"builtIn"`
	Version store.Seq `json:"version"`
}

func (r sheetResponse) id() string { return r.ID }

func viewSheet(v tracking.Versioned[tracking.Sheet]) sheetResponse {
	g := v.Doc.Geometry()
	return sheetResponse{ID: g.ID, BuiltIn: v.Doc.BuiltIn, Version: v.Seq, sheetFields: sheetFields{
		Title: g.Title, PageWidth: g.PageWidth, PageHeight: g.PageHeight, Columns: g.Columns, Rows: g.Rows,
		Left: g.Left, Top: g.Top, PitchX: g.PitchX, PitchY: g.PitchY, Width: g.Width, Height: g.Height, Corner: g.Corner,
	}}
}

// listSheets answers GET /api/v1/sheets.
func (s *Server) listSheets(c *fiber.Ctx) error {
	return listCatalogue(c, sheetsListing, s.services.Tracking.Sheets, viewSheet)
}

// getSheet answers GET /api/v1/sheets/{id}.
func (s *Server) getSheet(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Sheet, viewSheet)
}

// createSheet answers POST /api/v1/sheets.
func (s *Server) createSheet(c *fiber.Ctx) error {
	return createCatalogue[newSheetRequest](c, sheetsPath, s.services.Tracking.PutSheet, viewSheet)
}

// replaceSheet answers PUT /api/v1/sheets/{id}.
func (s *Server) replaceSheet(c *fiber.Ctx) error {
	return replaceCatalogue[sheetRequest](c, s.services.Tracking.PutSheet, viewSheet)
}
