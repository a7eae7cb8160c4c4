package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
)

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// String is the hash in lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Entry is what Append takes: one immutable fact, already serialised.
// Content and Outcome are JSON objects in canonical form (RFC 8785).
type Entry struct {
	ID      string
	Content []byte // what happened, and who said so
	Outcome []byte // what the domain answered when the entry was recorded
}

// Record is an entry in its place in the ledger. Its bytes are
//
//	{"entry":Content,"outcome":Outcome,"prev":"hex of the predecessor's hash","seq":n}
//
// which is canonical because its parts are: they are what is hashed, stored
// and returned on every engine. The first entry's prev is 64 zeros.
type Record struct {
	Seq   Seq
	Prev  Hash
	Entry Entry
	Bytes []byte
}

// Hash is the SHA-256 of the record's bytes, its successor's Prev.
func (r Record) Hash() Hash { return sha256.Sum256(r.Bytes) }

// Seal puts an entry in its place in the ledger.
func Seal(e Entry, seq Seq, prev Hash) Record {
	b := make([]byte, 0, len(e.Content)+len(e.Outcome)+128)
	b = append(b, `{"entry":`...)
	b = append(b, e.Content...)
	b = append(b, `,"outcome":`...)
	b = append(b, e.Outcome...)
	b = append(b, `,"prev":"`...)
	b = hex.AppendEncode(b, prev[:])
	b = append(b, `","seq":`...)
	b = strconv.AppendInt(b, int64(seq), 10)
	b = append(b, '}')
	return Record{Seq: seq, Prev: prev, Entry: e, Bytes: b}
}

// ParseRecord reads the bytes of a record that belongs to the entry id. It
// refuses bytes that Seal would not have written.
func ParseRecord(id string, b []byte) (Record, error) {
	var parts struct {
		Entry   json.RawMessage `json:"entry"`
		Outcome json.RawMessage `json:"outcome"`
		Prev    string          `json:"prev"`
		Seq     Seq             `json:"seq"`
	}
	if err := json.Unmarshal(b, &parts); err != nil {
		return Record{}, fmt.Errorf("record of entry %s: %w", id, err)
	}
	var prev Hash
	if n, err := hex.Decode(prev[:], []byte(parts.Prev)); err != nil || n != len(prev) {
		return Record{}, fmt.Errorf("record of entry %s: prev %q is not a SHA-256", id, parts.Prev)
	}
	r := Seal(Entry{ID: id, Content: parts.Entry, Outcome: parts.Outcome}, parts.Seq, prev)
	if !bytes.Equal(r.Bytes, b) {
		return Record{}, fmt.Errorf("record of entry %s: bytes are not in canonical form", id)
	}
	return r, nil
}
