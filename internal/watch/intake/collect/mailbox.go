package collect

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tocsin/internal/base/errs"
)

// mailCursor is the place in a mailbox (RFC 9051 §2.3.1.1): UIDs only grow while
// UIDVALIDITY stays.
type mailCursor struct {
	Validity uint32 `json:"uidvalidity"`
	UID      uint32 `json:"uid"`
}

const mailsALook = 500

// mailbox takes every message above the last UID. Nothing is deleted; what was
// taken is marked as seen, for the people who look into the mailbox.
func (l *look) mailbox(ctx context.Context) error {
	client, err := l.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	wrong := func(what string, err error) error {
		return errs.New(errs.Unavailable, "collect %s: %s: %w", l.source.Name, what, err)
	}
	if err := client.Login(l.address.user, l.secret).Wait(); err != nil {
		return errs.New(errs.Denied, "collect %s: sign in as %s: %w", l.source.Name, l.address.user, err)
	}
	box, err := client.Select(l.address.mailbox, nil).Wait()
	if err != nil {
		return wrong("open the mailbox "+l.address.mailbox, err)
	}
	var cursor mailCursor
	l.cursor(&cursor)
	if cursor.Validity != box.UIDValidity {
		// The server has numbered anew: everything is looked at, and what intake has
		// already is told by its sum.
		cursor = mailCursor{Validity: box.UIDValidity}
	}
	uids, err := newer(client, imap.UID(cursor.UID))
	if err != nil {
		return wrong("list the messages", err)
	}
	for i, uid := range uids {
		if i == mailsALook {
			l.soon = true
			break
		}
		if err := l.message(ctx, client, uid, cursor.Validity); err != nil {
			l.move(cursor)
			return err
		}
		cursor.UID = uint32(uid)
		if err := l.progress(ctx, cursor); err != nil {
			return err
		}
		seen := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}
		if err := client.Store(imap.UIDSetNum(uid), seen, nil).Close(); err != nil {
			l.room.Log.Info("a message was taken but cannot be marked as seen", "source", l.source.Name, "uid", uid, "error", err)
		}
	}
	l.move(cursor)
	_ = client.Logout().Wait() // the line is closed in any case
	return nil
}

// connect opens a line behind the guard.
func (l *look) connect(ctx context.Context) (*imapclient.Client, error) {
	wrong := func(err error) error {
		code := errs.CodeOf(err)
		if code == errs.Internal {
			code = errs.Unavailable
		}
		return errs.New(code, "collect %s: reach %s: %w", l.source.Name, l.address.host, err)
	}
	line, err := l.room.Guard.DialContext(ctx, "tcp", l.address.host)
	if err != nil {
		return nil, wrong(err)
	}
	// A look ends within its time whatever the other side does or leaves undone.
	context.AfterFunc(ctx, func() { _ = line.Close() })
	host, _, err := net.SplitHostPort(l.address.host)
	if err != nil {
		_ = line.Close()
		return nil, wrong(err)
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: l.room.Roots, NextProtos: []string{"imap"}}
	if !l.address.secure {
		return l.unsecured(line, config, wrong)
	}
	secured := tls.Client(line, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = line.Close()
		return nil, wrong(err)
	}
	return imapclient.New(secured, nil), nil
}

// unsecured takes STARTTLS where the server has it. A line that is to be loopback
// may do without; any other is refused.
func (l *look) unsecured(line net.Conn, config *tls.Config, wrong func(error) error) (*imapclient.Client, error) {
	if tcp, ok := line.RemoteAddr().(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return imapclient.New(line, nil), nil
	}
	client, err := imapclient.NewStartTLS(line, &imapclient.Options{TLSConfig: config})
	if err != nil {
		_ = line.Close()
		return nil, wrong(err)
	}
	return client, nil
}

// newer are the UIDs above one, in order. A range that begins beyond the last
// message means the last message, so each is looked at.
func newer(client *imapclient.Client, above imap.UID) ([]imap.UID, error) {
	var set imap.UIDSet
	set.AddRange(above+1, 0)
	found, err := client.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{set}}, nil).Wait()
	if err != nil {
		return nil, err
	}
	var out []imap.UID
	for _, uid := range found.AllUIDs() {
		if uid > above {
			out = append(out, uid)
		}
	}
	return out, nil
}

// message streams one message in. One that is gone meanwhile is nothing.
func (l *look) message(ctx context.Context, client *imapclient.Client, uid imap.UID, validity uint32) error {
	command := client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	var failed error
	for data := command.Next(); data != nil; data = command.Next() {
		for item := data.Next(); item != nil; item = data.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil || failed != nil {
				continue
			}
			_, failed = l.receive(ctx, fmt.Sprintf("%d-%d.eml", validity, uid), body.Literal)
		}
	}
	if err := command.Close(); err != nil && failed == nil {
		failed = errs.New(errs.Unavailable, "collect %s: fetch message %d: %w", l.source.Name, uid, err)
	}
	return failed
}
