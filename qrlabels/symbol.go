package qrlabels

import (
	"fmt"

	"github.com/skip2/go-qrcode"
)

const (
	// QuietZone is the white margin of every symbol, in modules, that the
	// standard asks for.
	QuietZone = 4

	// MaxText is the longest text that is encoded, in bytes.
	MaxText = 256

	// MaxPixels is the largest width and height of an image, in pixels.
	MaxPixels = 1024
)

// Level is how much of a symbol may be lost or dirty and still be read, by its
// name in ISO/IEC 18004.
type Level string

// The levels, with the share of the symbol's codewords that may be lost. Labels
// get dirty and are wiped: use H.
const (
	L Level = "L" // 7 %
	M Level = "M" // 15 %
	Q Level = "Q" // 25 %
	H Level = "H" // 30 %
)

// Validate returns an error that names the levels if l is none of them. The empty
// level is H.
func (l Level) Validate() error {
	_, err := l.library()
	return err
}

// library gives the library's name of a level: from Q on they are shifted.
func (l Level) library() (qrcode.RecoveryLevel, error) {
	switch l {
	case L:
		return qrcode.Low, nil
	case M:
		return qrcode.Medium, nil
	case Q:
		return qrcode.High, nil
	case H, "":
		return qrcode.Highest, nil
	}
	return 0, fmt.Errorf("error correction level is %q, want L, M, Q or H", string(l))
}

// Symbol is a QR code: a square of black and white modules with its quiet zone.
// The zero Symbol is empty.
type Symbol struct {
	level   Level
	version int
	size    int    // modules per side, quiet zone included
	black   []bool // row by row; never changed
}

// Encode makes the symbol of a text of 1 to MaxText bytes, in the smallest
// version that holds it at the level. The empty level is H. The error is a
// *LimitError if the text is too short or too long.
func Encode(text string, level Level) (Symbol, error) {
	recovery, err := level.library()
	if err != nil {
		return Symbol{}, err
	}
	if len(text) < 1 || len(text) > MaxText {
		return Symbol{}, &LimitError{What: "text", Unit: "bytes", Got: len(text), Min: 1, Max: MaxText}
	}
	code, err := qrcode.New(text, recovery)
	if err != nil {
		return Symbol{}, fmt.Errorf("encoding a symbol: %w", err)
	}
	rows := code.Bitmap() // with the quiet zone
	if level == "" {
		level = H
	}
	s := Symbol{level: level, version: code.VersionNumber, size: len(rows), black: make([]bool, 0, len(rows)*len(rows))}
	for _, row := range rows {
		s.black = append(s.black, row...)
	}
	return s, nil
}

// Level is the level that the symbol was encoded at.
func (s Symbol) Level() Level { return s.level }

// Version is the size class of the standard, 1 to 40.
func (s Symbol) Version() int { return s.version }

// Size is the number of modules per side, the quiet zone included.
func (s Symbol) Size() int { return s.size }

// Black reports whether the module in column x and row y, counted from 0 at the
// top left corner of the quiet zone, is black. Outside all is white.
func (s Symbol) Black(x, y int) bool {
	return x >= 0 && y >= 0 && x < s.size && y < s.size && s.black[y*s.size+x]
}

// Matrix is a copy of the modules, row by row, true for black, the quiet zone
// included.
func (s Symbol) Matrix() [][]bool {
	rows := make([][]bool, s.size)
	for y := range rows {
		rows[y] = append([]bool(nil), s.black[y*s.size:(y+1)*s.size]...)
	}
	return rows
}

// LimitError says that something is too small or too large.
type LimitError struct {
	What          string // what is measured, such as "image"
	Unit          string // such as "pixels"
	Got, Min, Max int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s has %d %s, want %d to %d", e.What, e.Got, e.Unit, e.Min, e.Max)
}
