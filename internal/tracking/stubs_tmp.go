package tracking

import (
	"context"
	"errors"

	"github.com/ricircolo/ricircolo/internal/access"
)

var errTODO = errors.New("not written yet")

func (s *Service) Facilities(ctx context.Context, c access.Caller, page Page) (List[Facility], error) {
	return List[Facility]{}, errTODO
}
func (s *Service) Facility(ctx context.Context, c access.Caller, id string) (Versioned[Facility], error) {
	return Versioned[Facility]{}, errTODO
}
func (s *Service) Wards(ctx context.Context, c access.Caller, facility string, page Page) (List[Ward], error) {
	return List[Ward]{}, errTODO
}
func (s *Service) Ward(ctx context.Context, c access.Caller, id string) (Versioned[Ward], error) {
	return Versioned[Ward]{}, errTODO
}
func (s *Service) Recyclers(ctx context.Context, c access.Caller, page Page) (List[Recycler], error) {
	return List[Recycler]{}, errTODO
}
func (s *Service) Recycler(ctx context.Context, c access.Caller, id string) (Versioned[Recycler], error) {
	return Versioned[Recycler]{}, errTODO
}
func (s *Service) Streams(ctx context.Context, c access.Caller, page Page) (List[Stream], error) {
	return List[Stream]{}, errTODO
}
func (s *Service) Stream(ctx context.Context, c access.Caller, id string) (Versioned[Stream], error) {
	return Versioned[Stream]{}, errTODO
}

func (s *Service) Bins(ctx context.Context, c access.Caller, f BinFilter, page Page) (List[BinView], error) {
	return List[BinView]{}, errTODO
}
func (s *Service) Bin(ctx context.Context, c access.Caller, id string) (Versioned[BinView], error) {
	return Versioned[BinView]{}, errTODO
}
func (s *Service) Fills(ctx context.Context, c access.Caller, f FillFilter, page Page) (List[FillView], error) {
	return List[FillView]{}, errTODO
}
func (s *Service) Fill(ctx context.Context, c access.Caller, id string) (Versioned[FillView], error) {
	return Versioned[FillView]{}, errTODO
}
func (s *Service) Labels(ctx context.Context, c access.Caller, f LabelFilter, page Page) (List[Label], error) {
	return List[Label]{}, errTODO
}
func (s *Service) Label(ctx context.Context, c access.Caller, code string) (Versioned[Label], error) {
	return Versioned[Label]{}, errTODO
}

func (s *Service) Pickups(ctx context.Context, c access.Caller, f PickupFilter, page Page) (List[PickupView], error) {
	return List[PickupView]{}, errTODO
}
func (s *Service) Pickup(ctx context.Context, c access.Caller, id string) (Versioned[PickupView], error) {
	return Versioned[PickupView]{}, errTODO
}
func (s *Service) Receipts(ctx context.Context, c access.Caller, f ChainFilter, page Page) (List[Receipt], error) {
	return List[Receipt]{}, errTODO
}
func (s *Service) Receipt(ctx context.Context, c access.Caller, id string) (Versioned[Receipt], error) {
	return Versioned[Receipt]{}, errTODO
}
func (s *Service) Treatments(ctx context.Context, c access.Caller, f ChainFilter, page Page) (List[Treatment], error) {
	return List[Treatment]{}, errTODO
}
func (s *Service) Treatment(ctx context.Context, c access.Caller, id string) (Versioned[Treatment], error) {
	return Versioned[Treatment]{}, errTODO
}
func (s *Service) Discrepancies(ctx context.Context, c access.Caller, f DiscrepancyFilter, page Page) (List[DiscrepancyView], error) {
	return List[DiscrepancyView]{}, errTODO
}
func (s *Service) Discrepancy(ctx context.Context, c access.Caller, id string) (Versioned[DiscrepancyView], error) {
	return Versioned[DiscrepancyView]{}, errTODO
}
func (s *Service) Reviews(ctx context.Context, c access.Caller, f ReviewFilter, page Page) (List[ReviewView], error) {
	return List[ReviewView]{}, errTODO
}
func (s *Service) Review(ctx context.Context, c access.Caller, id string) (Versioned[ReviewView], error) {
	return Versioned[ReviewView]{}, errTODO
}

func (s *Service) Months(ctx context.Context, c access.Caller) ([]ClosedMonth, error) {
	return nil, errTODO
}
func (s *Service) Status(ctx context.Context, c access.Caller) (StatusAnswer, error) {
	return StatusAnswer{}, errTODO
}
func (s *Service) Entries(ctx context.Context, c access.Caller, f EntryFilter, limit int) (EntryList, error) {
	return EntryList{}, errTODO
}
func (s *Service) Entry(ctx context.Context, c access.Caller, id string) (EntryView, error) {
	return EntryView{}, errTODO
}
func (s *Service) Scan(ctx context.Context, c access.Caller, code string) (ScanAnswer, error) {
	return ScanAnswer{}, errTODO
}
func (s *Service) StorageClocks(ctx context.Context, c access.Caller, facility string) ([]StorageClock, error) {
	return nil, errTODO
}

func (s *Service) Summary(ctx context.Context, c access.Caller, f IndicatorFilter) (SummaryAnswer, error) {
	return SummaryAnswer{}, errTODO
}
func (s *Service) Series(ctx context.Context, c access.Caller, f IndicatorFilter) (SeriesAnswer, error) {
	return SeriesAnswer{}, errTODO
}
func (s *Service) Breakdown(ctx context.Context, c access.Caller, f IndicatorFilter, by BreakdownBy) (BreakdownAnswer, error) {
	return BreakdownAnswer{}, errTODO
}
func (s *Service) Funnel(ctx context.Context, c access.Caller, f IndicatorFilter) (FunnelAnswer, error) {
	return FunnelAnswer{}, errTODO
}
func (s *Service) Cells(ctx context.Context, c access.Caller, f IndicatorFilter, page Page) (List[CellView], error) {
	return List[CellView]{}, errTODO
}
func (s *Service) DrillDown(ctx context.Context, c access.Caller, f IndicatorFilter, page Page) (List[FillView], error) {
	return List[FillView]{}, errTODO
}
