package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A server is one `tocsin serve` process over a data folder, which may be
// started, stopped and killed again and again.
type server struct {
	folder string // its data folder
	db     string // --db; "" is the folder's own SQLite file
	clock  string // --clock; "" is the real one
	smtp   string // --smtp; "" keeps mail in the outbox
	flags  []string
	env    []string // of the process, nil is this one's

	process *exec.Cmd
	log     *lockedBuffer
	ended   chan struct{} // closed when the process is over
	err     error         // how it ended, once ended is closed
	url     string
	token   string // of the first admin
	client  http.Client
}

// lockedBuffer takes what a process says while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start starts the process and waits until it answers /healthz with 200.
func (s *server) start() error {
	if err := s.launch(); err != nil {
		return err
	}
	if err := s.await(); err != nil {
		s.kill()
		return fmt.Errorf("%w\n%s", err, s.log)
	}
	return nil
}

// launch starts the process and does not wait.
func (s *server) launch() error {
	args := []string{"serve", "--data", s.folder, "--listen", "127.0.0.1:0"}
	for flag, value := range map[string]string{"--db": s.db, "--clock": s.clock, "--smtp": s.smtp} {
		if value != "" {
			args = append(args, flag, value)
		}
	}
	// What an earlier process of the folder wrote is not this one's.
	if err := os.Remove(filepath.Join(s.folder, "url")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	s.process = exec.Command("tocsin", append(args, s.flags...)...)
	s.process.Env = s.env
	if s.log == nil {
		s.log = &lockedBuffer{}
	}
	s.process.Stdout, s.process.Stderr = s.log, s.log
	if err := s.process.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(process *exec.Cmd, ended chan struct{}) {
		s.err = process.Wait()
		close(ended)
	}(s.process, s.ended)
	return nil
}

func (s *server) await() error {
	limit := time.Now().Add(60 * time.Second)
	for time.Now().Before(limit) {
		select {
		case <-s.ended:
			return fmt.Errorf("serve ended: %w", s.err)
		case <-time.After(10 * time.Millisecond):
		}
		address, err := os.ReadFile(filepath.Join(s.folder, "url"))
		if err != nil {
			continue
		}
		s.url = strings.TrimSpace(string(address))
		answer, err := s.client.Get(s.url + "/healthz")
		if err != nil {
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			continue
		}
		token, err := os.ReadFile(filepath.Join(s.folder, "admin.token"))
		if err != nil {
			return err
		}
		s.token = strings.TrimSpace(string(token))
		return nil
	}
	return errors.New("serve is not ready after a minute")
}

// stop asks the process to end and says how it did; more than ten seconds is an
// error (CONTRACT, Process).
func (s *server) stop() error {
	if s.process == nil {
		return nil
	}
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.ended:
		s.process = nil
		return s.err
	case <-time.After(10 * time.Second):
		s.kill()
		return errors.New("serve did not stop within ten seconds of SIGTERM")
	}
}

// kill ends the process as a power cut would.
func (s *server) kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	<-s.ended
	s.process = nil
}

// An answer is what came back over HTTP.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request. path may be a whole address. token "" is nobody.
func (s *server) ask(ctx context.Context, token, method, path string, body []byte, header ...string) (answer, error) {
	if strings.HasPrefix(path, "/") {
		path = s.url + path
	}
	r, err := http.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := s.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header, text}, err
}

// call asks the API as the first admin, body as JSON, and reads the answer into
// to where that is not nil.
func (s *server) call(ctx context.Context, method, path string, body, to any) error {
	var text []byte
	var header []string
	switch b := body.(type) {
	case nil:
	case []byte:
		text = b
	default:
		var err error
		if text, err = json.Marshal(b); err != nil {
			return err
		}
		header = []string{"Content-Type", "application/json"}
	}
	got, err := s.ask(ctx, s.token, method, "/api/v1"+path, text, header...)
	if err != nil {
		return err
	}
	if got.status/100 != 2 {
		return fmt.Errorf("%s %s: %d: %s", method, path, got.status, got.body)
	}
	if to == nil {
		return nil
	}
	return json.Unmarshal(got.body, to)
}

// list is every item of a list.
func list[T any](ctx context.Context, s *server, path string) ([]T, error) {
	var all []T
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	for cursor := ""; ; {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := s.call(ctx, "GET", path+join+"limit=1000&cursor="+cursor, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		cursor = page.Next
	}
}

// A result is what a command said, and its exit code.
type result struct {
	out, err string
	code     int
}

// run runs a command as a client of the server.
func (s *server) run(ctx context.Context, args ...string) (result, error) {
	return s.as(ctx, s.token, args...)
}

// as runs a command with another token.
func (s *server) as(ctx context.Context, token string, args ...string) (result, error) {
	c := exec.CommandContext(ctx, "tocsin", args...)
	c.Env = append(os.Environ(), "TOCSIN_URL="+s.url, "TOCSIN_TOKEN="+token)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	err := c.Run()
	r := result{out: out.String(), err: said.String(), code: c.ProcessState.ExitCode()}
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		err = nil
	}
	return r, err
}
