package qrlabels_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ricircolo/ricircolo/qrlabels"
)

func TestParseAsset(t *testing.T) {
	if c, err := qrlabels.ParseAsset("09521234000006" + sample); err != nil || c.String() != sample {
		t.Errorf("got %v, %v, want %s", c, err, sample)
	}
	for _, row := range []struct {
		name, grai string
		want       qrlabels.PayloadFault
	}{
		{"empty", "", qrlabels.PayloadAsset},
		{"no serial", "09521234000006", qrlabels.PayloadAsset},
		{"check digit", "09521234000007" + sample, qrlabels.PayloadAsset},
		{"letter", "0952123400000X" + sample, qrlabels.PayloadAsset},
		{"no zero in front", "19521234000003" + sample, qrlabels.PayloadAsset},
		{"a serial that is no code", "09521234000006SCALE1", qrlabels.PayloadCode},
		{"endless", "09521234000006" + strings.Repeat("0", 1<<20), qrlabels.PayloadAsset},
	} {
		_, err := qrlabels.ParseAsset(row.grai)
		var got *qrlabels.PayloadError
		if !errors.As(err, &got) || got.Fault != row.want {
			t.Errorf("%s: got %v, want the fault %s", row.name, err, row.want)
		}
	}
}
