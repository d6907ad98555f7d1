package collect

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/errs"
)

// folderCursor is what the last look saw.
type folderCursor struct {
	Seen map[string]seenFile `json:"seen"`
}

type seenFile struct {
	Size     int64 `json:"size"`
	Modified int64 `json:"modified"` // nanoseconds
}

const (
	filesALook = 1000
	// The folders that files are moved to: those that were taken, and those that no
	// document can hold.
	doneFolder    = "done"
	refusedFolder = "refused"
)

// folder takes every file that has not changed since the last look, and moves it
// to done/. It is moved after intake has it: what a crash leaves is brought in
// again and told by its sum.
func (l *look) folder(ctx context.Context) error {
	root, err := l.open()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	// Whether files can be moved is known before one is taken: else each look
	// would bring it in again.
	for _, name := range []string{doneFolder, refusedFolder} {
		if err := root.Mkdir(name, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
			return errs.New(errs.Unavailable, "collect %s: make the folder %s: %w", l.source.Name, name, err)
		}
	}
	list, err := l.files(root)
	if err != nil {
		return err
	}
	var had folderCursor
	l.cursor(&had)
	now := folderCursor{Seen: map[string]seenFile{}}
	taken := 0
	for _, f := range list {
		seen := seenFile{f.Size(), f.ModTime().UnixNano()}
		if had.Seen[f.Name()] != seen || taken == filesALook {
			now.Seen[f.Name()] = seen
			l.soon = l.soon || taken == filesALook
			continue
		}
		taken++
		again, err := l.file(ctx, root, f)
		if err != nil {
			now.Seen[f.Name()] = seen
			l.move(now)
			return err
		}
		if again != nil {
			now.Seen[f.Name()] = *again
		}
	}
	l.move(now)
	return nil
}

// open opens the folder if it lies in one of those that the operator listed,
// links followed.
func (l *look) open() (*os.Root, error) {
	real, err := filepath.EvalSymlinks(l.address.folder)
	if err != nil {
		return nil, errs.New(errs.NotFound, "collect %s: the folder is not there: %w", l.source.Name, err)
	}
	for _, allowed := range l.room.Folders {
		if allowed, err = filepath.EvalSymlinks(allowed); err != nil {
			continue
		}
		if inner, err := filepath.Rel(allowed, real); err == nil && filepath.IsLocal(inner) {
			root, err := os.OpenRoot(real)
			if err != nil {
				return nil, errs.New(errs.Unavailable, "collect %s: open the folder: %w", l.source.Name, err)
			}
			return root, nil
		}
	}
	return nil, errs.New(errs.Denied, "collect %s: %s is not in a folder that may be watched", l.source.Name, l.address.folder)
}

// files are the regular files of a folder, oldest first. What is hidden or named
// as half written is not there yet.
func (l *look) files(root *os.Root) ([]fs.FileInfo, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, errs.New(errs.Unavailable, "collect %s: read the folder: %w", l.source.Name, err)
	}
	var list []fs.FileInfo
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || slices.Contains([]string{".part", ".tmp", ".filepart", ".crdownload"}, strings.ToLower(filepath.Ext(name))) {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // it is gone again, or a folder, or a link
		}
		list = append(list, info)
	}
	slices.SortFunc(list, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	return list, nil
}

// file takes one. again is its new size where it grew meanwhile: it stays then.
func (l *look) file(ctx context.Context, root *os.Root, f fs.FileInfo) (again *seenFile, err error) {
	in, err := root.Open(f.Name())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // somebody took it away
	}
	if err != nil {
		return nil, errs.New(errs.Unavailable, "collect %s: open %s: %w", l.source.Name, f.Name(), err)
	}
	defer func() { _ = in.Close() }()
	left, err := l.receive(ctx, f.Name(), in)
	if err != nil {
		return nil, err
	}
	if now, err := root.Lstat(f.Name()); err == nil && (now.Size() != f.Size() || !now.ModTime().Equal(f.ModTime())) {
		return &seenFile{now.Size(), now.ModTime().UnixNano()}, nil
	}
	to := doneFolder
	if left {
		to = refusedFolder
	}
	name := filepath.Join(to, f.Name())
	if _, err := root.Lstat(name); err == nil {
		name = filepath.Join(to, time.Now().UTC().Format("20060102T150405.000000000-")+f.Name()) //nolint:forbidigo // it keeps names apart, it tells no time
	}
	if err := root.Rename(f.Name(), name); err != nil {
		return nil, errs.New(errs.Unavailable, "collect %s: move %s to %s: %w", l.source.Name, f.Name(), to, err)
	}
	return nil, nil //nolint:nilnil // it is done with
}
