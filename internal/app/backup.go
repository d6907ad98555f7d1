package app

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/blob"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// A backup is a gzip'd tar of: manifest.json; keys/NAME, the secrets of the data
// folder; tables/NAME.jsonl, every row of a table as a JSON array; blobs/NAME,
// the originals as they lie, encrypted. The rows come from one snapshot, so the
// journal in it verifies, and it can be restored to either engine.

// manifest is the first member of a backup.
type manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"`
	Made    time.Time `json:"made"`
	Tables  []table   `json:"tables"`
}

type table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

const backupFormat = 1

// keys are the files of the data folder that a restored installation needs.
func keys() []string { return []string{"secret", "seal.key", "seal.pub", "admin.token"} }

// Backup writes everything to w while the process goes on.
func (a *App) Backup(ctx context.Context, w io.Writer) error {
	packed := gzip.NewWriter(w)
	out := tar.NewWriter(packed)
	var originals []string
	err := a.db.Read(ctx, func(tx *db.Tx) error {
		tables, err := tablesOf(tx)
		if err != nil {
			return err
		}
		head, err := json.MarshalIndent(manifest{Format: backupFormat, Version: Version(), Made: a.clock.Now(), Tables: tables}, "", "  ")
		if err != nil {
			return err
		}
		if err := member(out, "manifest.json", head); err != nil {
			return err
		}
		for _, name := range keys() {
			text, err := os.ReadFile(filepath.Join(a.Data, name))
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			if err := member(out, "keys/"+name, text); err != nil {
				return err
			}
		}
		for _, t := range tables {
			if err := dump(tx, out, t); err != nil {
				return err
			}
		}
		originals, err = a.blobs.Names(tx)
		return err
	})
	if err != nil {
		return errs.New(errs.CodeOf(err), "back up: %w", err)
	}
	for _, name := range originals {
		if err := a.copyOriginal(out, name); err != nil {
			return errs.New(errs.Internal, "back up original %s: %w", name, err)
		}
	}
	return errors.Join(out.Close(), packed.Close())
}

func member(out *tar.Writer, name string, content []byte) error {
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := out.Write(content)
	return err
}

// copyOriginal copies a file of the folder of originals. One that was erased since
// the snapshot is copied as nothing.
func (a *App) copyOriginal(out *tar.Writer, name string) error {
	file, err := os.Open(filepath.Join(a.blobs.Folder(), name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := out.WriteHeader(&tar.Header{Name: "blobs/" + filepath.Base(name), Mode: 0o600, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(out, file)
	return err
}

// tablesOf are the tables of the schema with their columns, by name.
func tablesOf(tx *db.Tx) ([]table, error) {
	query := `SELECT m.name AS t, c.name AS c FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid`
	if tx.Engine() == db.PostgreSQL {
		query = `SELECT table_name AS t, column_name AS c FROM information_schema.columns
			WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`
	}
	var rows []struct {
		T string `db:"t"`
		C string `db:"c"`
	}
	if err := tx.Select(&rows, query); err != nil {
		return nil, err
	}
	var out []table
	for _, r := range rows {
		if r.T == "goose_db_version" {
			continue // a restored database gets its schema from the program
		}
		if len(out) == 0 || out[len(out)-1].Name != r.T {
			out = append(out, table{Name: r.T})
		}
		out[len(out)-1].Columns = append(out[len(out)-1].Columns, r.C)
	}
	return out, nil
}

// piece is how many bytes of rows are one member: a tar member's size stands in
// front of it, and a table need not fit into memory.
const piece = 4 << 20

// dump writes the rows of a table as members of up to piece bytes.
func dump(tx *db.Tx, out *tar.Writer, t table) error {
	rows, err := tx.Query(`SELECT ` + quoted(t.Columns) + ` FROM ` + t.Name)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var buffer []byte
	flush := func() error {
		if len(buffer) == 0 {
			return nil
		}
		err := member(out, "tables/"+t.Name+".jsonl", buffer)
		buffer = buffer[:0]
		return err
	}
	for rows.Next() {
		values, err := rows.SliceScan()
		if err != nil {
			return err
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				values[i] = map[string]string{"b": base64.StdEncoding.EncodeToString(b)}
			}
		}
		line, err := json.Marshal(values)
		if err != nil {
			return err
		}
		buffer = append(append(buffer, line...), '\n')
		if len(buffer) > piece {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return errors.Join(rows.Err(), flush())
}

func quoted(columns []string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = `"` + c + `"`
	}
	return strings.Join(out, ", ")
}

// Restore makes an installation of a backup. The folder must be empty, and so
// must the database.
func Restore(ctx context.Context, from io.Reader, o Options) (err error) {
	if o.Data == "" {
		return errs.New(errs.Usage, "restore: no data folder: give --data DIR")
	}
	if entries, err := os.ReadDir(o.Data); err == nil && len(entries) > 0 {
		return errs.New(errs.Conflict, "restore: folder %s is not empty", o.Data)
	}
	unpacked, err := gzip.NewReader(bufio.NewReaderSize(from, 1<<16))
	if err != nil {
		return errs.New(errs.Invalid, "restore: this is no backup: %w", err)
	}
	in := tar.NewReader(unpacked)
	head, err := in.Next()
	if err != nil || head.Name != "manifest.json" {
		return errs.New(errs.Invalid, "restore: this is no backup: it does not begin with a manifest")
	}
	var m manifest
	if err := json.NewDecoder(in).Decode(&m); err != nil {
		return errs.New(errs.Invalid, "restore: read the manifest: %w", err)
	}
	if m.Format != backupFormat {
		return errs.New(errs.Invalid, "restore: the backup has format %d, this program reads %d", m.Format, backupFormat)
	}
	a := &App{Options: o}
	defer a.close()
	if err := a.openData(ctx); err != nil {
		return err
	}
	if err := a.openDatabase(ctx); err != nil {
		return err
	}
	r := restoring{app: a, in: in, tables: m.Tables, blobs: blob.New(blob.Deps{DB: a.db, Clock: clock.Real{}, Folder: filepath.Join(o.Data, "blobs")})}
	return r.run(ctx)
}

type restoring struct {
	app    *App
	in     *tar.Reader
	tables []table
	blobs  *blob.Store
}

// run restores in one bracket: half a city is none.
func (r *restoring) run(ctx context.Context) error {
	return r.app.db.Write(ctx, func(tx *db.Tx) error {
		present, err := tablesOf(tx)
		if err != nil {
			return err
		}
		for _, t := range present {
			// What the schema itself put in is in the backup too.
			n, err := tx.Int(`SELECT COUNT(*) FROM ` + t.Name)
			if err != nil {
				return err
			}
			if n > 1 {
				return errs.New(errs.Conflict, "restore: the database is not empty: table %s has %d rows", t.Name, n)
			}
			if _, err := tx.Exec(`DELETE FROM ` + t.Name); err != nil {
				return err
			}
		}
		for {
			head, err := r.in.Next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return errs.New(errs.Invalid, "restore: the backup is damaged: %w", err)
			}
			if err := r.member(tx, head, present); err != nil {
				return err
			}
		}
	})
}

func (r *restoring) member(tx *db.Tx, head *tar.Header, present []table) error {
	folder, name, _ := strings.Cut(head.Name, "/")
	switch folder {
	case "keys":
		if !slices.Contains(keys(), name) {
			return errs.New(errs.Invalid, "restore: %s: no such key", head.Name)
		}
		return r.file(filepath.Join(r.app.Data, name))
	case "blobs":
		if name != filepath.Base(name) || len(name) < 3 {
			return errs.New(errs.Invalid, "restore: %s: no such original", head.Name)
		}
		return r.file(filepath.Join(r.blobs.Folder(), name[:2], name))
	case "tables":
		return r.rows(tx, strings.TrimSuffix(name, ".jsonl"), present)
	}
	return errs.New(errs.Invalid, "restore: %s: no such member", head.Name)
}

func (r *restoring) file(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r.in)
	return errors.Join(err, file.Sync(), file.Close())
}

func (r *restoring) rows(tx *db.Tx, name string, present []table) error {
	at := slices.IndexFunc(r.tables, func(t table) bool { return t.Name == name })
	here := slices.IndexFunc(present, func(t table) bool { return t.Name == name })
	if at < 0 || here < 0 {
		return errs.New(errs.Invalid, "restore: table %s is not of this program's schema", name)
	}
	t := r.tables[at]
	for _, c := range t.Columns {
		if !slices.Contains(present[here].Columns, c) {
			return errs.New(errs.Invalid, "restore: column %s of table %s is not of this program's schema", c, name)
		}
	}
	lines := json.NewDecoder(r.in)
	lines.UseNumber()
	var args []any
	for {
		var values []any
		err := lines.Decode(&values)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(values) != len(t.Columns) {
			return errs.New(errs.Invalid, "restore: table %s: a row is damaged", name)
		}
		for _, v := range values {
			plain, err := value(v)
			if err != nil {
				return errs.New(errs.Invalid, "restore: table %s: %w", name, err)
			}
			args = append(args, plain)
		}
	}
	return tx.Bulk(`INSERT INTO `+name+` (`+quoted(t.Columns)+`) VALUES`, "", len(t.Columns), args)
}

// value is a JSON value as the database takes it.
func value(v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		return v.Int64()
	case map[string]any:
		text, ok := v["b"].(string)
		if !ok {
			return nil, errs.New(errs.Invalid, "a value is neither number, text nor bytes")
		}
		return base64.StdEncoding.DecodeString(text)
	}
	return v, nil
}
