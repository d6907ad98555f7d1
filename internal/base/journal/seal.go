package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
)

func placeholder(n int) string { return "$" + strconv.Itoa(n) }

// An Audit reads every record of a kind with the hash of its journalled fields,
// so that Verify finds a record changed, added or removed behind the journal.
type Audit struct {
	Kind string
	Scan func(tx *db.Tx, yield func(id, hash string) error) error
}

// A Seal signs checkpoints and checks them.
type Seal struct {
	signer   note.Signer
	verifier note.Verifier
}

// NewSeal is the seal of a key pair that NewKey made.
func NewSeal(private, public string) (*Seal, error) {
	signer, err := note.NewSigner(strings.TrimSpace(private))
	if err != nil {
		return nil, errs.New(errs.Invalid, "read the sealing key: %w", err)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(public))
	if err != nil {
		return nil, errs.New(errs.Invalid, "read the public sealing key: %w", err)
	}
	return &Seal{signer: signer, verifier: verifier}, nil
}

// NewKey makes the key pair of a new seal (Ed25519, in the form of
// golang.org/x/mod/sumdb/note).
func NewKey(name string) (private, public string, err error) { return note.GenerateKey(nil, name) }

const checkpointOrigin = "tocsin journal"

// Checkpoint signs the journal's present size and root: a note of three lines,
// origin, size, root, and the signature (C2SP tlog-checkpoint). Kept outside, it
// proves later that nothing before it was taken away or rewritten.
func (s *Seal) Checkpoint(tx *db.Tx) (string, error) {
	size, err := Head(tx)
	if err != nil {
		return "", err
	}
	root, err := tlog.TreeHash(size, &hashes{tx: tx})
	if err != nil {
		return "", errs.New(errs.Internal, "root of the journal: %w", err)
	}
	return s.sign(size, root)
}

func (s *Seal) sign(size int64, root tlog.Hash) (string, error) {
	text, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", checkpointOrigin, size, root)}, s.signer)
	return string(text), err
}

// open reads a checkpoint and checks its signature.
func (s *Seal) open(text string) (size int64, root tlog.Hash, err error) {
	// A command's whole JSON answer is taken as well as the note in it.
	var answer struct {
		Checkpoint string `json:"checkpoint"`
	}
	if json.Unmarshal([]byte(text), &answer) == nil && answer.Checkpoint != "" {
		text = answer.Checkpoint
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n" // lost by a shell's $(…)
	}
	n, err := note.Open([]byte(text), note.VerifierList(s.verifier))
	if err != nil {
		return 0, root, errs.New(errs.Invalid, "checkpoint: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 3 || lines[0] != checkpointOrigin {
		return 0, root, errs.New(errs.Invalid, "checkpoint: not one of a Tocsin journal")
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return 0, root, errs.New(errs.Invalid, "checkpoint: size %q: %w", lines[1], err)
	}
	if root, err = tlog.ParseHash(lines[2]); err != nil {
		return 0, root, errs.New(errs.Invalid, "checkpoint: root %q: %w", lines[2], err)
	}
	return size, root, nil
}

// A Verdict is what Verify found.
type Verdict struct {
	OK         bool   `json:"ok"`
	Size       int64  `json:"size"`
	Root       string `json:"root"`
	Checkpoint string `json:"checkpoint"` // a fresh one, to keep outside
	FirstBad   string `json:"first_bad,omitempty"`
	Erased     int    `json:"erased"`  // bodies that are gone by order
	Records    int    `json:"records"` // records compared with their last entry
}

// Verify reads the whole journal and every audited record, and finds the first
// thing that is not as the journal says: a changed header or body, a missing
// entry, a tree that does not fit, a body that is gone without an order, a
// record changed, added or removed behind the journal's back. With a checkpoint
// that was kept outside it also finds a shortened and a rewritten journal.
//
// It reads one snapshot; memory grows with the number of records, about 100
// bytes each.
func Verify(ctx context.Context, d *db.DB, seal *Seal, audits []Audit, checkpoint string) (v Verdict, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		w := verifier{tx: tx, last: map[string]string{}, erased: map[int64]string{}, gone: []int64{}}
		if checkpoint != "" {
			if w.heldSize, w.heldRoot, err = seal.open(checkpoint); err != nil {
				v.FirstBad = err.Error()
				return nil
			}
			w.held = true
		}
		bad, err := w.run(audits)
		if err != nil {
			return err
		}
		v = Verdict{OK: bad == "", Size: w.size, Root: w.root.String(), FirstBad: bad, Erased: len(w.gone), Records: w.records}
		if v.OK {
			v.Checkpoint, err = seal.sign(w.size, w.root)
		}
		return err
	})
	return v, err
}

type verifier struct {
	tx       *db.Tx
	size     int64
	root     tlog.Hash
	held     bool
	heldSize int64
	heldRoot tlog.Hash
	tree     memory
	last     map[string]string // kind + " " + id → hash
	erased   map[int64]string  // entry → order
	gone     []int64           // entries without a body
	records  int
}

// memory is the tree as the entries themselves make it.
type memory []tlog.Hash

func (m *memory) ReadHashes(places []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(places))
	for i, p := range places {
		if p >= int64(len(*m)) {
			return nil, errs.New(errs.Internal, "no hash at place %d", p)
		}
		out[i] = (*m)[p]
	}
	return out, nil
}

func (w *verifier) run(audits []Audit) (bad string, err error) {
	if w.size, err = Head(w.tx); err != nil {
		return "", err
	}
	if bad, err = w.entries(); bad != "" || err != nil {
		return bad, err
	}
	for _, seq := range w.gone {
		if _, ok := w.erased[seq]; !ok {
			return fmt.Sprintf("journal entry %d: its body is gone and no order erased it", seq), nil
		}
	}
	if bad, err = w.stored(); bad != "" || err != nil {
		return bad, err
	}
	if w.root, err = tlog.TreeHash(w.size, &w.tree); err != nil {
		return "", err
	}
	if w.held {
		if w.heldSize > w.size {
			return fmt.Sprintf("journal entry %d: the checkpoint seals %d entries, the journal has %d", w.size+1, w.heldSize, w.size), nil
		}
		then, err := tlog.TreeHash(w.heldSize, &w.tree)
		if err != nil {
			return "", err
		}
		if then != w.heldRoot {
			return fmt.Sprintf("journal: the first %d entries are not those that the checkpoint seals", w.heldSize), nil
		}
	}
	return w.audit(audits)
}

// entries reads every entry in order and grows the tree from them.
func (w *verifier) entries() (bad string, err error) {
	rows, err := w.tx.Query(`SELECT j.seq, j.at, j.actor, j.organisation, j.subject, j.verb, j.commitment, b.salt, b.body, b.records
		FROM journal j LEFT JOIN journal_body b ON b.seq = j.seq ORDER BY j.seq`)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	var n int64
	for rows.Next() {
		var (
			h                header
			commitment, salt []byte
			body, records    []byte
		)
		if err := rows.Scan(&h.seq, &h.at, &h.actor, &h.organisation, &h.subject, &h.verb, &commitment, &salt, &body, &records); err != nil {
			return "", err
		}
		n++
		if h.seq != n {
			return fmt.Sprintf("journal entry %d: missing", n), nil
		}
		if body == nil {
			w.gone = append(w.gone, n)
		} else {
			if !bytes.Equal(commit(salt, body, records), commitment) {
				return fmt.Sprintf("journal entry %d (%s of %s): its body is not the one that was sealed", n, h.verb, h.subject), nil
			}
			if err := w.learn(h.verb, body, records); err != nil {
				return fmt.Sprintf("journal entry %d: %v", n, err), nil //nolint:nilerr // what cannot be read is the finding
			}
		}
		grown, err := tlog.StoredHashesForRecordHash(n-1, tlog.RecordHash(h.leaf(commitment)), &w.tree)
		if err != nil {
			return "", err
		}
		w.tree = append(w.tree, grown...)
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	if n != w.size {
		return fmt.Sprintf("journal entry %d: missing, the head says %d entries", n+1, w.size), nil
	}
	return "", nil
}

func (w *verifier) learn(verb string, body, records []byte) error {
	var list []Record
	if err := json.Unmarshal(records, &list); err != nil {
		return err
	}
	for _, r := range list {
		w.last[r.Kind+" "+r.ID] = r.Hash
	}
	if verb == VerbErased {
		var e erasure
		if err := json.Unmarshal(body, &e); err != nil {
			return err
		}
		for _, s := range e.Seqs {
			w.erased[s] = e.Order
		}
	}
	return nil
}

// stored compares the tree of the entries with the one that was stored while
// they were written.
func (w *verifier) stored() (bad string, err error) {
	rows, err := w.tx.Query(`SELECT place, hash FROM journal_hash ORDER BY place`)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	var n int
	for rows.Next() {
		var (
			place int64
			hash  []byte
		)
		if err := rows.Scan(&place, &hash); err != nil {
			return "", err
		}
		if n >= len(w.tree) || place != int64(n) || !bytes.Equal(hash, w.tree[n][:]) {
			level, entry := tlog.SplitStoredHashIndex(place)
			return fmt.Sprintf("journal entry %d: its header is not the one that was sealed", entry<<level+1), rows.Err()
		}
		n++
	}
	if n != len(w.tree) {
		return fmt.Sprintf("journal: %d of %d stored hashes", n, len(w.tree)), rows.Err()
	}
	return "", rows.Err()
}

// audit compares every record with its last entry.
func (w *verifier) audit(audits []Audit) (bad string, err error) {
	blind := len(w.gone) > 0 // an erased body may have held the last hash of a record
	for _, a := range audits {
		seen := map[string]bool{}
		err := a.Scan(w.tx, func(id, hash string) error {
			key := a.Kind + " " + id
			want, ok := w.last[key]
			seen[key] = true
			w.records++
			switch {
			case bad != "":
			case !ok && blind:
			case !ok:
				bad = fmt.Sprintf("%s %s: no journal entry made it", a.Kind, id)
			case want == "":
				bad = fmt.Sprintf("%s %s: the journal says that it was removed", a.Kind, id)
			case want != hash && !blind:
				bad = fmt.Sprintf("%s %s: changed behind the journal's back", a.Kind, id)
			case want != hash:
				bad = w.excuse(a.Kind, id)
			}
			return nil
		})
		if err != nil || bad != "" {
			return bad, err
		}
		var missing []string
		for key, hash := range w.last {
			if kind, _, _ := strings.Cut(key, " "); kind == a.Kind && hash != "" && !seen[key] {
				missing = append(missing, key)
			}
		}
		if len(missing) > 0 {
			slices.Sort(missing)
			return missing[0] + ": removed behind the journal's back", nil
		}
	}
	return "", nil
}

// excuse decides about a record that differs from its last readable entry while
// bodies are erased: only an erased entry about that very record explains it.
func (w *verifier) excuse(kind, id string) string {
	for _, seq := range w.gone {
		var subject string
		if err := w.tx.Get(&subject, `SELECT subject FROM journal WHERE seq = $1`, seq); err == nil && subject == kind+":"+id {
			return ""
		}
	}
	return fmt.Sprintf("%s %s: changed behind the journal's back", kind, id)
}
