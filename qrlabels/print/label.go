package print

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/ricircolo/ricircolo/qrlabels"
)

// Label is what one sticker shows.
type Label struct {
	Code    qrlabels.Code // for people to read
	Payload string        // what the symbol says: qrlabels.Base.Payload of the same code

	Facility string  // "" if it is not known yet
	Ward     string  // "" if it is not known yet
	Stream   *Stream // nil on a label that no bin has yet
}

// Stream is the material that a bin takes.
type Stream struct {
	Name       Words  // not empty
	Colour     string // of its band, #rrggbb in small letters; "" is dark grey
	Pictograms []Pictogram
	Accepts    Lists // what goes in
	Refuses    Lists // what does not; on posters only
}

// Words is a text in both languages. An empty one stands for the other.
type Words struct{ IT, EN string }

// Lists is a list in both languages. An empty one stands for the other.
type Lists struct{ IT, EN []string }

// Language is the language of what a label shows.
type Language string

// The languages. With Both, the Italian text is the larger one.
const (
	Both    Language = "both"
	Italian Language = "it"
	English Language = "en"
)

// How much text a label takes, in characters and items. All of it is fitted into
// its place, which no reader can use if there is much more.
const (
	MaxText  = 120
	MaxItems = 40
)

var colourForm = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// check says what can't be printed of a label.
func (l Label) check() error {
	if l.Code.IsZero() {
		return errors.New("label without a code")
	}
	if p, err := qrlabels.ParsePayload(l.Payload); err == nil && p.Code != l.Code {
		return fmt.Errorf("label %s: its symbol would say %s: people and phones must read the same", l.Code, p.Code)
	}
	texts := []string{l.Facility, l.Ward}
	if s := l.Stream; s != nil {
		if s.Name.IT == "" && s.Name.EN == "" {
			return fmt.Errorf("label %s: its stream has no name, and a colour alone says nothing", l.Code)
		}
		if s.Colour != "" && !colourForm.MatchString(s.Colour) {
			return fmt.Errorf("label %s: colour is %q, want #rrggbb in small letters", l.Code, s.Colour)
		}
		if len(s.Pictograms) > MaxPictograms {
			return fmt.Errorf("label %s: %d pictograms, want at most %d", l.Code, len(s.Pictograms), MaxPictograms)
		}
		for _, p := range s.Pictograms {
			if _, ok := pictures()[p]; !ok {
				return fmt.Errorf("label %s: there is no pictogram %q", l.Code, p)
			}
		}
		texts = append(texts, s.Name.IT, s.Name.EN)
		for _, list := range [][]string{s.Accepts.IT, s.Accepts.EN, s.Refuses.IT, s.Refuses.EN} {
			if len(list) > MaxItems {
				return fmt.Errorf("label %s: a list of %d items, want at most %d", l.Code, len(list), MaxItems)
			}
			texts = append(texts, list...)
		}
	}
	for _, t := range texts {
		if characters(t) > MaxText {
			return fmt.Errorf("label %s: a text of %d characters, want at most %d", l.Code, characters(t), MaxText)
		}
	}
	return nil
}
