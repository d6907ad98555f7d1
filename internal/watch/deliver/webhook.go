package deliver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/watch/warning"
)

// A Hook is an address that is told by machine what happens to an organisation's
// warnings, or to all.
type Hook struct {
	ID           int64            `json:"id"`
	Organisation int64            `json:"organisation"` // 0 is all
	URL          string           `json:"url"`
	Relation     warning.Relation `json:"relation"` // what the markings count its owner as
	Active       bool             `json:"active"`
	Secret       string           `json:"secret,omitempty"` // shown once, when it is made
	CreatedAt    *time.Time       `json:"created_at"`
	CreatedBy    string           `json:"created_by"`
}

const webhookColumns = `id, organisation, url, secret, relation, active, created, created_by`

type webhookRow struct {
	ID           int64  `db:"id"`
	Organisation int64  `db:"organisation"`
	URL          string `db:"url"`
	Secret       string `db:"secret"`
	Relation     string `db:"relation"`
	Active       int64  `db:"active"`
	Created      int64  `db:"created"`
	CreatedBy    string `db:"created_by"`
}

func (h webhookRow) hook() Hook {
	return Hook{
		ID: h.ID, Organisation: h.Organisation, URL: h.URL, Relation: warning.Relation(h.Relation), Active: h.Active == 1,
		CreatedAt: instant(db.Time(h.Created)), CreatedBy: h.CreatedBy,
	}
}

// relation is what the webhook's owner is to an organisation, as the markings
// see it: one that is the organisation's own is concerned, and of the others
// nobody is more than the body above, whatever they are called.
func (h webhookRow) relation(organisation int64) warning.Relation {
	switch {
	case h.Organisation == organisation:
		return warning.Concerned
	case h.Relation == string(warning.Above):
		return warning.Above
	}
	return warning.Community
}

// record leaves the secret out: the journal is read by many.
func (h webhookRow) record() journal.Record {
	secret := sha256.Sum256([]byte(h.Secret))
	return journal.Record{Kind: "webhook", ID: strconv.FormatInt(h.ID, 10), Hash: journal.Hash(struct {
		Organisation          int64
		URL, Secret, Relation string
		Active                int64
	}{h.Organisation, h.URL, hex.EncodeToString(secret[:]), h.Relation, h.Active})}
}

// AuditHooks reads every webhook for verify.
func AuditHooks() journal.Audit {
	return journal.Audit{Kind: "webhook", Scan: func(tx *db.Tx, yield func(id, hash string) error) error {
		var rows []webhookRow
		if err := tx.Select(&rows, `SELECT `+webhookColumns+` FROM webhook ORDER BY id`); err != nil {
			return err
		}
		for _, h := range rows {
			record := h.record()
			if err := yield(record.ID, record.Hash); err != nil {
				return err
			}
		}
		return nil
	}}
}

// Hooks are the webhooks, oldest first, without their secrets.
func (r *Room) Hooks(ctx context.Context, a auth.Actor) ([]Hook, error) {
	if err := auth.May(a, auth.WebhookEdit); err != nil {
		return nil, err
	}
	hooks := []Hook{}
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []webhookRow
		err := tx.Select(&rows, `SELECT `+webhookColumns+` FROM webhook ORDER BY id`)
		for _, h := range rows {
			hooks = append(hooks, h.hook())
		}
		return err
	})
	return hooks, err
}

// AddHook adds a webhook and returns it with its secret, which is shown this once.
// Plain http is for loopback alone. Errors are Denied and Invalid.
func (r *Room) AddHook(ctx context.Context, a auth.Actor, h Hook) (Hook, error) {
	if err := auth.May(a, auth.WebhookEdit); err != nil {
		return h, err
	}
	bad := func(field, reason string) error {
		return errs.At(errs.Invalid, []errs.Place{{Field: field, Reason: reason}}, "add a webhook")
	}
	u, err := url.Parse(h.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return h, bad("url", "want https://HOST/PATH")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return h, bad("url", "plain http is for loopback only")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		if err := r.reachable(ip); err != nil {
			return h, bad("url", err.Error())
		}
	}
	switch h.Relation {
	case "":
		h.Relation = warning.Community
		if h.Organisation != 0 {
			h.Relation = warning.Concerned
		}
	case warning.Concerned, warning.Above, warning.Client, warning.Community:
	case warning.Named, warning.Centre:
		return h, bad("relation", "want concerned, above, client or community")
	default:
		return h, bad("relation", "want concerned, above, client or community")
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails, or ends the program
	row := webhookRow{
		Organisation: h.Organisation, URL: h.URL, Secret: secretPrefix + base64.StdEncoding.EncodeToString(key), Relation: string(h.Relation),
		Active: 1, Created: db.Micros(r.Clock.Now()), CreatedBy: a.Name(),
	}
	err = r.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if row.ID, err = tx.NextID("webhook", 1); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO webhook (`+webhookColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			row.ID, row.Organisation, row.URL, row.Secret, row.Relation, row.Active, row.Created, row.CreatedBy)
		if err != nil {
			return err
		}
		return r.noteHook(tx, a, row, "added")
	})
	h = row.hook()
	h.Secret = row.Secret
	return h, err
}

// DropHook stops a webhook; its deliveries stay in the ledger.
func (r *Room) DropHook(ctx context.Context, a auth.Actor, id int64) error {
	if err := auth.May(a, auth.WebhookEdit); err != nil {
		return err
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		var row webhookRow
		if err := tx.Get(&row, `SELECT `+webhookColumns+` FROM webhook WHERE id = $1`, id); err != nil {
			if errs.Is(err, errs.NotFound) {
				return errs.New(errs.NotFound, "webhook %d: no such webhook", id)
			}
			return err
		}
		row.Active = 0
		if _, err := tx.Exec(`UPDATE webhook SET active = 0 WHERE id = $1`, id); err != nil {
			return err
		}
		return r.noteHook(tx, a, row, "stopped")
	})
}

func (r *Room) noteHook(tx *db.Tx, a auth.Actor, row webhookRow, how string) error {
	_, err := r.Journal.Append(tx, journal.Draft{
		Actor: a.Name(), Organisation: row.Organisation, Subject: "webhook:" + strconv.FormatInt(row.ID, 10), Verb: VerbWebhook,
		Body: map[string]any{"how": how, "webhook": row.hook()}, Records: []journal.Record{row.record()},
	})
	return err
}

const secretPrefix = "whsec_"

// Sign is the signature of a webhook message (Standard Webhooks 1.0.0, "Signature
// scheme"): v1, and the base64 of HMAC-SHA256 over id.timestamp.body with the
// secret's bytes.
func Sign(secret, id string, at time.Time, body []byte) (string, error) {
	if len(secret) <= len(secretPrefix) || secret[:len(secretPrefix)] != secretPrefix {
		return "", errs.New(errs.Invalid, "sign a webhook: the secret does not begin with %s", secretPrefix)
	}
	key, err := base64.StdEncoding.DecodeString(secret[len(secretPrefix):])
	if err != nil {
		return "", errs.New(errs.Invalid, "sign a webhook: the secret is not base64: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// hook sends a webhook: POST with the headers webhook-id, webhook-timestamp and
// webhook-signature. 2xx is taken; 410 says that nobody wants it any more; other
// answers are tried again.
func (r *Room) hook(ctx context.Context, d *Delivery) (Outcome, string) {
	body, secret, err := r.hookBody(ctx, d)
	if err != nil {
		if errs.Is(err, errs.Gone) {
			return over(err), ""
		}
		return Judge(PhaseForm, err, ""), ""
	}
	sum := sha256.Sum256(body)
	// The timestamp is the machine's: the receiver compares it with its own clock.
	at := time.Now() //nolint:forbidigo // see above
	id := "msg_" + d.ID.String()
	signature, err := Sign(secret, id, at, body)
	if err != nil {
		return Outcome{State: Failed, Reply: clip(err.Error())}, ""
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Recipient, bytes.NewReader(body))
	if err != nil {
		return Outcome{State: Failed, Reply: clip(err.Error())}, ""
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Tocsin")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("webhook-signature", signature)
	client := r.guarded()
	defer client.CloseIdleConnections()
	answer, err := client.Do(req)
	hash := hex.EncodeToString(sum[:])
	if err != nil {
		return Outcome{State: Deferred, Reply: clip(err.Error())}, hash
	}
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 500)) // what the other side says is a courtesy
	reply := clip(answer.Status + " " + string(text))
	switch {
	case answer.StatusCode/100 == 2:
		return Outcome{State: HandedOver, Reply: reply}, hash
	case answer.StatusCode == http.StatusGone:
		return Outcome{State: Bounced, Reply: reply}, hash
	}
	return Outcome{State: Deferred, Reply: reply}, hash
}

// hookBody is the message of a webhook: {"type","timestamp","data"} with the
// warning in CONTRACT's keys.
func (r *Room) hookBody(ctx context.Context, d *Delivery) ([]byte, string, error) {
	var row webhookRow
	err := r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []webhookRow
		err := tx.Select(&rows, `SELECT `+webhookColumns+` FROM webhook WHERE url = $1 AND active = 1 AND organisation IN (0, $2) ORDER BY id LIMIT 1`, d.Recipient, d.Organisation)
		if err == nil && len(rows) == 0 {
			return errs.New(errs.Gone, "withdrawn: the webhook was stopped")
		}
		if err != nil {
			return err
		}
		row = rows[0]
		w, err := r.Warnings.In(tx, d.Warning)
		if err != nil {
			return err
		}
		asked := *d
		asked.Relation = row.relation(w.Organisation)
		_, err = sift(&w, &asked)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	view, err := r.Warnings.Get(ctx, auth.Stage("hook"), d.Warning, d.Language)
	if err != nil {
		return nil, "", err
	}
	body, err := json.Marshal(struct {
		Type      string       `json:"type"`
		Timestamp time.Time    `json:"timestamp"`
		Data      warning.View `json:"data"`
	}{d.Verb, d.Created, view})
	return body, row.Secret, err
}
