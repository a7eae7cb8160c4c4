package indicator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// inputsHash names what cards are worked out from: the activity, the factors
// with their values, the baseline and the method.
func inputsHash(in *Input, m *Method) string {
	h := sha256.New()
	encoder := json.NewEncoder(h)
	write := func(v any) {
		if err := encoder.Encode(v); err != nil {
			panic(fmt.Sprintf("indicator: hashing inputs: %v", err)) // plain values always encode
		}
	}
	write(MethodID)
	write(in)
	write(m.Baseline)
	write([]uint64{uint64(m.Draws), m.Seed})
	_, _ = fmt.Fprintf(h, "%s@%d\n", m.Set.ID, m.Set.Version)
	for i := range m.Set.Factors {
		f := &m.Set.Factors[i]
		_, _ = io.WriteString(h, f.ID+" "+f.Value.String()+" "+f.Biogenic.String()+" "+f.GSD2.String()+"\n")
	}
	return hex.EncodeToString(h.Sum(nil))
}
