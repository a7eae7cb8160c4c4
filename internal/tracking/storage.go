package tracking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/indicator"
	"github.com/ricircolo/ricircolo/internal/store"
)

// The limits of temporary storage (d.lgs. 152/2006, art. 185-bis): waste that
// is not hazardous leaves every three months, or when 30 m³ are reached.
const (
	storageMonths = 3
	storageLitres = 30_000
	// storageNotice is our own: how long before, and from which share of the
	// volume on, the app warns.
	storageNotice        = 14 * 24 * time.Hour
	storageNoticePercent = 80
)

// StorageClocks says for a facility, or ("") for all in the caller's scope,
// how close its temporary storage is to the limits. What counts is what bins
// hold: closed fills, and open ones from their first fact on, each with the
// whole volume of its bin. Lost bins do not count, as they are not there. The
// cost is bounded by the number of bins.
func (s *Service) StorageClocks(ctx context.Context, c access.Caller, facility string) (clocks []StorageClock, err error) {
	err = s.view(ctx, c, access.ReadStorage, func(x *reading) error {
		clocks = []StorageClock{}
		if facility != "" {
			_, _, err := found[Facility](x, KindFacility, facility, func(f *Facility) bool { return c.SeesFacility(f.ID) })
			if err != nil {
				return err
			}
		}
		ids, err := x.facilities(facility)
		if err != nil {
			return err
		}
		for _, id := range ids {
			clock, err := x.storageClock(id)
			if err != nil {
				return err
			}
			clocks = append(clocks, clock)
		}
		return nil
	})
	return clocks, err
}

func (x *reading) storageClock(facility string) (StorageClock, error) {
	clock := StorageClock{Facility: facility}
	streams := map[string]*StreamStorage{}
	s := under(facility)
	err := x.every(store.Query{Kind: KindBin, Index: byFacility, From: s.from, To: s.to}, func(d store.Document) error {
		bin, err := decode[Bin](d)
		if err != nil || bin.Lost {
			return err
		}
		fill, err := read[Fill](x.Reader, KindFill, bin.Fill.ID)
		if err == nil {
			clock.add(fill, streams)
		}
		return err
	})
	clock.finish(streams, x.now)
	return clock, err
}

// add counts a fill, if the bin holds anything of it.
func (k *StorageClock) add(f *Fill, streams map[string]*StreamStorage) {
	if f.OpenedAt == nil {
		return
	}
	s := streams[f.Stream]
	if s == nil {
		s = &StreamStorage{Stream: f.Stream}
		streams[f.Stream] = s
	}
	s.Fills++
	s.StoredVolumeLitres += f.VolumeLitres
	if f.Departure != nil {
		s.StoredGrams += f.Departure.NetGrams
	}
	s.OldestOpenedAt = earlier(s.OldestOpenedAt, f.OpenedAt)
}

func earlier(a, b *calendar.Instant) *calendar.Instant {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

func (k *StorageClock) finish(streams map[string]*StreamStorage, now calendar.Instant) {
	k.ByStream = []StreamStorage{}
	for _, s := range streams {
		k.ByStream = append(k.ByStream, *s)
		k.Fills += s.Fills
		k.StoredVolumeLitres += s.StoredVolumeLitres
		k.StoredGrams += s.StoredGrams
		k.OldestOpenedAt = earlier(k.OldestOpenedAt, s.OldestOpenedAt)
	}
	slices.SortFunc(k.ByStream, func(a, b StreamStorage) int { return cmp.Compare(a.Stream, b.Stream) })
	k.VolumeShare = indicator.Ratio{Num: k.StoredVolumeLitres, Den: storageLitres}
	k.State = StorageOK
	if k.StoredVolumeLitres*100 >= storageLitres*storageNoticePercent {
		k.State = StorageSoon
	}
	if k.OldestOpenedAt != nil {
		due := monthsAfter(*k.OldestOpenedAt, storageMonths)
		k.DueAt = &due
		if due.Sub(now) <= storageNotice {
			k.State = StorageSoon
		}
		if now > due {
			k.State = StorageOverdue
		}
	}
	if k.StoredVolumeLitres >= storageLitres {
		k.State = StorageOverdue
	}
}

// monthsAfter is the same day and time of day on the clocks of Rome so many
// months later; where that month has no such day, its last day (Civil Code,
// art. 2963).
func monthsAfter(i calendar.Instant, months int) calendar.Instant {
	t := i.Time().In(calendar.Rome())
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	day := min(t.Day(), first.AddDate(0, 1, -1).Day())
	return calendar.At(time.Date(first.Year(), first.Month(), day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), calendar.Rome()))
}
