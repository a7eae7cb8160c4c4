package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/ricircolo/ricircolo/internal/store"
	"github.com/ricircolo/ricircolo/internal/store/staging"
)

// seqBits is how many bits of an entry's place are its number.
const seqBits = 40

const (
	selectRow       = `SELECT document, seq, keys, body FROM documents WHERE lab = ? AND kind = ? AND id = ?`
	selectDocuments = `SELECT kind, id, seq, keys, body FROM documents`
	selectChanged   = selectDocuments + ` WHERE lab = ? AND kind = ? AND (seq, id) > (?, ?) ORDER BY seq, id LIMIT ?`
	selectAll       = selectDocuments + ` WHERE lab = ? AND (kind, id) > (?, ?) ORDER BY kind, id LIMIT ?`
	selectEntries   = `SELECT place, id, record FROM entries`
	selectHead      = selectEntries + ` WHERE place > ? AND place <= ? ORDER BY place DESC LIMIT 1`
	selectEntry     = selectEntries + ` WHERE lab = ? AND id = ?`
	selectRecords   = selectEntries + ` WHERE place > ? AND place < ? ORDER BY place LIMIT ?`
)

func placeOf(lab int64, seq store.Seq) int64 { return lab<<seqBits | int64(seq) }

// reads is the committed state of one lab within a snapshot.
type reads struct {
	*snapshot
	lab int64 // 0: nothing was written yet
}

var _ staging.Base = reads{}

func (sn *snapshot) reads(lab store.LabID) (reads, error) {
	r := reads{snapshot: sn}
	// This read also takes the snapshot: SQLite does so with the first read of
	// a transaction, not with its BEGIN.
	err := sn.each(context.Background(), `SELECT lab FROM labs WHERE name = ?`, []any{string(lab)},
		func(rows *sql.Rows) error { return rows.Scan(&r.lab) })
	return r, err
}

func (r reads) Head() (store.Seq, store.Hash, error) {
	records, err := r.records(context.Background(), selectHead,
		placeOf(r.lab, 0), placeOf(r.lab+1, 0))
	if err != nil || len(records) == 0 {
		return 0, store.Hash{}, err
	}
	return records[0].Seq, records[0].Hash(), nil
}

func (r reads) Get(kind store.Kind, id string) (store.Document, error) {
	found, err := r.row(store.Ref{Kind: kind, ID: id})
	if err == nil && found.place == 0 {
		err = &staging.MissingError{Kind: string(kind), ID: id}
	}
	return found.doc, err
}

// row is a document in its place; place is 0 when it is not there.
type row struct {
	place int64
	doc   store.Document
}

func (r reads) row(ref store.Ref) (row, error) {
	found := row{doc: store.Document{Kind: ref.Kind, ID: ref.ID}}
	var keys sql.RawBytes
	err := r.each(context.Background(),
		selectRow, []any{r.lab, string(ref.Kind), ref.ID},
		func(rows *sql.Rows) error {
			err := rows.Scan(&found.place, &found.doc.Seq, &keys, &found.doc.Body)
			found.doc.Keys = decodeKeys(keys)
			return err
		})
	return found, err
}

func (r reads) documents(text string, args ...any) ([]store.Document, error) {
	var docs []store.Document
	err := r.each(r.ctx, text, args, func(rows *sql.Rows) error {
		var d store.Document
		err := scanDocument(rows, &d)
		docs = append(docs, d)
		return err
	})
	return docs, err
}

func scanDocument(rows *sql.Rows, d *store.Document, first ...any) error {
	var keys sql.RawBytes
	err := rows.Scan(append(first, &d.Kind, &d.ID, &d.Seq, &keys, &d.Body)...)
	d.Keys = decodeKeys(keys)
	return err
}

func (r reads) Changed(kind store.Kind, after store.SeqPosition, limit int) ([]store.Document, error) {
	return r.documents(selectChanged,
		r.lab, string(kind), int64(after.Seq), after.ID, limit)
}

func (r reads) Documents(after store.Ref, limit int) ([]store.Document, error) {
	return r.documents(selectAll,
		r.lab, string(after.Kind), after.ID, limit)
}

func (r reads) Find(q store.Query) ([]store.Hit, error) {
	text, args := findQuery(r.lab, q)
	var hits []store.Hit
	err := r.each(r.ctx, text, args, func(rows *sql.Rows) error {
		var h store.Hit
		if q.Index == "" {
			err := scanDocument(rows, &h.Document)
			h.Position.Value = h.Document.ID
			hits = append(hits, h)
			return err
		}
		err := scanDocument(rows, &h.Document, &h.Value)
		h.Position.ID = h.Document.ID
		hits = append(hits, h)
		return err
	})
	return hits, err
}

// findQuery writes the query with exactly one lower and one upper bound at
// most: of two, SQLite might use the weaker one to enter the index, and every
// page would read those before it again.
func findQuery(lab int64, q store.Query) (string, []any) {
	var text strings.Builder
	args := []any{lab, string(q.Kind)}
	value, place := "id", "(id)"
	if q.Index == "" {
		text.WriteString(selectDocuments + ` WHERE lab = ? AND kind = ?`)
	} else {
		text.WriteString(`SELECT value, k.kind, k.id, seq, d.keys, body FROM keys k JOIN documents d USING (document)` +
			` WHERE k.lab = ? AND k.kind = ? AND name = ?`)
		args = append(args, q.Index)
		value, place = "value", "(value, k.id)"
	}
	after := func(operator string) {
		if q.Index == "" {
			text.WriteString(" AND id " + operator + " ?")
			args = append(args, q.After.Value)
			return
		}
		text.WriteString(" AND " + place + operator + " (?, ?)")
		args = append(args, q.After.Value, q.After.ID)
	}
	switch {
	case q.After != nil && !q.Descending && q.After.Value >= q.From:
		after(" > ")
	case q.From != "":
		text.WriteString(" AND " + value + " >= ?")
		args = append(args, q.From)
	}
	switch {
	case q.After != nil && q.Descending && (q.To == "" || q.After.Value < q.To):
		after(" < ")
	case q.To != "":
		text.WriteString(" AND " + value + " < ?")
		args = append(args, q.To)
	}
	switch {
	case q.Index == "" && q.Descending:
		text.WriteString(" ORDER BY id DESC LIMIT ?")
	case q.Index == "":
		text.WriteString(" ORDER BY id LIMIT ?")
	case q.Descending:
		text.WriteString(" ORDER BY value DESC, k.id DESC LIMIT ?")
	default:
		text.WriteString(" ORDER BY value, k.id LIMIT ?")
	}
	return text.String(), append(args, q.Limit)
}

func (r reads) records(ctx context.Context, text string, args ...any) ([]store.Record, error) {
	var records []store.Record
	err := r.each(ctx, text, args, func(rows *sql.Rows) error {
		var place int64
		var id string
		var b []byte
		if err := rows.Scan(&place, &id, &b); err != nil {
			return err
		}
		rec, err := store.ParseRecord(id, b)
		if err == nil && placeOf(r.lab, rec.Seq) != place {
			err = fmt.Errorf("record of entry %s says number %d but lies at place %#x", id, rec.Seq, place)
		}
		records = append(records, rec)
		return err
	})
	return records, err
}

func (r reads) Entry(id string) (store.Record, error) {
	records, err := r.records(context.Background(), selectEntry, r.lab, id)
	if err != nil {
		return store.Record{}, err
	}
	if len(records) == 0 {
		return store.Record{}, &staging.MissingError{Kind: "entry", ID: id}
	}
	return records[0], nil
}

func (r reads) Entries(after store.Seq, limit int) ([]store.Record, error) {
	after = max(after, 0)
	if after >= 1<<seqBits {
		return nil, nil
	}
	return r.records(r.ctx, selectRecords,
		placeOf(r.lab, after), placeOf(r.lab+1, 0), limit)
}

func encodeKeys(keys []store.Key) []byte {
	b := []byte{} // not nil, which would be stored as NULL
	for _, k := range keys {
		b = append(b, k.Index...)
		b = append(b, 0)
		b = append(b, k.Value...)
		b = append(b, 0)
	}
	return b
}

func decodeKeys(b []byte) []store.Key {
	if len(b) == 0 {
		return nil
	}
	keys := make([]store.Key, 0, bytes.Count(b, []byte{0})/2)
	for len(b) > 0 {
		index, rest, _ := bytes.Cut(b, []byte{0})
		value, rest, _ := bytes.Cut(rest, []byte{0})
		keys = append(keys, store.Key{Index: string(index), Value: string(value)})
		b = rest
	}
	return keys
}
