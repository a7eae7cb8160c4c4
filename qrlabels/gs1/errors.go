package gs1

import "fmt"

// Fault is what is wrong with an input.
type Fault string

// The faults.
const (
	FaultLength     Fault = "length"      // a number as long as no GS1 number is
	FaultTooShort   Fault = "too-short"   // a part that is shorter than it must be, or missing
	FaultTooLong    Fault = "too-long"    // a part that is longer than it may be
	FaultCharacter  Fault = "character"   // a character that may not stand there
	FaultCheckDigit Fault = "check-digit" // mistyped: the check digit or check characters do not fit
	FaultContent    Fault = "content"     // well formed, but not a value that its AI may have

	FaultScheme Fault = "scheme" // not http or https, all in lower or all in upper case; not an EPC scheme
	FaultDomain Fault = "domain" // no domain, or one with characters that domains have not
	FaultEscape Fault = "escape" // percent-encoding that is broken, or stands for a NUL
	FaultSyntax Fault = "syntax" // element strings whose brackets do not fit

	FaultUnknownAI Fault = "unknown-ai" // no AI of the dictionary
	FaultNoKey     Fault = "no-key"     // no primary key that a link could begin with
	FaultQualifier Fault = "qualifier"  // not a qualifier of the key, or not in order
	FaultAttribute Fault = "attribute"  // may not be a data attribute of a link
	FaultMisplaced Fault = "misplaced"  // in the query of a link, but belongs in its path
	FaultDuplicate Fault = "duplicate"  // the same AI twice
	FaultMissing   Fault = "missing"    // needs another AI that is not there
	FaultExcluded  Fault = "excluded"   // may not stand together with another AI that is there
)

// Error says what is wrong with an input and where. It does not repeat the
// input: of that it holds an AI at most, which has no more than four digits.
type Error struct {
	Fault Fault
	// AI is the application identifier whose value is wrong, if it is one's.
	AI string
	// Part is the part that is wrong, in words of this package, such as
	// "company prefix". It may be empty if there is an AI.
	Part string
	// Position is the place of the first wrong character in the part, or in the
	// value of the AI, counted in bytes from 1. It is 0 for the whole part.
	Position int
}

func (e *Error) Error() string {
	where := e.Part
	switch {
	case e.AI != "" && e.Part != "":
		where = "AI " + e.AI + " in the " + e.Part
	case e.AI != "":
		where = "AI " + e.AI
	}
	if e.Position > 0 {
		where = fmt.Sprintf("%s, character %d", where, e.Position)
	}
	return fmt.Sprintf("gs1: %s: %s", where, e.Fault.text())
}

// text says the fault in words.
func (f Fault) text() string {
	switch f {
	case FaultLength:
		return "no GS1 number has this length"
	case FaultTooShort:
		return "too short or missing"
	case FaultTooLong:
		return "too long"
	case FaultCharacter:
		return "not allowed there"
	case FaultCheckDigit:
		return "mistyped, the check digit does not fit"
	case FaultContent:
		return "not a value that it may have"
	case FaultScheme:
		return "not a scheme that is read here"
	case FaultDomain:
		return "missing or malformed"
	case FaultEscape:
		return "broken percent-encoding"
	case FaultSyntax:
		return "want (AI)value(AI)value"
	case FaultUnknownAI:
		return "unknown application identifier"
	case FaultNoKey:
		return "no primary key"
	case FaultQualifier:
		return "not a qualifier of the key, or not in order"
	case FaultAttribute:
		return "may not be a data attribute"
	case FaultMisplaced:
		return "belongs in the path"
	case FaultDuplicate:
		return "there twice"
	case FaultMissing:
		return "needs another element that is missing"
	case FaultExcluded:
		return "may not stand with another element that is there"
	}
	return string(f)
}

// shownAI is an AI of an input as an Error may hold it: empty for what cannot be
// one.
func shownAI(ai string) string {
	if len(ai) > maxAI || outside(ai, digits) >= 0 {
		return ""
	}
	return ai
}
