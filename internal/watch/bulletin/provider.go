package bulletin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
)

// The places of what is public (CSAF 2.0 §7.1). The folder has the name of the
// marking in TLP 1, which CSAF 2.0 has.
const (
	whitePath    = "/csaf/white/"
	feedName     = "csaf-feed-tlp-white.json"
	ProviderPath = "/.well-known/csaf/provider-metadata.json"
	SecurityPath = "/.well-known/security.txt"
	AtomPath     = "/advisories.atom"
)

// A File is something that stands for everybody.
type File struct {
	Type     string // media type
	Body     []byte
	Modified time.Time
}

// A standing bulletin is for everybody, with its document.
type standing struct {
	Bulletin
	issue   Issue // that is out
	updated time.Time
	body    []byte
}

// public are the bulletins that stand for everybody, those that changed last
// first. A withdrawn one is among them with its note and without its text.
func (r *Room) public(ctx context.Context) (out []standing, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		var rows []stored
		if err := tx.Select(&rows, `SELECT `+columns+` FROM bulletin WHERE open_to_all = 1 AND standing > 0 ORDER BY id`); err != nil {
			return err
		}
		for _, s := range rows {
			b, err := s.bulletin()
			if err != nil {
				return err
			}
			all, err := issues(tx, b.ID)
			if err != nil {
				return err
			}
			last := all[len(all)-1]
			// It is asked again of what goes out: a column alone shall not let a text out.
			if last.Content.TLP != tlp.Clear || !last.Content.Audience.Public {
				continue
			}
			one := standing{Bulletin: b, issue: last, updated: last.At, body: r.csaf(&b, all)}
			if b.State == Withdrawn {
				one.updated, one.issue.Content = b.Withdrawn, last.Content.withdrawn()
			}
			out = append(out, one)
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b standing) int {
		return cmp.Or(b.updated.Compare(a.updated), cmp.Compare(b.ID, a.ID))
	})
	return out, err
}

// Provide is a file of the public places by its path. What stands nowhere is
// NotFound; nobody needs to sign in for what stands.
func (r *Room) Provide(ctx context.Context, path, lang string) (File, error) {
	all, err := r.public(ctx)
	if err != nil {
		return File{}, err
	}
	f := File{Type: "application/json"}
	if len(all) > 0 {
		f.Modified = all[0].updated
	}
	name, folder := strings.CutPrefix(path, whitePath)
	switch {
	case path == ProviderPath:
		f.Body = r.provider(f.Modified)
	case path == SecurityPath:
		f.Type, f.Body, f.Modified = "text/plain; charset=utf-8", r.securityText(), time.Time{}
	case path == AtomPath:
		f.Type = "application/atom+xml; charset=utf-8"
		f.Body, err = r.atom(all, lang)
	case folder && name == feedName:
		f.Body = r.rolie(all)
	case folder && name == "index.txt":
		f.Type = "text/plain; charset=utf-8"
		var list []string
		for _, one := range all {
			list = append(list, pathOf(&one.Bulletin))
		}
		slices.Sort(list)
		for _, l := range list {
			f.Body = append(f.Body, l+"\n"...)
		}
	case folder && name == "changes.csv":
		f.Type = "text/csv; charset=utf-8"
		f.Body, err = changes(all)
	case folder:
		return r.document(all, name)
	default:
		return File{}, errs.New(errs.NotFound, "%s: nothing stands there", path)
	}
	return f, err
}

// document is a bulletin's document, or a hash of it.
func (r *Room) document(all []standing, name string) (File, error) {
	plain, sum := name, ""
	for _, suffix := range []string{".sha256", ".sha512"} {
		if cut, ok := strings.CutSuffix(name, suffix); ok {
			plain, sum = cut, suffix
		}
	}
	for _, one := range all {
		path := pathOf(&one.Bulletin)
		if !strings.EqualFold(path, plain) {
			continue
		}
		f := File{Type: "application/json", Body: one.body, Modified: one.updated}
		_, file, _ := strings.Cut(path, "/")
		switch sum {
		case ".sha256":
			digest := sha256.Sum256(one.body)
			f.Type, f.Body = "text/plain; charset=utf-8", []byte(hex.EncodeToString(digest[:])+"  "+file+"\n")
		case ".sha512":
			digest := sha512.Sum512(one.body)
			f.Type, f.Body = "text/plain; charset=utf-8", []byte(hex.EncodeToString(digest[:])+"  "+file+"\n")
		}
		return f, nil
	}
	return File{}, errs.New(errs.NotFound, "%s: nothing stands there", name)
}

func marshal(v any) []byte {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic("bulletin: a file is JSON: " + err.Error())
	}
	return append(body, '\n')
}

// provider says where the documents are (CSAF 2.0 §7.1.7).
func (r *Room) provider(updated time.Time) []byte {
	base := r.Settings.PublicURL()
	if updated.IsZero() {
		updated = r.Clock.Now()
	}
	return marshal(object{
		"canonical_url": base + ProviderPath,
		"distributions": []object{
			{"directory_url": base + whitePath},
			{"rolie": object{"feeds": []object{{"summary": "TLP:CLEAR", "tlp_label": "WHITE", "url": base + whitePath + feedName}}}},
		},
		"last_updated":               instant(updated),
		"list_on_CSAF_aggregators":   true,
		"mirror_on_CSAF_aggregators": true,
		"metadata_version":           "2.0",
		"publisher":                  r.publisher(),
		"role":                       "csaf_provider",
	})
}

// rolie is the feed of the documents (RFC 8322, CSAF 2.0 §7.1.15).
func (r *Room) rolie(all []standing) []byte {
	base := r.Settings.PublicURL()
	entries := []object{}
	updated := r.Clock.Now()
	if len(all) > 0 {
		updated = all[0].updated
	}
	for _, one := range all {
		at := base + whitePath + pathOf(&one.Bulletin)
		entries = append(entries, object{
			"id": one.Number, "title": one.issue.Content.VI.Title, "published": instant(one.First), "updated": instant(one.updated),
			"link": []object{
				{"href": at, "rel": "self"}, {"href": at + ".sha256", "rel": "hash"}, {"href": at + ".sha512", "rel": "hash"},
			},
			"format":  object{"schema": "https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json", "version": "2.0"},
			"content": object{"type": "application/json", "src": at},
		})
	}
	return marshal(object{"feed": object{
		"id": "csaf-feed-tlp-white", "title": r.Texts.In("vi").T("bulletin.feed.title") + " (TLP:CLEAR)", "updated": instant(updated),
		"link":     []object{{"href": base + whitePath + feedName, "rel": "self"}},
		"category": []object{{"scheme": "urn:ietf:params:rolie:category:information-type", "term": "csaf"}},
		"entry":    entries,
	}})
}

// changes is changes.csv: document and time, the newest first (CSAF 2.0 §7.1.13).
func changes(all []standing) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, one := range all {
		if err := w.Write([]string{pathOf(&one.Bulletin), instant(one.updated)}); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// securityText says how to tell the centre of a weakness, and where its own
// advisories are (RFC 9116; the field CSAF is that of CSAF 2.0 §7.1.8).
func (r *Room) securityText() []byte {
	base := r.Settings.PublicURL()
	contact := r.Settings.Contact
	if contact == "" {
		contact = base + "/"
	}
	// It holds for a year from the beginning of the month, so that it stays the same
	// for whoever compares.
	now := r.Clock.Now().UTC()
	expires := time.Date(now.Year()+1, now.Month(), 1, 0, 0, 0, 0, time.UTC)
	return []byte("Contact: " + contact + "\nExpires: " + expires.Format(time.RFC3339) + "\nPreferred-Languages: vi, en\nCanonical: " +
		base + SecurityPath + "\nCSAF: " + base + ProviderPath + "\n")
}

// PublicPath is where the document of a bulletin stands for everybody.
func PublicPath(b *Bulletin) string { return whitePath + pathOf(b) }
