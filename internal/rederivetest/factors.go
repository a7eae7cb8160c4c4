package rederivetest

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
)

// factor is an emission factor.
type factor struct {
	id              string
	value, biogenic *big.Rat
	gsd2            *big.Rat
	year            int64
	scores          [5]int64
}

// factors is a set of factors by id, which is kind/subject.
type factors struct {
	name string
	by   map[string]*factor
}

// decimal reads a decimal; nothing is zero.
func decimal(s string) (*big.Rat, error) {
	if s == "" {
		return new(big.Rat), nil
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || strings.ContainsAny(s, "/eE") {
		return nil, fmt.Errorf("%q is no decimal", s)
	}
	return r, nil
}

// readFactors reads an embedded set, such as default@1, from its CSV file.
func readFactors(dir, name string) (*factors, error) {
	id, _, _ := strings.Cut(name, "@")
	file, err := os.Open(filepath.Join(dir, id+".csv"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, column := range rows[0] {
		at[column] = i
	}
	set := &factors{name, map[string]*factor{}}
	for _, row := range rows[1:] {
		f, err := newFactor(row[at["kind"]], row[at["subject"]], row[at["value"]], row[at["biogenic"]], row[at["gsd2"]])
		if err != nil {
			return nil, err
		}
		if _, err := fmt.Sscan(row[at["year"]], &f.year); err != nil {
			return nil, err
		}
		for i, digit := range row[at["scores"]] {
			f.scores[i] = int64(digit - '0')
		}
		set.by[f.id] = f
	}
	return set, nil
}

func newFactor(kind, subject, value, biogenic, gsd2 string) (*factor, error) {
	f := &factor{id: kind}
	if subject != "" {
		f.id += "/" + subject
	}
	for _, number := range []struct {
		to   **big.Rat
		text string
	}{{&f.value, value}, {&f.biogenic, biogenic}, {&f.gsd2, gsd2}} {
		var err error
		if *number.to, err = decimal(number.text); err != nil {
			return nil, fmt.Errorf("factor %s: %w", f.id, err)
		}
	}
	return f, nil
}

// factorsOf is the set of a name: an embedded one, or one of the lab's own over
// an embedded one.
func (b *books) factorsOf(dir, name string) (*factors, error) {
	doc, own := b.factorSets[name]
	if !own {
		return readFactors(dir, name)
	}
	var set struct {
		Base    string
		Factors []struct {
			Kind, Subject, Value, Biogenic, GSD2 string
			Year                                 int64
			Scores                               struct{ Reliability, Completeness, Temporal, Geographical, Technological int64 }
		}
	}
	if err := json.Unmarshal(doc, &set); err != nil {
		return nil, err
	}
	merged := &factors{name, map[string]*factor{}}
	if set.Base != "" {
		base, err := readFactors(dir, set.Base)
		if err != nil {
			return nil, err
		}
		merged.by = base.by
	}
	for _, f := range set.Factors {
		is, err := newFactor(f.Kind, f.Subject, f.Value, f.Biogenic, f.GSD2)
		if err != nil {
			return nil, err
		}
		s := f.Scores
		is.year, is.scores = f.Year, [5]int64{s.Reliability, s.Completeness, s.Temporal, s.Geographical, s.Technological}
		merged.by[is.id] = is
	}
	return merged, nil
}

// codes leads from the names of materials that are no codes to their codes,
// twins from bio-based drop-ins to the fossil polymer that they replace.
var (
	codes = map[string]string{"PHA": "PHB", "HDPE": "PE-HD", "LDPE": "PE-LD", "LLDPE": "PE-LD", "TPS": "starch"}
	twins = map[string]string{"bio-PE": "PE-HD", "bio-PE-HD": "PE-HD", "bio-PE-LD": "PE-LD", "bio-PET": "PET"}
)

func code(polymer string) string {
	if c := codes[polymer]; c != "" {
		return c
	}
	return polymer
}

func replaced(polymer string) string {
	if t := twins[code(polymer)]; t != "" {
		return t
	}
	return code(polymer)
}

// savings is the least and the most that the sources say a kilogram of
// recyclate saves; ok is false with fewer than two sources.
func savings(dir, polymer string) (least, most *big.Rat, ok bool, err error) {
	n := 0
	for _, name := range []string{"desnz-2023", "desnz-2024", "desnz-2025", "warm-v16", "hopewell-2009"} {
		set, err := readFactors(dir, name)
		if err != nil {
			return nil, nil, false, err
		}
		virgin, recycled := set.by["virgin-production/"+polymer], set.by["recycled-production/"+polymer]
		if recycled == nil && name == "hopewell-2009" { // one figure for all plastics
			recycled = set.by["recycled-production/plastics"]
		}
		var saved *big.Rat
		if net := set.by["net-route/"+polymer+"/recycle"]; net != nil {
			saved = new(big.Rat).Neg(net.value)
		} else if virgin != nil && recycled != nil {
			saved = new(big.Rat).Sub(virgin.value, recycled.value)
		} else {
			continue
		}
		if n++; n == 1 || saved.Cmp(least) < 0 {
			least = saved
		}
		if n == 1 || saved.Cmp(most) > 0 {
			most = saved
		}
	}
	return least, most, n > 1, nil
}
