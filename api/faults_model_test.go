//go:build unix

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// What follows says what the whole system promises its clients, as two models
// in which everything happens at one moment; porcupine looks for an order of
// the moments that explains what the clients saw.

// operation is one request: an entry that is recorded, or a bin that is read.
type operation struct {
	client    int
	call, end int64 // ns on one clock
	bin       string
	fact      *fact // nil for a read
	variant   int   // which content goes under the entry's id
	answer    answer
}

// fact is an entry about a bin, under one id.
type fact struct {
	id, bin string
	typ     tracking.Type // "fill.close" or "pickup.scan"
	at      int64         // ms; it takes effect by its time, whenever it arrives
}

// answer is what the client learnt.
type answer struct {
	unknown  bool // nothing: it may have happened, now or later, or not
	conflict bool // the id is taken by another content
	first    bool // recorded now; otherwise a repetition
	seq      store.Seq
	outcome  string // as JSON
	applied  bool
	seen     tracking.CurrentFill // of a read
}

// entryState is what the ledger has under an id.
type entryState struct {
	known   bool
	variant int
	seq     store.Seq // 0 while nobody was told
	outcome string
}

// entryModel is the promise about one id: the first content wins; it is told
// the same place and outcome for ever, and any other content is a conflict.
var entryModel = porcupine.Model{
	Init: func() any { return entryState{} },
	Step: func(state, input, _ any) (bool, any) {
		s, op := state.(entryState), input.(*operation)
		a := op.answer
		switch told := (entryState{true, op.variant, a.seq, a.outcome}); {
		case a.unknown && s.known:
			return true, s
		case a.unknown:
			return true, entryState{known: true, variant: op.variant}
		case !s.known:
			return a.first, told
		case op.variant != s.variant:
			return a.conflict, s
		case s.seq == 0:
			return !a.first && !a.conflict, told
		default:
			return !a.first && !a.conflict && told == s, s
		}
	},
}

// binModel is the promise about one bin: a read shows all that was recorded
// before, folded by the time at which it happened. facts are in that order. A
// state is a text with one byte per fact: '1' if it is recorded.
func binModel(bin string, facts []*fact) porcupine.Model {
	index := map[*fact]int{}
	for i, f := range facts {
		index[f] = i
	}
	return porcupine.Model{
		Init: func() any { return string(make([]byte, len(facts))) },
		Step: func(state, input, _ any) (bool, any) {
			s, op := state.(string), input.(*operation)
			if op.fact == nil {
				seen, _ := foldBin(bin, facts, s, nil)
				return seen.ID == op.answer.seen.ID && seen.State == op.answer.seen.State, s
			}
			i := index[op.fact]
			with := s[:i] + "1" + s[i+1:]
			switch a := op.answer; {
			case a.unknown:
				return true, with
			case a.first:
				_, fits := foldBin(bin, facts, with, op.fact)
				return s != with && fits == a.applied, with
			default:
				return s == with, s
			}
		},
	}
}

// foldBin is the life of a bin in few words: closed, collected, open again. It
// returns what the bin holds, and whether the fact asked for took effect.
func foldBin(bin string, facts []*fact, recorded string, asked *fact) (holds tracking.CurrentFill, fits bool) {
	holds = tracking.CurrentFill{ID: bin, State: tracking.Open}
	for i, f := range facts {
		if recorded[i] != '1' {
			continue
		}
		fit := false
		switch {
		case f.typ == "fill.close" && holds.State == tracking.Open:
			fit, holds.State = true, tracking.Closed
		case f.typ == "pickup.scan" && holds.State == tracking.Closed:
			fit, holds = true, tracking.CurrentFill{ID: f.id, State: tracking.Open}
		case f.typ == "pickup.scan":
			fit = holds.ID != bin // scanned twice on the same visit
		}
		if f == asked {
			fits = fit
		}
	}
	return holds, fits
}

// historyFaults lists the entries and bins whose history no order explains.
func historyFaults(history []*operation) (faults []string) {
	byEntry, byBin := map[string][]*operation{}, map[string][]*operation{}
	owner := map[store.Seq]string{}
	for _, op := range history {
		byBin[op.bin] = append(byBin[op.bin], op)
		if op.fact == nil {
			continue
		}
		byEntry[op.fact.id] = append(byEntry[op.fact.id], op)
		if seq := op.answer.seq; seq != 0 {
			if other := owner[seq]; other != "" && other != op.fact.id {
				faults = append(faults, fmt.Sprintf("entries %s and %s are both number %d", other, op.fact.id, seq))
			}
			owner[seq] = op.fact.id
		}
	}
	check := func(what string, m porcupine.Model, ops []*operation) {
		if got := porcupine.CheckOperationsTimeout(m, forPorcupine(ops), 20*time.Second); got != porcupine.Ok {
			faults = append(faults, fmt.Sprintf("%s, %d operations: %s", what, len(ops), got))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byEntry)) {
		check("entry "+id, entryModel, byEntry[id])
	}
	for _, bin := range slices.Sorted(maps.Keys(byBin)) {
		check("bin "+bin, binModel(bin, factsOf(byBin[bin])), byBin[bin])
	}
	return faults
}

func forPorcupine(ops []*operation) []porcupine.Operation {
	out := make([]porcupine.Operation, len(ops))
	for i, op := range ops {
		out[i] = porcupine.Operation{ClientId: op.client, Input: op, Call: op.call, Return: op.end}
	}
	return out
}

// factsOf lists the facts of operations, each once, by the time at which they
// happened.
func factsOf(ops []*operation) []*fact {
	var facts []*fact
	for _, op := range ops {
		if op.fact != nil {
			facts = append(facts, op.fact)
		}
	}
	slices.SortFunc(facts, func(a, b *fact) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
	return slices.Compact(facts)
}

// sabotages are histories that break a promise, each made of a good one by
// changing one answer. Without them a checker that says yes to everything
// would do.
var sabotages = []struct {
	name string
	fits func(*operation) bool
	do   func(*answer)
}{
	{"a stale read", func(op *operation) bool { return op.fact == nil && op.answer.seen.ID != op.bin },
		func(a *answer) { a.seen = tracking.CurrentFill{ID: "the one before", State: tracking.Closed} }},
	{"another place the second time", repetition, func(a *answer) { a.seq += 1_000_000 }},
	{"another outcome the second time", repetition, func(a *answer) { a.outcome = `{"status":"applied","fill":"another"}` }},
	{"recorded twice", repetition, func(a *answer) { a.first = true }},
	{"another content taken for a repetition", func(op *operation) bool { return op.answer.conflict }, func(a *answer) { a.conflict = false }},
	{"a write that got lost", func(op *operation) bool { return op.answer.first }, func(a *answer) { a.conflict, a.first = true, false }},
	{"an outcome that the bin forbids", func(op *operation) bool { return op.answer.first && op.fact.typ == "fill.close" },
		func(a *answer) { a.applied = !a.applied }},
}

func repetition(op *operation) bool {
	return op.fact != nil && !op.answer.first && !op.answer.unknown && !op.answer.conflict
}

// wantSabotageNoticed changes single answers in the history of one bin, with
// what becomes of it.
func wantSabotageNoticed(t *testing.T, history []*operation) {
	t.Helper()
	for _, s := range sabotages {
		t.Run(s.name, func(t *testing.T) {
			tried := 0
			for at, op := range history {
				if !s.fits(op) {
					continue
				}
				if len(historyFaults(sabotaged(history, at, s.do))) > 0 {
					return
				}
				if tried++; tried == sabotageTries {
					break
				}
			}
			t.Errorf("%d operations were sabotaged, each in a history of its own, and nothing was noticed", tried)
		})
	}
}

// sabotageTries is how many operations are changed, each by itself, until one
// is noticed: what happened at the same moment, or got no answer, may by chance
// explain the other answer.
const sabotageTries = 10

// sabotaged is the history of one bin with one answer changed.
func sabotaged(history []*operation, at int, do func(*answer)) (changed []*operation) {
	for i, op := range history {
		if op.bin != history[at].bin {
			continue
		}
		copied := *op
		if i == at {
			do(&copied.answer)
		}
		changed = append(changed, &copied)
	}
	return changed
}
