package resttest_test

import (
	"encoding/json"
	"testing"

	"github.com/ricircolo/ricircolo/api/rest/resttest"
)

func TestForeignKeyVariants(t *testing.T) {
	good := []byte(`{"grams":5,"parts":[{"note":"{\"x\":1}"},{}],"role":"ward"}`)
	variants := resttest.ForeignKeyVariants(t, good, "lab")
	// 3 objects; of 19 keys "lab" is legitimate and "role" in the first one;
	// 4 own keys come back three times.
	if want := 3*18 - 1 + 4*3; len(variants) != want {
		t.Errorf("got %d variants, want %d", len(variants), want)
	}
	for name, body := range variants {
		if !json.Valid(body) {
			t.Errorf("%s is not JSON: %s", name, body)
		}
	}
}
