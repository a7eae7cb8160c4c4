package tracking

import (
	"encoding/json"
	"testing"

	"github.com/gowebpki/jcs"
)

// appendEntry relies on it.
func TestOutcomesAreCanonicalAsTheyCome(t *testing.T) {
	plain, err := json.Marshal(Outcome{Status: NeedsReview, Reason: ReasonNotClosed, Fill: "f", Warnings: []Warning{WarnClockSkew, WarnLost}})
	if err != nil {
		t.Fatal(err)
	}
	if canonical, err := jcs.Transform(plain); err != nil || string(canonical) != string(plain) {
		t.Errorf("got %s, want %s (%v)", plain, canonical, err)
	}
}
