package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ricircolo/ricircolo/internal/store"
)

// Spread makes n calls by so many callers at once, and says how long that took.
func Spread(b *testing.B, callers, n int, call func() error) time.Duration {
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	start := time.Now()
	for range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

// The documents of a scan, of the size and shape that the domain's have.
type (
	benchBin struct {
		Code, Ward, Stream, Label, State, Fill string
		TareGrams, Fills                       int64
		Since, LastScan                        time.Time
		Note                                   string
	}
	benchFill struct {
		Bin, Ward, Stream string
		OpenedAt          time.Time
		Grams             int64
		Weighings         []benchWeighing
		Note              string
	}
	benchWeighing struct {
		Entry, Device string
		At            time.Time
		Grams         int64
	}
	benchCell struct {
		Ward, Stream, Month, Quality string
		Grams, Count                 int64
		Note                         string
	}
)

var benchNote = strings.Repeat("n", 120)

// Scan is the load of the benchmarks: it weighs one of 500 bins: it appends an entry of about 400 bytes and
// changes a bin, a fill and a cell of the cube.
func Scan(ctx context.Context, s store.Store, lab store.LabID, n int64) error {
	bin := fmt.Sprintf("bin-%06d", n*7919%500)
	ward := fmt.Sprintf("ward-%03d", n*7919%500%40)
	at := time.Unix(1_770_000_000+n, 0).UTC()
	entry := store.Entry{
		ID: EntryID(n),
		Content: fmt.Appendf(nil, `{"actor":"user-%06d","at":%q,"bin":%q,"device":"device-%06d","grams":%d,"note":%q,"type":"weighing","ward":%q}`,
			n%300, at.Format(time.RFC3339), bin, n%300, n%5000, benchNote, ward),
		Outcome: []byte(`{"recordedAt":"2026-08-21T10:00:00.000Z","status":"stored"}`),
	}
	return s.Update(ctx, lab, func(tx store.Tx) error {
		if _, err := tx.Append(entry); err != nil {
			return err
		}
		err := change(tx, "bin", bin, []store.Key{{Index: "ward", Value: ward}}, func(b *benchBin) {
			b.Code, b.Ward, b.Stream, b.State, b.Fill, b.Note = bin, ward, "pp-trays", "in use", bin+"-fill", benchNote
			b.LastScan, b.Fills = at, b.Fills+1
		})
		if err != nil {
			return err
		}
		err = change(tx, "fill", bin+"-fill", []store.Key{{Index: "bin", Value: bin}}, func(f *benchFill) {
			f.Bin, f.Ward, f.Stream, f.Note = bin, ward, "pp-trays", benchNote[:60]
			f.Grams += n % 5000
			f.Weighings = append(f.Weighings[max(0, len(f.Weighings)-3):], benchWeighing{entry.ID, "device", at, n % 5000})
		})
		if err != nil {
			return err
		}
		return change(tx, "cell", ward+"/pp-trays/2026-08/weighed", nil, func(c *benchCell) {
			c.Ward, c.Stream, c.Month, c.Quality, c.Note = ward, "pp-trays", "2026-08", "weighed", benchNote
			c.Grams, c.Count = c.Grams+n%5000, c.Count+1
		})
	})
}

// EntryID looks like a UUIDv7 that a phone has made.
func EntryID(n int64) string {
	return fmt.Sprintf("0198c0de-%04x-7000-8000-%012x", n>>8&0xffff, n*2654435761&0xffffffffffff)
}

func change[T any](tx store.Tx, kind store.Kind, id string, keys []store.Key, edit func(*T)) error {
	var v T
	d, err := tx.Get(kind, id)
	if err == nil {
		err = json.Unmarshal(d.Body, &v)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	edit(&v)
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Put(store.Document{Kind: kind, ID: id, Body: body, Keys: keys})
}
