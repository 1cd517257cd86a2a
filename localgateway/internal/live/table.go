package live

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// Table is a SQLite file with the table events, which has the warehouse's
// columns. It is safe for concurrent use; other programs may read the file.
type Table struct {
	db     *sql.DB
	insert *sql.Stmt
}

// OpenTable opens a file, or makes it.
func OpenTable(file string) (*Table, error) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	// SQLite says of a folder that is not there that it is out of memory.
	handle, err := os.OpenFile(absolute, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be used as -db: %w", file, errors.Unwrap(err))
	}
	if err := handle.Close(); err != nil {
		return nil, err
	}
	// A write-ahead log lets others read while we write. It is not synced at
	// every event: what the machine's loss of power takes are test events.
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: "_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=busy_timeout(5000)&_pragma=temp_store(memory)"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	t := &Table{db: db}
	if err := t.prepare(); err != nil {
		return nil, fmt.Errorf("%s cannot be used as -db: %w", file, errors.Join(err, db.Close()))
	}
	return t, nil
}

func (t *Table) prepare() error {
	var defined, names, marks []string
	for _, column := range gateway.Columns {
		defined = append(defined, column.Name+" "+column.Type+" not null")
		names = append(names, column.Name)
		marks = append(marks, "?")
	}
	if _, err := t.db.Exec("create table if not exists events (\n\t" + strings.Join(defined, ",\n\t") + "\n)"); err != nil {
		return err
	}
	var err error
	t.insert, err = t.db.Prepare("insert into events (" + strings.Join(names, ", ") + ") values (" + strings.Join(marks, ", ") + ")")
	return err
}

func (t *Table) add(event *stored) error {
	row, err := gateway.RowOf(event.Wire)
	if err != nil {
		return err
	}
	if _, err = t.insert.Exec(row...); err != nil {
		return fmt.Errorf("write to -db: %w", err)
	}
	return nil
}

// newest reads the last n rows, oldest first.
func (t *Table) newest(n int) ([]row, error) {
	var names []string
	for _, column := range gateway.Columns {
		names = append(names, column.Name)
	}
	found, err := t.db.Query("select "+strings.Join(names, ", ")+" from events order by rowid desc limit ?", n)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var rows []row
	for found.Next() {
		r := make(row, len(names))
		into := make([]any, len(names))
		for i, column := range gateway.Columns {
			switch column.Type {
			case "integer":
				into[i] = new(int64)
			case "boolean":
				into[i] = new(bool)
			default:
				into[i] = new(string)
			}
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		for i := range into {
			switch v := into[i].(type) {
			case *int64:
				r[i] = *v
			case *bool:
				r[i] = *v
			case *string:
				r[i] = *v
			}
		}
		rows = append(rows, r)
	}
	slices.Reverse(rows)
	return rows, found.Err()
}

func (t *Table) clear() error {
	_, err := t.db.Exec("delete from events")
	return err
}

// Close closes the file.
func (t *Table) Close() error {
	return errors.Join(t.insert.Close(), t.db.Close())
}
