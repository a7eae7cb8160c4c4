package mongo_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/ricircolo/ricircolo/internal/store"
)

// What follows says what a store promises the closures of one lab, as a model
// in which every closure happens at one moment; porcupine looks for an order of
// the moments that explains what the closures saw.

const counters = 4

// counterLab is the state of a lab with a few counters in it.
type counterLab struct {
	head  store.Seq
	hash  store.Hash
	value [counters]int64
	wrote [counters]store.Seq // the entry that changed it last
}

type doing string

const (
	viewing  doing = "view"
	counting doing = "count"  // add an entry and one to a counter
	strictly doing = "strict" // the same, but refuse every third value
)

// move is one call of a store.
type move struct {
	caller    int
	call, end int64 // ns on one clock
	doing     doing
	counter   int
	entry     string
	answer
}

// answer is what the caller learnt.
type answer struct {
	unknown bool // nothing: it may have happened, now or later, or not
	refused bool // by the closure, for what it saw
	saw     counterLab
	seq     store.Seq     // of the entry
	again   *store.Record // the entry was there before
}

func (m *move) String() string {
	return fmt.Sprintf("%s of counter %d by caller %d, entry %q: %+v", m.doing, m.counter, m.caller, m.entry, m.answer)
}

// refuses is the rule of the closures that are strict.
func refuses(value int64) bool { return value%3 == 2 }

// outcome is what an entry of a counter says of what it led to.
func outcome(counter int, value int64) []byte {
	return fmt.Appendf(nil, `{"counter":%d,"value":%d}`, counter, value)
}

// labModel is the promise, given the ledger that was there in the end.
func labModel(ledger []store.Record) porcupine.Model {
	byID := make(map[string]store.Record, len(ledger))
	for _, r := range ledger {
		byID[r.Entry.ID] = r
	}
	return porcupine.Model{
		Init: func() any { return counterLab{} },
		Step: func(state, input, _ any) (bool, any) {
			s, m := state.(counterLab), input.(*move)
			if !m.unknown && m.saw != s {
				return false, s
			}
			r, there := byID[m.entry]
			strict := m.doing == strictly && refuses(s.value[m.counter])
			switch {
			case m.doing == viewing:
				return true, s
			case m.refused:
				return strict && (!there || r.Seq > s.head), s
			case m.again != nil:
				return there && r.Seq <= s.head && m.again.Seq == r.Seq && bytes.Equal(m.again.Bytes, r.Bytes), s
			}
			// It happened now, whether or not its caller was told.
			next := s
			next.head, next.hash = r.Seq, r.Hash()
			next.value[m.counter]++
			next.wrote[m.counter] = r.Seq
			fits := there && !strict && r.Seq == s.head+1 && r.Prev == s.hash &&
				bytes.Equal(r.Entry.Outcome, outcome(m.counter, next.value[m.counter]))
			return fits && (m.unknown || m.seq == r.Seq), next
		},
	}
}

// settled replaces the moves of which nothing is known by what became of them:
// one that made its entry, at any time after its call. The ledger tells.
func settled(moves []*move, ledger []store.Record) []*move {
	made := make(map[string]*move, len(ledger)) // nil: nobody is known to have
	for _, r := range ledger {
		made[r.Entry.ID] = nil
	}
	var known []*move
	for _, m := range moves {
		if m.unknown {
			continue
		}
		known = append(known, m)
		if m.doing != viewing && !m.refused && m.again == nil {
			made[m.entry] = m
		}
	}
	for _, m := range moves {
		if by, there := made[m.entry]; m.unknown && there && by == nil {
			made[m.entry] = m
			known = append(known, m)
		}
	}
	return known
}

// historyFaults says what is wrong with a history; nothing if an order explains
// it. The moves must be sorted by their calls.
func historyFaults(moves []*move, ledger []store.Record) (faults []string) {
	moves = settled(moves, ledger)
	ops := make([]porcupine.Operation, len(moves))
	made := make(map[string]int)
	for i, m := range moves {
		ops[i] = porcupine.Operation{ClientId: m.caller, Input: m, Call: m.call, Return: m.end}
		if m.doing != viewing && !m.refused && m.again == nil {
			made[m.entry]++
		}
	}
	for _, r := range ledger {
		if n := made[r.Entry.ID]; n != 1 {
			faults = append(faults, fmt.Sprintf("entry %s, number %d, was made by %d callers", r.Entry.ID, r.Seq, n))
		}
	}
	result, info := porcupine.CheckOperationsVerbose(labModel(ledger), ops, 20*time.Second)
	if result == porcupine.Ok {
		return faults
	}
	longest := 0
	var explained []int
	for _, p := range info.PartialLinearizations()[0] {
		if len(p) > longest {
			longest, explained = len(p), p
		}
	}
	fault := fmt.Sprintf("%s: an order of %d of the %d moves, then none", result, longest, len(ops))
	placed := make(map[int]bool)
	for _, i := range explained {
		placed[i] = true
	}
	for i, m := range moves {
		if !placed[i] {
			fault += "\nthe first without a place: " + m.String()
			break
		}
	}
	return append(faults, fault)
}
