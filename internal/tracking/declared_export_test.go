package tracking

import (
	"context"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
)

// MethodForTest is what a reading works with.
func MethodForTest(ctx context.Context, s *Service, c access.Caller, set, baseline string) (m indicator.Method, err error) {
	err = s.view(ctx, c, access.ReadIndicators, func(x *reading) error {
		m, err = x.method(set, baseline)
		return err
	})
	return m, err
}

// DenominatorsForTest is what a reading finds.
func DenominatorsForTest(ctx context.Context, s *Service, c access.Caller, facility string, from, to calendar.Month) (out []indicator.Denominator, err error) {
	err = s.view(ctx, c, access.ReadIndicators, func(x *reading) error {
		out, err = x.denominators(facility, from, to)
		return err
	})
	return out, err
}
