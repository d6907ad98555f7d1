package csaf

import (
	"bytes"
	"path"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/internal/watch/intake/csvrows"
	"tocsin/internal/watch/intake/jsonrows"
	"tocsin/internal/watch/intake/row"
)

// The files beside documents.
const (
	indexFile     = "csaf-index"     // index.txt: a path a line (CSAF 2.0 §7.1.12)
	changesFile   = "csaf-changes"   // changes.csv: a path and a time a line (§7.1.13)
	hashFile      = "csaf-hash"      // FILE.sha256, FILE.sha512 (§7.1.18)
	signatureFile = "csaf-signature" // FILE.asc (§7.1.19)
	keyFile       = "openpgp-key"    // the key of the signatures (§7.1.20)
)

// side says which file beside documents a text is by its first line, "" where it
// is none.
func side(text []byte) string {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	first := strings.TrimRight(string(line[:min(len(line), 4<<10)]), "\r \t")
	if _, _, err := hashLine(first); err == nil {
		return hashFile
	}
	name, at, two := strings.Cut(first, ",")
	name = strings.Trim(name, `"`)
	switch {
	case first == "-----BEGIN PGP SIGNATURE-----":
		return signatureFile
	case first == "-----BEGIN PGP PUBLIC KEY BLOCK-----":
		return keyFile
	case !documentPath(name):
		return ""
	case !two:
		return indexFile
	}
	if _, err := row.Instant([]byte(strings.Trim(at, `"`)), nil); err == nil {
		return changesFile
	}
	return ""
}

// documentPath says whether a text is a path to a CSAF document.
func documentPath(s string) bool {
	return strings.HasSuffix(s, ".json") && !strings.ContainsAny(s, " \t\"'<>{}[]|\\;,") && len(s) > len(".json")
}

// beside reads a file that is no JSON object.
func (p *Parser) beside(w *writer, text []byte) (row.Summary, error) {
	at := int64(len(w.text) - len(text))
	length := int64(len(bytes.TrimRight(text, " \t\r\n")))
	var err error
	switch kind := side(text); kind {
	case hashFile:
		_, name, _ := hashLine(strings.TrimSpace(string(text[:length])))
		err = w.row(row.Row{Statement: &row.Statement{ID: name, Type: kind}}, at, length)
	case signatureFile, keyFile:
		if !bytes.Contains(text, []byte("\n-----END PGP ")) {
			err = w.refuse(&row.Refusal{Fault: row.FaultTruncated}, at, length)
			break
		}
		err = w.row(row.Row{Statement: &row.Statement{Type: kind}}, at, length)
	case indexFile, changesFile:
		return p.lines(w, kind)
	default:
		return w.sum, row.NotReadable("the text is neither a CSAF document nor one of the files that lie beside such")
	}
	return w.sum, err
}

// lines reads index.txt and changes.csv: each line names a document.
func (p *Parser) lines(w *writer, kind string) (row.Summary, error) {
	header := []string{"path"}
	if kind == changesFile {
		header = []string{"path", "time"}
	}
	return csvrows.Parse(w.ctx, bytes.NewReader(w.text), w.skip, csvrows.Options{
		Header: header,
		Read: func(rec *csvrows.Record, out *row.Row) *row.Refusal {
			name := rec.Get("path")
			if !documentPath(name) {
				return &row.Refusal{Fault: row.FaultValue, Field: "path", Value: name, Detail: "a path that ends in .json"}
			}
			out.Statement = &row.Statement{ID: documentID(name), Type: kind, Reference: name}
			if kind == changesFile {
				t, err := row.Instant(rec.Bytes("time"), nil)
				if err != nil {
					return &row.Refusal{Fault: row.FaultTime, Field: "time", Value: rec.Get("time")}
				}
				out.At, out.Statement.Version = t, t
			}
			return nil
		},
	}, w.yield)
}

// documentID is the name of a document by that of its file.
func documentID(name string) string { return strings.TrimSuffix(path.Base(name), ".json") }

// feed yields the entries of a ROLIE feed, which is of its shape.
func (w *writer) feed(body []byte, at int64) error {
	var feed struct {
		Feed struct {
			Entries []jsontext.Value `json:"entry"`
		} `json:"feed"`
	}
	if refused := jsonrows.Decode(body, &feed); refused != nil {
		return w.refuse(refused, at, int64(len(w.text))-at)
	}
	from := 0
	for _, raw := range feed.Feed.Entries {
		i := bytes.Index(w.text[from:], raw)
		if i < 0 {
			continue
		}
		from += i
		var e struct {
			ID      string `json:"id"`
			Title   string `json:"title"`
			Updated string `json:"updated"`
			Content struct {
				Source string `json:"src"`
			} `json:"content"`
		}
		var err error
		if refused := jsonrows.Decode(raw, &e); refused != nil {
			err = w.refuse(refused, int64(from), int64(len(raw)))
		} else {
			at := utc(e.Updated)
			err = w.row(row.Row{At: at, Statement: &row.Statement{
				ID: e.ID, Version: at, Type: "csaf-feed", Title: e.Title, Reference: e.Content.Source,
			}}, int64(from), int64(len(raw)))
		}
		if err != nil {
			return err
		}
		from += len(raw)
	}
	return nil
}
