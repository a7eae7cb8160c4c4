package rest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/ricircolo/ricircolo/internal/problem"
)

// page is the part of a listing that is asked for. Embed it in the params of
// every route that lists.
type page struct {
	Limit  limit  `query:"limit"`
	Cursor string `query:"cursor"` // of the former page; see position
}

// changes adds to page what a client polls with: everything that was written
// after an entry.
type changes struct {
	page
	UpdatedAfter *ledgerSeq `query:"updatedAfter"`
}

// limit is how many items a page holds at most.
type limit int

const (
	defaultLimit = 50
	maxLimit     = 200
)

// UnmarshalText takes 1 to maxLimit.
func (l *limit) UnmarshalText(b []byte) error {
	n, err := strconv.Atoi(string(b))
	if err != nil || n < 1 || n > maxLimit {
		return fieldError{"out-of-range", fmt.Sprintf("Give a whole number from 1 to %d.", maxLimit)}
	}
	*l = limit(n)
	return nil
}

// size is the limit, or the default where none was given.
func (l limit) size() int {
	if l == 0 {
		return defaultLimit
	}
	return int(l)
}

// ledgerSeq is a place in the ledger.
type ledgerSeq int64

// UnmarshalText takes whole numbers from 0.
func (s *ledgerSeq) UnmarshalText(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 {
		return fieldError{"out-of-range", "Give a whole number from 0."}
	}
	*s = ledgerSeq(n)
	return nil
}

// position is where a listing goes on: zero for its start. Which of the three
// a listing uses is its own affair.
type position struct {
	Seq   int64
	Value string
	ID    string
}

// listing is the answer of every route that lists.
type listing[T any] struct {
	Items []T `json:"items"`
	// Next is the cursor of the following page; absent on the last.
	Next string `json:"next,omitempty"`
}

// cursorVersion changes with the layout, so that an old cursor is refused and
// not misread.
const cursorVersion = 1

// encodeCursor makes the opaque form of a position in the listing of that name:
// version, checksum of the rest with the name, then seq, value and id.
func encodeCursor(name string, p position) string {
	body := binary.AppendVarint(nil, p.Seq)
	body = binary.AppendUvarint(body, uint64(len(p.Value)))
	body = append(body, p.Value...)
	body = append(body, p.ID...)
	b := binary.BigEndian.AppendUint32([]byte{cursorVersion}, cursorSum(name, body))
	return base64.RawURLEncoding.EncodeToString(append(b, body...))
}

// decodeCursor is the inverse; an empty cursor is the start. The checksum finds cut and mixed-up cursors; it keeps nobody from
// making one, which gains nothing: a position is only looked up in the
// caller's own scope.
func decodeCursor(name, cursor string) (position, error) {
	if cursor == "" {
		return position{}, nil
	}
	bad := problem.New(problem.Invalid, "cursor-invalid", "This cursor does not belong to this listing; start again without one.").
		With("?cursor", "cursor-invalid", "Send the value of next as it came.")
	// Even the strict decoder skips line breaks.
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || strings.ContainsAny(cursor, "\r\n") || len(b) < 5 || b[0] != cursorVersion || binary.BigEndian.Uint32(b[1:5]) != cursorSum(name, b[5:]) {
		return position{}, bad
	}
	b = b[5:]
	seq, n := binary.Varint(b)
	if n <= 0 {
		return position{}, bad
	}
	b = b[n:]
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return position{}, bad
	}
	b = b[n:]
	return position{Seq: seq, Value: string(b[:size]), ID: string(b[size:])}, nil
}

func cursorSum(name string, body []byte) uint32 {
	sum := crc32.ChecksumIEEE([]byte(name + "\x00"))
	return crc32.Update(sum, crc32.IEEETable, body)
}
