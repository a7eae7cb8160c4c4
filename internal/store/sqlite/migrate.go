package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/ricircolo/ricircolo/internal/store"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// applicationID marks the file as ours ("RICI"): a database of another program
// that lies in the folder by mistake is not touched.
const applicationID = 0x52494349

// migrations are the texts that make schema 1, 2, 3 … of the one before.
func migrations() ([]string, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(names))
	for i, name := range names {
		if want := fmt.Sprintf("migrations/%04d_", i+1); name[:len(want)] != want {
			return nil, fmt.Errorf("migration %s: want a name that starts with %s", name, want)
		}
		b, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		texts[i] = string(b)
	}
	return texts, nil
}

// migrate brings the schema up to date, one transaction for each step.
func migrate(ctx context.Context, conn *sql.Conn) error {
	texts, err := migrations()
	if err != nil {
		return err
	}
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return err
	}
	if version > len(texts) {
		return fmt.Errorf("schema %d, this program knows up to %d: %w", version, len(texts), store.ErrNewerSchema)
	}
	for version < len(texts) {
		if err := step(ctx, conn, texts[version], version+1); err != nil {
			return fmt.Errorf("migrating to schema %d: %w", version+1, err)
		}
		version++
	}
	return nil
}

func step(ctx context.Context, conn *sql.Conn, text string, version int) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	for _, s := range []string{
		text,
		fmt.Sprintf(`PRAGMA user_version = %d`, version),
		fmt.Sprintf(`PRAGMA application_id = %d`, applicationID),
	} {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// schemaVersion is 0 for an empty file. It refuses a file of another program.
func schemaVersion(ctx context.Context, conn *sql.Conn) (int, error) {
	var version, id, tables int
	for text, n := range map[string]*int{
		`PRAGMA user_version`:                &version,
		`PRAGMA application_id`:              &id,
		`SELECT count(*) FROM sqlite_schema`: &tables,
	} {
		if err := conn.QueryRowContext(ctx, text).Scan(n); err != nil {
			return 0, fmt.Errorf("reading the schema's version: %w", err)
		}
	}
	if id != applicationID && (tables > 0 || version > 0) {
		return 0, fmt.Errorf("%s is the database of another program (application id %#x)", dataFile, id)
	}
	return version, nil
}
