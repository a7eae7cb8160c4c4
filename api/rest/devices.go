package rest

import (
	"bytes"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/ricircolo/ricircolo/internal/identity"
	"github.com/ricircolo/ricircolo/qrlabels"
)

const (
	devicesPath    = "/api/v1/devices"
	devicesListing = "devices"
)

// deviceResponse is a shared phone.
type deviceResponse struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Facility   string               `json:"facility"`
	Ward       string               `json:"ward,omitempty"`
	State      identity.DeviceState `json:"state"`
	Version    int                  `json:"version"`
	CreatedAt  time.Time            `json:"createdAt"`
	EnrolledAt time.Time            `json:"enrolledAt,omitzero"`
	RevokedAt  time.Time            `json:"revokedAt,omitzero"`
}

func viewDevice(d identity.Device) deviceResponse {
	return deviceResponse{
		ID: d.ID, Name: d.Name, Facility: d.Facility, Ward: d.Ward, State: d.State, Version: d.Version,
		CreatedAt: d.CreatedAt, EnrolledAt: d.EnrolledAt, RevokedAt: d.RevokedAt,
	}
}

// enrolmentResponse is a shared phone with the code that makes a phone it. The
// code is in no other answer.
type enrolmentResponse struct {
	deviceResponse
	codeResponse
	QRPayload string `json:"qrPayload"`
	QRPNG     []byte `json:"qrPng"`
}

// listDevices answers GET /api/v1/devices.
func (s *Server) listDevices(c *fiber.Ctx) error {
	query, err := params[struct{ page }](c)
	if err != nil {
		return err
	}
	request, err := query.identityPage(devicesListing)
	if err != nil {
		return err
	}
	list, err := s.services.Identity.ListDevices(c.UserContext(), callerOf(c), request)
	if err != nil {
		return err
	}
	return respondIdentityList(c, devicesListing, list, viewDevice)
}

// getDevice answers GET /api/v1/devices/{id}.
func (s *Server) getDevice(c *fiber.Ctx) error {
	if _, err := params[struct{}](c); err != nil {
		return err
	}
	device, err := s.services.Identity.GetDevice(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(device.Version), viewDevice(device))
}

type enrolmentRequest struct {
	Name     string `json:"name"`
	Facility string `json:"facility"`
	Ward     string `json:"ward"`
}

// createDevice answers POST /api/v1/devices.
func (s *Server) createDevice(c *fiber.Ctx) error {
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	body, err := decode[enrolmentRequest](c)
	if err != nil {
		return err
	}
	e, err := s.services.Identity.CreateEnrolment(c.UserContext(), callerOf(c), identity.EnrolmentRequest{
		Name: body.Name, Facility: body.Facility, Ward: body.Ward, IdempotencyKey: key,
	})
	if err != nil {
		return err
	}
	out, err := s.viewEnrolment(e)
	if err != nil {
		return err
	}
	return respondCreated(c, devicesPath+"/"+out.ID, int64(out.Version), out)
}

// viewEnrolment puts the code behind the # of a link: what stands there
// browsers send to no server, so that it gets into no log.
func (s *Server) viewEnrolment(e identity.Enrolment) (enrolmentResponse, error) {
	out := enrolmentResponse{
		deviceResponse: viewDevice(e.Device),
		codeResponse:   codeResponse{e.Code.Code, e.Code.ExpiresAt},
		QRPayload:      s.cfg.BaseURL + "/e#" + e.Code.Code,
	}
	const pixels = 512
	symbol, err := qrlabels.Encode(out.QRPayload, qrlabels.M)
	if err != nil {
		return out, err
	}
	var png bytes.Buffer
	err = symbol.PNG(&png, pixels)
	out.QRPNG = png.Bytes()
	return out, err
}

// revokeDevice answers POST /api/v1/devices/{id}/revoke.
func (s *Server) revokeDevice(c *fiber.Ctx) error {
	device, err := s.services.Identity.RevokeDevice(c.UserContext(), callerOf(c), pathID(c))
	if err != nil {
		return err
	}
	return respondTagged(c, fiber.StatusOK, int64(device.Version), viewDevice(device))
}
