package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/ricircolo/ricircolo/internal/store"
)

// IntegrityCheck reads the whole file and returns what is wrong with it as a
// file: what SQLite finds, a last entry that is not the head, an index that is
// not the documents'. It says nothing about what entries and documents mean.
func (s *Store) IntegrityCheck(ctx context.Context) error {
	return s.longRead(ctx, func(ctx context.Context, conn *sql.Conn) error {
		for _, check := range []func(context.Context, *sql.Conn) ([]string, error){checkPages, checkHeads, checkKeys} {
			found, err := check(ctx, conn)
			if err != nil {
				return engineError("checking the integrity", err)
			}
			if len(found) > 0 {
				return fmt.Errorf("%s is damaged: %s", dataFile, strings.Join(found, "; "))
			}
		}
		return nil
	})
}

// eachRow hands every row of a query to scan.
func eachRow(ctx context.Context, conn *sql.Conn, query string, scan func(*sql.Rows) error) error {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func checkPages(ctx context.Context, conn *sql.Conn) (found []string, err error) {
	err = eachRow(ctx, conn, `PRAGMA integrity_check(20)`, func(rows *sql.Rows) error {
		var line string
		if err := rows.Scan(&line); err != nil || line == "ok" {
			return err
		}
		found = append(found, line)
		return nil
	})
	return found, err
}

// checkHeads compares the last entry of every lab with the head that was noted
// when it was written.
func checkHeads(ctx context.Context, conn *sql.Conn) (found []string, err error) {
	const query = `SELECT name, head, hash, coalesce(place - (labs.lab << 40), 0), coalesce(record, x'') FROM labs
		LEFT JOIN entries ON place = (SELECT max(place) FROM entries AS e WHERE e.place > labs.lab << 40 AND e.place < (labs.lab + 1) << 40)`
	err = eachRow(ctx, conn, query, func(rows *sql.Rows) error {
		var name string
		var head, last int64
		var hash, record []byte
		if err := rows.Scan(&name, &head, &hash, &last, &record); err != nil {
			return err
		}
		sum := sha256.Sum256(record)
		if head != last || head > 0 && !bytes.Equal(hash, sum[:]) {
			found = append(found, fmt.Sprintf("the ledger of %s ends in entry %d, %x; its head is entry %d, %x", name, last, sum, head, hash))
		}
		return nil
	})
	return found, err
}

// checkKeys compares the index with the keys that the documents carry, by
// number and by a sum that does not depend on the order.
func checkKeys(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var carried, indexed keySum
	err := eachRow(ctx, conn, `SELECT lab, kind, id, document, keys FROM documents`, func(rows *sql.Rows) error {
		var lab, document int64
		var kind, id string
		var keys []byte
		if err := rows.Scan(&lab, &kind, &id, &document, &keys); err != nil {
			return err
		}
		for _, k := range decodeKeys(keys) {
			carried.add(lab, kind, id, document, k)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = eachRow(ctx, conn, `SELECT lab, kind, id, document, name, value FROM keys`, func(rows *sql.Rows) error {
		var lab, document int64
		var kind, id string
		var k store.Key
		if err := rows.Scan(&lab, &kind, &id, &document, &k.Index, &k.Value); err != nil {
			return err
		}
		indexed.add(lab, kind, id, document, k)
		return nil
	})
	if err != nil || carried == indexed {
		return nil, err
	}
	return []string{fmt.Sprintf("the index has %d keys that are not the %d of the documents (I9)", indexed.count, carried.count)}, nil
}

type keySum struct {
	count int64
	sum   uint64
}

func (s *keySum) add(lab int64, kind, id string, document int64, k store.Key) {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\x00%s\x00%s\x00%d\x00%s\x00%s", lab, kind, id, document, k.Index, k.Value)
	s.count++
	s.sum += h.Sum64()
}
