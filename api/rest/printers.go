package rest

import (
	"math"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

const (
	printersPath    = "/api/v1/printers"
	printersListing = "printers"
)

// printerRequest has measures as people read them off a ruler.
type printerRequest struct {
	Name      string   `json:"name"`
	Facility  string   `json:"facility"`
	Sheet     string   `json:"sheet"`
	OffsetXMm float64  `json:"offsetXMm"`
	OffsetYMm float64  `json:"offsetYMm"`
	Scale     *float64 `json:"scale"` // none: as it is
	DPI       *int     `json:"dpi"`   // none: what most have
}

func (r printerRequest) document(id string) tracking.Printer {
	p := tracking.Printer{
		ID: id, Name: r.Name, Facility: r.Facility, Sheet: r.Sheet,
		OffsetX: micrometres(r.OffsetXMm), OffsetY: micrometres(r.OffsetYMm), Scale: tracking.NoScaling, DPI: tracking.DefaultDPI,
	}
	if r.Scale != nil {
		p.Scale = tracking.Millionths(thousandfold(*r.Scale * 1000))
	}
	if r.DPI != nil {
		p.DPI = *r.DPI
	}
	return p
}

// micrometres are what is kept of millimetres: no paper is cut more exactly.
func micrometres(mm float64) tracking.Micrometres { return tracking.Micrometres(thousandfold(mm)) }

// thousandfold is the whole number closest to a thousand times x. What is far
// from all measures stays so, without overflow.
func thousandfold(x float64) int64 {
	const far = 1e9
	return int64(math.Round(1000 * max(-far, min(far, x))))
}

type printerResponse struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Facility  string    `json:"facility,omitempty"`
	Sheet     string    `json:"sheet,omitempty"`
	OffsetXMm float64   `json:"offsetXMm"`
	OffsetYMm float64   `json:"offsetYMm"`
	Scale     float64   `json:"scale"`
	DPI       int       `json:"dpi"`
	Version   store.Seq `json:"version"`
}

func (r printerResponse) id() string { return r.ID }

func viewPrinter(v tracking.Versioned[tracking.Printer]) printerResponse {
	p, off := v.Doc, v.Doc.Adjustment()
	return printerResponse{
		ID: p.ID, Name: p.Name, Facility: p.Facility, Sheet: p.Sheet,
		OffsetXMm: off.OffsetX, OffsetYMm: off.OffsetY, Scale: off.Scale, DPI: p.DPI, Version: v.Seq,
	}
}

// listPrinters answers GET /api/v1/printers.
func (s *Server) listPrinters(c *fiber.Ctx) error {
	return listCatalogue(c, printersListing, s.services.Tracking.Printers, viewPrinter)
}

// getPrinter answers GET /api/v1/printers/{id}.
func (s *Server) getPrinter(c *fiber.Ctx) error {
	return answerOne(c, s.services.Tracking.Printer, viewPrinter)
}

// createPrinter answers POST /api/v1/printers.
func (s *Server) createPrinter(c *fiber.Ctx) error {
	return createCatalogue[printerRequest](c, printersPath, s.services.Tracking.PutPrinter, viewPrinter)
}

// replacePrinter answers PUT /api/v1/printers/{id}.
func (s *Server) replacePrinter(c *fiber.Ctx) error {
	return replaceCatalogue[printerRequest](c, s.services.Tracking.PutPrinter, viewPrinter)
}
