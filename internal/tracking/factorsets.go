package tracking

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/indicator/factor"
	"github.com/ricircolo/ricircolo/internal/problem"
	"github.com/ricircolo/ricircolo/internal/store"
)

const typeFactorSetPut Type = "factor-set.put"

// KindFactorSet are the versions of the lab's own factor sets.
const KindFactorSet store.Kind = "factor-set"

// Bounds on the lab's own factor sets: a set is in one entry of the ledger,
// and every version is kept for ever.
const (
	MaxFactors         = 300
	MaxFactorSetBytes  = 192 << 10 // as JSON
	MaxOwnFactorSets   = 100       // versions, of all sets together
	maxFactorSetNumber = 9999
	maxFactorSetID     = 40
	maxFactorFaults    = 50 // told at once
)

// FactorSet is a version of a set of emission factors: the lab's own, or one
// that is built in. An own one is a draft until it is published; then it stays
// as it is, and is superseded when the next version is published.
type FactorSet struct {
	factor.Set
	Base string `json:"base,omitempty"` // built-in set that it changes and adds to, "default@1"; empty: it stands alone

	BuiltIn bool `json:"-"` // comes with the program, and is in no ledger

	step factorSetStep // what is being done to it
}

// factorSetStep is a step in the life of a set.
type factorSetStep string

const (
	setWritten   factorSetStep = ""
	setPublished factorSetStep = "publish"
	setRenewed   factorSetStep = "renew" // a draft of the next version
)

// SetRef is how a version of a set is called: "own@2".
func SetRef(id string, version int) string { return id + "@" + strconv.Itoa(version) }

var (
	factorSetID  = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])*$`)
	factorSetRef = regexp.MustCompile(`^([a-z0-9-]{1,40})@([1-9][0-9]{0,3})$`)
)

// parseSetRef is the inverse of SetRef for what can be one.
func parseSetRef(ref string) (id string, version int, ok bool) {
	m := factorSetRef.FindStringSubmatch(ref)
	if m == nil {
		return "", 0, false
	}
	version, err := strconv.Atoi(m[2])
	return m[1], version, err == nil
}

func (s *FactorSet) kind() store.Kind  { return KindFactorSet }
func (s *FactorSet) id() string        { return SetRef(s.ID, s.Version) }
func (s *FactorSet) keys() []store.Key { return nil }
func (s *FactorSet) setID(string)      {} // the caller names it

// asked keeps the sum of a set, which may fill an entry.
func (s *FactorSet) asked() any {
	raw, _ := json.Marshal(s) // no set can't be written
	sum := sha256.Sum256(raw)
	return struct {
		Set    string        `json:"set"`
		Step   factorSetStep `json:"step,omitempty"`
		Digest string        `json:"sha256"`
	}{s.id(), s.step, hex.EncodeToString(sum[:])}
}

// PutFactorSet makes the first version of a set, as a draft, under an id of the
// caller's choice, or replaces a draft.
func (s *Service) PutFactorSet(ctx context.Context, c access.Caller, w Write, set FactorSet) (Versioned[FactorSet], error) {
	if w.IfVersion == 0 {
		set.Version = 1
	}
	set.State, set.Published, set.SupersededBy = factor.Draft, "", 0
	set.step = setWritten
	return s.putFactorSet(ctx, c, w, set)
}

// PublishFactorSet freezes a draft; the version before it is superseded.
func (s *Service) PublishFactorSet(ctx context.Context, c access.Caller, w Write, ref string) (Versioned[FactorSet], error) {
	return s.stepFactorSet(ctx, c, w, ref, setPublished)
}

// RenewFactorSet makes a draft of the next version from a published one.
func (s *Service) RenewFactorSet(ctx context.Context, c access.Caller, w Write, ref string) (Versioned[FactorSet], error) {
	return s.stepFactorSet(ctx, c, w, ref, setRenewed)
}

func (s *Service) stepFactorSet(ctx context.Context, c access.Caller, w Write, ref string, step factorSetStep) (Versioned[FactorSet], error) {
	if err := c.May(access.WriteFactorSets); err != nil {
		return Versioned[FactorSet]{}, err
	}
	id, version, ok := parseSetRef(ref)
	if !ok || step == setRenewed && version == maxFactorSetNumber {
		return Versioned[FactorSet]{}, errNotFound()
	}
	if step == setRenewed {
		version++
	}
	return s.putFactorSet(ctx, c, w, FactorSet{Set: factor.Set{ID: id, Version: version}, step: step})
}

// putFactorSet keeps the ids of the built-in sets for these.
func (s *Service) putFactorSet(ctx context.Context, c access.Caller, w Write, set FactorSet) (Versioned[FactorSet], error) {
	if err := c.May(access.WriteFactorSets); err != nil {
		return Versioned[FactorSet]{}, err
	}
	if factor.Embedded(set.ID) {
		return Versioned[FactorSet]{}, problem.New(problem.Unprocessable, "factor-set-built-in",
			"This set is built in and stays as it is: describe yours under another id, with this one as its base.")
	}
	return putCatalogue[FactorSet](ctx, s, c, w, typeFactorSetPut, &set)
}

func (s *FactorSet) check(v *validation) {
	v.ok(len(s.ID) <= maxFactorSetID && factorSetID.MatchString(s.ID), "/id", "malformed",
		fmt.Sprintf("Give a short name of at most %d small letters, digits and single dashes, such as lab-epd.", maxFactorSetID))
	v.ok(s.Version >= 1 && s.Version <= maxFactorSetNumber, "/id", "malformed", "Versions are counted from 1.")
	if s.step != setWritten {
		return // the content is that of a recorded one
	}
	v.text(s.Title, "/title", true, 120)
	v.ok(len(s.Factors) <= MaxFactors, "/factors", "too-many", fmt.Sprintf("A set of your own has at most %d factors: base it on a built-in one, and give what differs.", MaxFactors))
	if len(v.fields) > 0 || !v.factors(s.Factors) {
		return
	}
	s.Factors = append([]factor.Factor{}, s.Factors...) // the caller's stay in their order
	s.Sort()
	raw, err := json.Marshal(s)
	v.ok(err == nil && len(raw) <= MaxFactorSetBytes, "/factors", "too-large", fmt.Sprintf("The set has %d bytes, and may have %d: shorten the notes and sources.", len(raw), MaxFactorSetBytes))
	s.checkContent(v)
}

// factors checks factors in the order in which they were given, each by itself
// and that there is none twice.
func (v *validation) factors(given []factor.Factor) bool {
	before, seen := len(v.fields), map[string]bool{}
	for i := range given {
		at, f := fmt.Sprintf("/factors/%d", i), &given[i]
		if p := problem.As(f.Validate()); p != nil {
			for _, field := range p.Fields {
				v.ok(false, at+field.Pointer, field.Code, field.Detail)
			}
			continue
		}
		v.ok(!seen[f.ID], at+"/subject", "duplicate", "The set has "+f.ID+" already.")
		seen[f.ID] = true
	}
	if most := before + maxFactorFaults; len(v.fields) > most {
		v.fields = v.fields[:most]
	}
	return len(v.fields) == before
}

// checkContent asks the rules of sets, and of what becomes of the base under
// this one.
func (s *FactorSet) checkContent(v *validation) {
	v.problem(factor.Validate(&s.Set), "/factors")
	if s.Base == "" || len(v.fields) > 0 {
		return
	}
	base, ok := factor.ByRef(s.Base)
	if !ok {
		v.ok(false, "/base", "unknown", "Use a built-in set, such as default@1, or leave it out.")
		return
	}
	_, err := factor.Overlay(base, &s.Set)
	v.ok(err == nil, "/base", "does-not-fit", fmt.Sprintf("These factors can't be put over this set: %v", err))
}

// problem adds the faults that a rule elsewhere has found; one that names no
// value is of the value at pointer.
func (v *validation) problem(err error, pointer string) {
	p := problem.As(err)
	switch {
	case err == nil:
	case p == nil:
		v.ok(false, pointer, "malformed", sentence(err.Error()))
	case len(p.Fields) == 0:
		v.ok(false, pointer, p.Code, p.Detail)
	default:
		v.fields = append(v.fields, p.Fields...)
	}
}

// admit takes the step, if it comes next in the life of the set.
func (s *FactorSet) admit(w *work, old *FactorSet) error {
	switch {
	case old != nil && old.State != factor.Draft:
		return problem.New(problem.Conflict, "factor-set-published", "A published set stays as it is: make a new version of it.")
	case s.step == setPublished:
		return s.admitPublishing(w, old)
	case old == nil:
		if err := admitOneMoreFactorSet(w); err != nil {
			return err
		}
	}
	if s.step == setRenewed {
		return s.admitRenewal(w)
	}
	return nil
}

// admitPublishing publishes what was read, and supersedes the version before.
func (s *FactorSet) admitPublishing(w *work, old *FactorSet) error {
	if old == nil {
		return errNotFound()
	}
	*s = *old
	s.State, s.Published = factor.Published, string(dayOf(w.recorded))
	// It may have been written under the rules of an older program.
	v := &validation{}
	if s.checkContent(v); len(v.fields) > 0 {
		return v.err()
	}
	return s.supersede(w)
}

// supersede marks the version before a published one.
func (s *FactorSet) supersede(w *work) error {
	if s.State != factor.Published || s.Version == 1 {
		return nil
	}
	former, err := fetch[FactorSet](w, KindFactorSet, SetRef(s.ID, s.Version-1))
	if err != nil {
		return fmt.Errorf("version before %s: %w", s.id(), err)
	}
	superseded := *former
	superseded.State, superseded.SupersededBy = factor.Superseded, s.Version
	w.put(&superseded)
	return nil
}

// admitRenewal fills a new draft with what is in the version before.
func (s *FactorSet) admitRenewal(w *work) error {
	former, err := fetch[FactorSet](w, KindFactorSet, SetRef(s.ID, s.Version-1))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errNotFound()
	case err != nil:
		return err
	case former.State != factor.Published:
		return problem.New(problem.Conflict, "factor-set-draft", "This is a draft: change it, or publish it before you make a new version.")
	}
	version := s.Version
	*s = *former
	s.Version, s.State, s.Published = version, factor.Draft, ""
	return nil
}

// admitOneMoreFactorSet counts the versions of the lab's own sets.
func admitOneMoreFactorSet(w *work) error {
	there, err := w.tx.Find(store.Query{Kind: KindFactorSet, Limit: MaxOwnFactorSets})
	if err == nil && len(there) == MaxOwnFactorSets {
		err = problem.New(problem.Unprocessable, "too-many-factor-sets", "The lab has %d versions of own sets, which is the most: go on with a draft.", MaxOwnFactorSets)
	}
	return err
}

// replayFactorSet does again what writing or publishing a set did.
func replayFactorSet(w *work, c Content) error {
	var body struct{ Doc FactorSet }
	if err := json.Unmarshal(c.Body, &body); err != nil {
		return fmt.Errorf("reading the body of entry %s: %w", c.ID, err)
	}
	w.put(&body.Doc)
	return body.Doc.supersede(w)
}

// factorSetOf finds a version of a set, built in or the lab's own, or returns
// store.ErrNotFound.
func factorSetOf(r store.Reader, ref string) (*FactorSet, store.Seq, error) {
	if built, ok := factor.ByRef(ref); ok {
		return &FactorSet{Set: *built, BuiltIn: true}, builtInVersion, nil
	}
	if _, _, ok := parseSetRef(ref); !ok {
		return nil, 0, store.ErrNotFound
	}
	d, err := r.Get(KindFactorSet, ref)
	if err != nil {
		return nil, 0, err
	}
	s, err := decode[FactorSet](d)
	return s, d.Seq, err
}

// effective is the set with its base under it.
func (s *FactorSet) effective() (*factor.Set, error) {
	if s.Base == "" {
		return &s.Set, nil
	}
	base, ok := factor.ByRef(s.Base)
	if !ok {
		return nil, fmt.Errorf("set %s: its base %s is not built in any more", s.id(), s.Base)
	}
	return factor.Overlay(base, &s.Set)
}

// FactorSets lists the versions of the factor sets: the built-in ones, then the
// lab's own by id.
func (s *Service) FactorSets(ctx context.Context, c access.Caller, page Page) (List[FactorSet], error) {
	var built []FactorSet
	for _, set := range factor.Sets() {
		built = append(built, FactorSet{Set: *set, BuiltIn: true})
	}
	return listWithBuiltIn(ctx, s, c, access.ReadFactorSets, page, KindFactorSet, built)
}

// FactorSet returns a version of a set with its factors, or a NotFound problem.
func (s *Service) FactorSet(ctx context.Context, c access.Caller, ref string) (v Versioned[FactorSet], err error) {
	err = s.view(ctx, c, access.ReadFactorSets, func(x *reading) error {
		set, seq, err := factorSetOf(x, ref)
		if errors.Is(err, store.ErrNotFound) {
			return errNotFound()
		}
		if err == nil {
			v = Versioned[FactorSet]{*set, seq}
		}
		return err
	})
	return v, err
}

// FactorSetDiff is what changes from one set to another, their bases included.
type FactorSetDiff struct {
	From, To string
	Changes  []factor.Change
}

// DiffFactorSets compares two versions, or two sets.
func (s *Service) DiffFactorSets(ctx context.Context, c access.Caller, from, to string) (d FactorSetDiff, err error) {
	err = s.view(ctx, c, access.ReadFactorSets, func(x *reading) error {
		var sets [2]*factor.Set
		for i, ref := range []string{from, to} {
			set, _, err := factorSetOf(x, ref)
			if errors.Is(err, store.ErrNotFound) {
				if i == 0 {
					return errNotFound()
				}
				return errFilter("?to", "unknown", "There is no such set: use one like default@1.")
			}
			if err != nil {
				return err
			}
			if sets[i], err = set.effective(); err != nil {
				return err
			}
		}
		d = FactorSetDiff{from, to, factor.Diff(sets[0], sets[1])}
		return nil
	})
	return d, err
}

// errFilter is for a value in a query that can't be used.
func errFilter(pointer, code, detail string) error {
	return problem.New(problem.Invalid, "filter-invalid", "This can't be filtered by; see the fields.").With(pointer, code, detail)
}
