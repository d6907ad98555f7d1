package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/base/blob"
	"tocsin/internal/base/clock"
	"tocsin/internal/base/db"
	"tocsin/internal/base/db/dbtest"
	"tocsin/internal/base/errs"
)

func store(t testing.TB, d *db.DB) *blob.Store {
	t.Helper()
	return blob.New(blob.Deps{
		DB: d, Clock: clock.Real{}, Folder: filepath.Join(t.TempDir(), "blobs"), Limit: 1 << 20,
	})
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}

func files(t testing.TB, s *blob.Store) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(s.Folder(), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return paths
}

func content(t testing.TB, r io.ReadCloser, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnOriginalComesBackByteForByteFromAnyPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(t, d)
		for _, size := range []int{0, 1, 65535, 65536, 65537, 300000} {
			want := noise(size)
			ref, err := s.Bytes(t.Context(), want)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Open(t.Context(), ref)
			if got := content(t, r, err); !bytes.Equal(got, want) || ref.Size != int64(size) {
				t.Fatalf("%d bytes came back as %d", size, len(got))
			}
			for _, at := range []int{0, 1, size / 2, size - 1, size} {
				if at < 0 || at > size {
					continue
				}
				r, err := s.OpenAt(t.Context(), ref, int64(at))
				if got := content(t, r, err); !bytes.Equal(got, want[at:]) {
					t.Fatalf("%d bytes from %d came back as %d", size, at, len(got))
				}
			}
			if _, err := s.OpenAt(t.Context(), ref, int64(size)+1); !errs.Is(err, errs.Invalid) {
				t.Fatalf("behind the end: %v", err)
			}
		}
		v, err := s.Verify(t.Context())
		if err != nil || v.FirstBad != "" || v.Kept != 6 || len(v.Strays) != 0 {
			t.Fatalf("%+v: %v", v, err)
		}
	}, blob.Schema()...)
}

func TestTheFolderTellsNothingOfTheContent(t *testing.T) {
	s := store(t, dbtest.SQLite(t, blob.Schema()...))
	text := []byte(strings.Repeat("203.0.113.9 talks to its master\n", 100))
	ref, err := s.Bytes(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	paths := files(t, s)
	if len(paths) != 1 {
		t.Fatalf("%d files", len(paths))
	}
	raw, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("203.0.113.9")) || strings.Contains(paths[0], ref.SHA256[:8]) {
		t.Fatal("the file or its name tells the content")
	}
	if info, _ := os.Stat(paths[0]); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestTheSameBytesAreKeptOnceHoweverManyBringThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(t, d)
		refs := make([]blob.Ref, 8)
		fails := make([]error, 8)
		var all sync.WaitGroup
		for i := range refs {
			all.Go(func() { refs[i], fails[i] = s.Bytes(t.Context(), noise(100000)) })
		}
		all.Wait()
		for i := range refs {
			if fails[i] != nil || refs[i] != refs[0] {
				t.Fatalf("%+v and %+v: %v", refs[i], refs[0], fails[i])
			}
		}
		if n := len(files(t, s)); n != 1 {
			t.Errorf("%d files for one original", n)
		}
	}, blob.Schema()...)
}

func TestWhatIsTooLargeOrBreaksOffLeavesNothing(t *testing.T) {
	s := store(t, dbtest.SQLite(t, blob.Schema()...))
	if _, err := s.Bytes(t.Context(), make([]byte, 1<<20)); err != nil {
		t.Fatalf("exactly the limit: %v", err)
	}
	if _, err := s.Bytes(t.Context(), make([]byte, 1<<20+1)); !errs.Is(err, errs.TooLarge) {
		t.Fatalf("one above the limit: %v", err)
	}
	broken := errs.New(errs.Conflict, "the line dropped")
	_, err := s.Put(t.Context(), io.MultiReader(bytes.NewReader(noise(1000)), failing{broken}))
	if !errs.Is(err, errs.Conflict) {
		t.Fatalf("a reader's own error comes back as %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, bytes.NewReader(noise(1000))); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("a caller who left: %v", err)
	}
	if n := len(files(t, s)); n != 1 {
		t.Errorf("%d files, want the one that was kept", n)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAnErasureDropsTheKeyAndLeavesTheRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(t, d)
		ref, err := s.Bytes(t.Context(), noise(5000))
		if err != nil {
			t.Fatal(err)
		}
		erase := func(order string) error {
			return d.Write(t.Context(), func(tx *db.Tx) error { return s.Erase(tx, ref, order) })
		}
		if err := erase(" "); !errs.Is(err, errs.Invalid) {
			t.Fatalf("an order without a number: %v", err)
		}
		if err := erase("12/QĐ-TA"); err != nil {
			t.Fatal(err)
		}
		if err := erase("13/QĐ-TA"); !errs.Is(err, errs.Gone) {
			t.Fatalf("twice: %v", err)
		}
		_, err = s.Open(t.Context(), ref)
		if !errs.Is(err, errs.Gone) || !strings.Contains(err.Error(), "12/QĐ-TA") {
			t.Fatalf("open: %v", err)
		}
		if n := len(files(t, s)); n != 0 {
			t.Errorf("%d files", n)
		}
		var left string
		if err := d.Read(t.Context(), func(tx *db.Tx) error { return tx.Get(&left, `SELECT identity FROM blob_key`) }); err != nil {
			t.Fatal(err)
		}
		if strings.Trim(left, "0") != "" {
			t.Errorf("the key is still there: %d characters", len(left))
		}
		v, err := s.Verify(t.Context())
		if err != nil || v.FirstBad != "" || v.Erased != 1 || v.Kept != 0 {
			t.Fatalf("%+v: %v", v, err)
		}
		again, err := s.Bytes(t.Context(), noise(5000))
		if err != nil || again.Key == ref.Key {
			t.Fatalf("the same bytes again are a new original: %+v: %v", again, err)
		}
	}, blob.Schema()...)
}

func TestVerifyFindsEveryWayToSpoilAnOriginal(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, d *db.DB, path string){
		"a byte flipped": func(t *testing.T, _ *db.DB, path string) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)-3] ^= 1
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a tail cut at a chunk": func(t *testing.T, _ *db.DB, path string) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			const lastChunk = 200000 - 3*65536 + 16
			if err := os.Truncate(path, info.Size()-lastChunk); err != nil {
				t.Fatal(err)
			}
		},
		"a file removed": func(t *testing.T, _ *db.DB, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"a hash changed": func(t *testing.T, d *db.DB, _ string) {
			if err := d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE blob_key SET sha256 = $1`, strings.Repeat("ab", 32))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := dbtest.SQLite(t, blob.Schema()...)
			s := store(t, d)
			ref, err := s.Bytes(t.Context(), noise(200000))
			if err != nil {
				t.Fatal(err)
			}
			spoil(t, d, files(t, s)[0])
			v, err := s.Verify(t.Context())
			if err != nil || !strings.Contains(v.FirstBad, ref.Key) {
				t.Fatalf("%+v: %v", v, err)
			}
			r, err := s.Open(t.Context(), ref)
			if err == nil {
				_, err = io.ReadAll(r)
				_ = r.Close()
			}
			if !errs.Is(err, errs.Internal) {
				t.Errorf("a reader is given it: %v", err)
			}
		})
	}
}

func TestWhatACrashLeftIsSweptAndWhatIsKeptStays(t *testing.T) {
	d := dbtest.SQLite(t, blob.Schema()...)
	s := store(t, d)
	if n, err := s.Sweep(t.Context(), 0); n != 0 || err != nil {
		t.Fatalf("a store without a folder: %d, %v", n, err)
	}
	ref, err := s.Bytes(t.Context(), noise(100))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Receive(t.Context(), strings.NewReader("its bracket never came")); err != nil {
		t.Fatal(err)
	}
	rolled := errors.New("rolled back")
	received, err := s.Receive(t.Context(), strings.NewReader("its bracket failed"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := received.Keep(tx)
		return errors.Join(err, rolled)
	}); !errors.Is(err, rolled) {
		t.Fatal(err)
	}
	v, err := s.Verify(t.Context())
	if err != nil || v.FirstBad != "" || len(v.Strays) != 2 {
		t.Fatalf("%+v: %v", v, err)
	}
	if n, err := s.Sweep(t.Context(), time.Hour); n != 0 || err != nil {
		t.Fatalf("fresh files: %d, %v", n, err)
	}
	received.Drop()
	if n, err := s.Sweep(t.Context(), 0); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	r, err := s.Open(t.Context(), ref)
	if got := content(t, r, err); !bytes.Equal(got, noise(100)) {
		t.Error("the kept original is spoilt")
	}
}

func TestARefThatIsNotTheRowsIsRefused(t *testing.T) {
	s := store(t, dbtest.SQLite(t, blob.Schema()...))
	ref, err := s.Bytes(t.Context(), noise(10))
	if err != nil {
		t.Fatal(err)
	}
	other := ref
	other.SHA256 = strings.Repeat("00", 32)
	if _, err := s.Open(t.Context(), other); !errs.Is(err, errs.Internal) {
		t.Errorf("another hash: %v", err)
	}
	for _, key := range []string{"", "x", "../../etc/passwd"} {
		other := ref
		other.Key = key
		if _, err := s.Open(t.Context(), other); !errs.Is(err, errs.NotFound) {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{10 << 10, 64 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s := blob.New(blob.Deps{DB: dbtest.SQLite(b, blob.Schema()...), Clock: clock.Real{}, Folder: filepath.Join(b.TempDir(), "blobs")})
			data := noise(size)
			b.SetBytes(int64(size))
			for i := 0; b.Loop(); i++ {
				data[0], data[1], data[2] = byte(i), byte(i>>8), byte(i>>16)
				if _, err := s.Bytes(b.Context(), data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	s := blob.New(blob.Deps{DB: dbtest.SQLite(b, blob.Schema()...), Clock: clock.Real{}, Folder: filepath.Join(b.TempDir(), "blobs")})
	ref, err := s.Bytes(b.Context(), noise(64<<20))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("whole", func(b *testing.B) {
		b.SetBytes(ref.Size)
		for b.Loop() {
			r, err := s.Open(b.Context(), ref)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				b.Fatal(err)
			}
			_ = r.Close()
		}
	})
	b.Run("line", func(b *testing.B) {
		line := make([]byte, 200)
		for b.Loop() {
			r, err := s.OpenAt(b.Context(), ref, 50<<20)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(r, line); err != nil {
				b.Fatal(err)
			}
			_ = r.Close()
		}
	})
}
