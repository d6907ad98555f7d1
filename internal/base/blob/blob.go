// Package blob keeps originals byte for byte: what a partner sent, what proves
// a finding.
//
// An original is a file of its own under the store's folder, encrypted as an age
// file (C2SP age v1) to an X25519 identity of its own, which lies in the
// database. The folder without the database says nothing, and erasing one
// original is dropping one key, wherever copies of its file have gone.
//
// The name of a file is random. The SHA-256 of the content would tell whoever
// sees the folder, or a listing of its backup, that the city holds a document he
// also has. An HMAC would hide that, but needs one more secret that must survive
// every restore, to gain nothing: that the same bytes are kept once is settled by
// a unique index over the hash, beside the key.
//
// A file is on the disk, synced, before the row that names it is committed, and
// it is removed after the row has lost its key. So a crash leaves files without
// rows, which Sweep removes, and never a row without its file.
package blob

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

// DefaultLimit is the largest original that a store takes when its Deps name no
// other: 4 GiB.
const DefaultLimit = 4 << 30

// A Ref names an original. It is what a record keeps of it.
type Ref struct {
	SHA256 string // of the plain bytes, 64 lower-case hexadecimal digits
	Size   int64  // of the plain bytes
	Key    string // names the file and the row that holds its key
}

// Deps are what a Store needs.
type Deps struct {
	DB     *db.DB
	Clock  clock.Clock
	Folder string // made when the first original comes
	Limit  int64  // the largest original in bytes; 0 is DefaultLimit
}

// A Store keeps originals. It is safe for concurrent use.
type Store struct {
	db     *db.DB
	clock  clock.Clock
	folder string
	limit  int64
	making sync.Mutex
	made   bool // the folders are there
}

// New is the store in a folder.
func New(d Deps) *Store {
	if d.Limit == 0 {
		d.Limit = DefaultLimit
	}
	return &Store{db: d.DB, clock: d.Clock, folder: d.Folder, limit: d.Limit}
}

// Schema is the store's schema.
func Schema() []db.Migration {
	return []db.Migration{{Name: "blob", SQL: `CREATE TABLE blob_key (
	name TEXT PRIMARY KEY,
	sha256 TEXT NOT NULL,
	size BIGINT NOT NULL,
	identity TEXT NOT NULL,
	kept BIGINT NOT NULL,
	erased BIGINT NOT NULL,
	erased_by TEXT NOT NULL);
CREATE UNIQUE INDEX blob_key_sha256 ON blob_key (sha256) WHERE erased = 0;`}}
}

// Put keeps what r gives and returns when it is on the disk for good. The same
// bytes twice have one Ref. More bytes than the limit are TooLarge; an error of r
// is returned with its own code, and nothing is kept.
func (s *Store) Put(ctx context.Context, r io.Reader) (Ref, error) {
	received, err := s.Receive(ctx, r)
	if err != nil {
		return Ref{}, err
	}
	defer received.Drop()
	var ref Ref
	err = s.db.Write(ctx, func(tx *db.Tx) (err error) {
		ref, err = received.Keep(tx)
		return err
	})
	return ref, err
}

// A Received original is on the disk, but no row names it yet: Keep it in the
// bracket that stores what refers to it, which saves a commit, or Drop it.
type Received struct {
	SHA256 string
	Size   int64

	store    *Store
	name     string
	identity string
	settled  bool
}

// Receive writes what r gives to the disk and syncs it. The caller defers Drop,
// which does nothing after a Keep that has been committed.
func (s *Store) Receive(ctx context.Context, r io.Reader) (*Received, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, errs.New(errs.Internal, "make the key of an original: %w", err)
	}
	v := &Received{store: s, name: newName(), identity: identity.String()}
	if err := s.write(ctx, v, identity.Recipient(), r); err != nil {
		v.Drop()
		return nil, err
	}
	return v, nil
}

func newName() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails, or ends the program
	return hex.EncodeToString(b)
}

func (s *Store) path(name string) string { return filepath.Join(s.folder, name[:2], name) }

func (s *Store) write(ctx context.Context, v *Received, to age.Recipient, r io.Reader) (err error) {
	path := s.path(v.name)
	if err := s.makeFolders(); err != nil {
		return errs.New(errs.Unavailable, "make the folders for originals: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return errs.New(errs.Unavailable, "keep an original: %w", err)
	}
	defer func() { _ = file.Close() }()
	sealed, err := age.Encrypt(file, to)
	if err != nil {
		return errs.New(errs.Unavailable, "keep an original: %w", err)
	}
	sum := sha256.New()
	source := &reading{ctx: ctx, r: io.LimitReader(r, s.limit+1)}
	if v.Size, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(sum, sealed)}, source, make([]byte, 1<<16)); err != nil {
		if source.err != nil {
			return source.err
		}
		return errs.New(errs.Unavailable, "keep an original: %w", err)
	}
	if v.Size > s.limit {
		return errs.New(errs.TooLarge, "keep an original: it has more than %d bytes", s.limit)
	}
	v.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if err := errors.Join(sealed.Close(), file.Sync(), file.Close(), syncFolder(filepath.Dir(path))); err != nil {
		return errs.New(errs.Unavailable, "keep an original: %w", err)
	}
	return nil
}

// reading reads until ctx ends, and tells its own errors from the disk's.
type reading struct {
	ctx context.Context //nolint:containedctx // it lives no longer than the copy
	r   io.Reader
	err error
}

func (r *reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		r.err = errs.New(errs.Unavailable, "read an original: %w", err)
		return 0, r.err
	}
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// makeFolders makes all 256 folders at once: made one by one, each would cost
// the first original in it two syncs more, which a critical warning waits for.
func (s *Store) makeFolders() error {
	s.making.Lock()
	defer s.making.Unlock()
	if s.made {
		return nil
	}
	for i := range 256 {
		if err := os.MkdirAll(filepath.Join(s.folder, hex.EncodeToString([]byte{byte(i)})), 0o700); err != nil {
			return err
		}
	}
	if err := errors.Join(syncFolder(s.folder), syncFolder(filepath.Dir(s.folder))); err != nil {
		return err
	}
	s.made = true
	return nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Keep writes the row of the original in the caller's bracket. Bytes that are
// kept already give the Ref that they have, and the new file goes.
func (v *Received) Keep(tx *db.Tx) (Ref, error) {
	ref, err := v.store.Find(tx, v.SHA256)
	if err == nil {
		return ref, nil
	}
	if !errs.Is(err, errs.NotFound) {
		return Ref{}, err
	}
	_, err = tx.Exec(`INSERT INTO blob_key (name, sha256, size, identity, kept, erased, erased_by) VALUES ($1, $2, $3, $4, $5, 0, '')`,
		v.name, v.SHA256, v.Size, v.identity, db.Micros(v.store.clock.Now()))
	if err != nil {
		return Ref{}, err
	}
	tx.After(func() { v.settled = true })
	return Ref{SHA256: v.SHA256, Size: v.Size, Key: v.name}, nil
}

// Drop removes the file of an original that was not kept. What it cannot remove
// the next Sweep will.
func (v *Received) Drop() {
	if !v.settled {
		_ = os.Remove(v.store.path(v.name))
		v.settled = true
	}
}

// Find is the Ref of the original with this hash, NotFound when none is kept.
func (s *Store) Find(tx *db.Tx, sha string) (Ref, error) {
	var row struct {
		Name string `db:"name"`
		Size int64  `db:"size"`
	}
	err := tx.Get(&row, `SELECT name, size FROM blob_key WHERE sha256 = $1 AND erased = 0`, sha)
	return Ref{SHA256: sha, Size: row.Size, Key: row.Name}, err
}

type row struct {
	Name     string `db:"name"`
	SHA256   string `db:"sha256"`
	Size     int64  `db:"size"`
	Identity string `db:"identity"`
	Erased   int64  `db:"erased"`
	ErasedBy string `db:"erased_by"`
}

const columns = `name, sha256, size, identity, erased, erased_by`

// Open streams an original from its beginning. At its end the reader compares
// hash and size with ref and fails instead of giving io.EOF when they differ: a
// file and a row that were both exchanged do not pass. Errors are NotFound for a
// Ref that no row has, and Gone, with the order, for an erased original.
func (s *Store) Open(ctx context.Context, ref Ref) (io.ReadCloser, error) {
	w, err := s.row(ctx, ref)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(s.path(w.Name))
	if err != nil {
		return nil, errs.New(errs.Internal, "open original %s: %w", ref.Key, err)
	}
	identity, err := age.ParseX25519Identity(w.Identity)
	if err != nil {
		return nil, errors.Join(errs.New(errs.Internal, "open original %s: %w", ref.Key, err), file.Close())
	}
	plain, err := age.Decrypt(bufio.NewReaderSize(file, 1<<17), identity)
	if err != nil {
		return nil, errors.Join(errs.New(errs.Internal, "open original %s: %w", ref.Key, err), file.Close())
	}
	return &checked{r: plain, file: file, ref: ref, sum: sha256.New()}, nil
}

// OpenAt streams an original from a byte on, in time that does not grow with the
// offset: one evidence line out of a gigabyte is one read. Every 64 KiB that it
// passes on are authenticated by age, the whole is not hashed. An offset beyond
// the end is Invalid.
func (s *Store) OpenAt(ctx context.Context, ref Ref, offset int64) (io.ReadCloser, error) {
	file, err := s.Random(ctx, ref)
	if err != nil {
		return nil, err
	}
	if offset < 0 || offset > file.Size {
		return nil, errors.Join(errs.New(errs.Invalid, "open original %s at %d: it has %d bytes", ref.Key, offset, file.Size), file.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{bufio.NewReaderSize(io.NewSectionReader(file, offset, file.Size-offset), 1<<16), file}, nil
}

// A Random is an original open for reading at any place.
type Random struct {
	io.ReaderAt
	io.Closer

	Size int64
}

// Random opens an original for reading at any place, as archives need it. What
// is read is authenticated by age, the whole is not hashed.
func (s *Store) Random(ctx context.Context, ref Ref) (*Random, error) {
	w, err := s.row(ctx, ref)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(s.path(w.Name))
	if err != nil {
		return nil, errs.New(errs.Internal, "open original %s: %w", ref.Key, err)
	}
	plain, size, err := seekable(file, w.Identity)
	if err == nil && size != w.Size {
		err = errs.New(errs.Internal, "it has %d bytes, want %d", size, w.Size)
	}
	if err != nil {
		return nil, errors.Join(errs.New(errs.Internal, "open original %s: %w", ref.Key, err), file.Close())
	}
	return &Random{ReaderAt: plain, Closer: file, Size: size}, nil
}

func seekable(file *os.File, key string) (io.ReaderAt, int64, error) {
	identity, err := age.ParseX25519Identity(key)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	return age.DecryptReaderAt(file, info.Size(), identity)
}

// row is the row of a Ref, which must say the same of the original.
func (s *Store) row(ctx context.Context, ref Ref) (w row, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(&w, `SELECT `+columns+` FROM blob_key WHERE name = $1`, ref.Key)
	})
	switch {
	case err != nil:
		return w, err
	case w.Erased != 0:
		return w, errs.New(errs.Gone, "original %s: erased by order %s", ref.Key, w.ErasedBy)
	case w.SHA256 != ref.SHA256 || w.Size != ref.Size:
		return w, errs.New(errs.Internal, "original %s: its row is not of the document that refers to it", ref.Key)
	}
	return w, nil
}

type checked struct {
	r    io.Reader
	file *os.File
	ref  Ref
	sum  hash.Hash
	size int64
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	c.size += int64(n)
	switch {
	case err == nil:
		return n, nil
	case err != io.EOF:
		return n, errs.New(errs.Internal, "read original %s: %w", c.ref.Key, err)
	case c.size != c.ref.Size || hex.EncodeToString(c.sum.Sum(nil)) != c.ref.SHA256:
		return n, errs.New(errs.Internal, "read original %s: these are not the bytes that were kept", c.ref.Key)
	}
	return n, io.EOF
}

func (c *checked) Close() error { return c.file.Close() }

// Erase drops the key of an original by an order, in the caller's bracket; the
// verb that calls it writes the journal. The file goes after the commit. What
// the row says of the original otherwise stays, for `verify`. A second erasure
// is Gone.
//
// The key is overwritten with text of its own length, which SQLite does in
// place. PostgreSQL keeps the old row version until VACUUM, and a backup made
// before keeps what it has: the order must reach those too.
func (s *Store) Erase(tx *db.Tx, ref Ref, order string) error {
	if strings.TrimSpace(order) == "" {
		return errs.New(errs.Invalid, "erase original %s: the order has no number", ref.Key)
	}
	var w row
	if err := tx.Get(&w, `SELECT `+columns+` FROM blob_key WHERE name = $1`, ref.Key); err != nil {
		return err
	}
	if w.Erased != 0 {
		return errs.New(errs.Gone, "original %s: erased by order %s", ref.Key, w.ErasedBy)
	}
	if _, err := tx.Exec(`UPDATE blob_key SET identity = $1, erased = $2, erased_by = $3 WHERE name = $4`,
		strings.Repeat("0", len(w.Identity)), db.Micros(s.clock.Now()), order, w.Name); err != nil {
		return err
	}
	tx.After(func() { _ = os.Remove(s.path(w.Name)) })
	return nil
}

// A Verdict is what Verify found.
type Verdict struct {
	Kept     int      // originals whose bytes are as they were
	Erased   int      // originals that are gone by order
	Bytes    int64    // plain bytes read
	FirstBad string   // the first original that is wrong, "" when all is well
	Strays   []string // files that no row names, relative to the folder
}

// Verify reads every original and compares its bytes with its row, oldest
// first; it stops at the first that is wrong. It holds no bracket while it reads
// files, so an original that is erased meanwhile counts as erased.
func (s *Store) Verify(ctx context.Context) (v Verdict, err error) {
	var names []string
	if err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Select(&names, `SELECT name FROM blob_key ORDER BY kept, name`)
	}); err != nil {
		return v, err
	}
	for _, name := range names {
		bad, err := s.verify(ctx, name, &v)
		if err != nil {
			return v, err
		}
		if bad != "" {
			v.FirstBad = bad
			return v, nil
		}
	}
	v.Strays, err = s.strays(ctx)
	return v, err
}

func (s *Store) verify(ctx context.Context, name string, v *Verdict) (bad string, err error) {
	w, err := s.one(ctx, name)
	if err != nil {
		return "", err
	}
	if w.Erased != 0 {
		v.Erased++
		return "", nil
	}
	n, fault := s.read(ctx, w)
	if ctx.Err() != nil {
		return "", errs.New(errs.Unavailable, "verify originals: %w", ctx.Err())
	}
	v.Bytes += n
	if fault == nil {
		v.Kept++
		return "", nil
	}
	if w, err = s.one(ctx, name); err != nil {
		return "", err
	}
	if w.Erased != 0 { // while it was read
		v.Erased++
		return "", nil
	}
	return fault.Error(), nil
}

func (s *Store) one(ctx context.Context, name string) (w row, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(&w, `SELECT `+columns+` FROM blob_key WHERE name = $1`, name)
	})
	return w, err
}

func (s *Store) read(ctx context.Context, w row) (int64, error) {
	r, err := s.Open(ctx, Ref{SHA256: w.SHA256, Size: w.Size, Key: w.Name})
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, &reading{ctx: ctx, r: r})
	return n, errors.Join(err, r.Close())
}

// Names are the files of all kept originals, relative to the folder, for a
// backup that reads them after its snapshot of the database.
func (s *Store) Names(tx *db.Tx) ([]string, error) {
	var names []string
	if err := tx.Select(&names, `SELECT name FROM blob_key WHERE erased = 0 ORDER BY kept, name`); err != nil {
		return nil, err
	}
	for i, name := range names {
		names[i] = filepath.Join(name[:2], name)
	}
	return names, nil
}

// Folder is where the files lie.
func (s *Store) Folder() string { return s.folder }

// Sweep removes files that no kept original has and that have this age: what
// a crash left behind, and what an erasure could not remove. The age keeps it
// from files that are just being received; a start, when nobody receives, may
// sweep with 0. It returns how many went.
func (s *Store) Sweep(ctx context.Context, aged time.Duration) (int, error) {
	strays, err := s.strays(ctx)
	if err != nil {
		return 0, err
	}
	gone := 0
	for _, stray := range strays {
		path := filepath.Join(s.folder, stray)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && time.Since(info.ModTime()) < aged {
			continue
		}
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil {
			return gone, errs.New(errs.Unavailable, "sweep originals: %w", err)
		}
		gone++
	}
	return gone, nil
}

// strays are the files that no kept original has. The folder is read before the
// rows: a file whose row comes meanwhile is then found in them.
func (s *Store) strays(ctx context.Context) ([]string, error) {
	var found []string
	err := filepath.WalkDir(s.folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.Type().IsRegular() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		return nil, errs.New(errs.Unavailable, "read the folder of originals: %w", err)
	}
	kept := map[string]bool{}
	if err := s.db.Read(ctx, func(tx *db.Tx) error {
		names, err := s.Names(tx)
		for _, name := range names {
			kept[name] = true
		}
		return err
	}); err != nil {
		return nil, err
	}
	var strays []string
	for _, path := range found {
		name, err := filepath.Rel(s.folder, path)
		if err != nil {
			return nil, errs.New(errs.Internal, "sweep originals: %w", err)
		}
		if !kept[name] {
			strays = append(strays, name)
		}
	}
	return strays, nil
}

// Bytes keeps a byte slice.
func (s *Store) Bytes(ctx context.Context, b []byte) (Ref, error) {
	return s.Put(ctx, bytes.NewReader(b))
}
