package estate

import (
	"context"
	"slices"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/city/estate/sheet"
)

// File is an estate file as it was handed in.
type File struct {
	Name string
	Data []byte
}

// Result is what an import did with one file, in rows.
type Result struct {
	File      string    `json:"file"`
	New       int       `json:"new"`
	Changed   int       `json:"changed"`
	Unchanged int       `json:"unchanged"`
	Refused   []Refusal `json:"refused"`
}

// Refusal says why a row, and with it its file, is not taken. Line and column
// count from 1; column 0 is the whole row.
type Refusal struct {
	Sheet  string `json:"sheet,omitempty"` // the worksheet or JSON key
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Reason string `json:"reason"` // in plain English, for scripts

	why sheet.Refusal
}

// Text is the reason in the reader's language.
func (r Refusal) Text(v sheet.Voice) string { return r.why.Text(v) }

// Refused is the error for a command that must fail when an import refused
// anything: Invalid with every place, nil when nothing was refused.
func Refused(results []Result) error {
	var places []errs.Place
	for _, res := range results {
		for _, r := range res.Refused {
			places = append(places, errs.Place{File: res.File, Line: r.Line, Column: r.Column, Field: r.why.Field, Reason: r.Reason})
		}
	}
	if len(places) == 0 {
		return nil
	}
	return errs.At(errs.Invalid, places, "import estate: files with refused rows were not applied")
}

// batchSize is how many rows go into one bracket and one journal entry: others
// wait no longer than that takes.
const batchSize = 1000

// Apply imports estate files: first everything is read and checked, then the
// files without any refused row are applied, kind by kind in the order of
// dependence, in batches. A code that a row names must be known or come from a
// file of the same call that is itself applied. Nothing is ever deleted, and a
// column that a file does not have changes nothing. The results are in the
// order of the files.
//
// A program that dies on the way leaves the batches it committed; the same
// call again finds these unchanged and does the rest.
func (r *Room) Apply(ctx context.Context, a auth.Actor, files []File) ([]Result, error) {
	if err := auth.May(a, auth.EstateImport); err != nil {
		return nil, err
	}
	if !a.Scope.IsAll() {
		return nil, errs.New(errs.Denied, "import estate: %s does not see the whole estate", a.Name())
	}
	in := &intake{results: make([]Result, len(files))}
	for i, f := range files {
		sheets, err := sheet.Read(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		in.results[i] = Result{File: f.Name, Refused: []Refusal{}}
		for _, s := range sheets {
			in.sheets = append(in.sheets, taken{Sheet: s, file: i})
			in.refuse(i, s, s.Refused...)
		}
	}
	if err := r.db.Read(ctx, in.check); err != nil {
		return nil, err
	}
	in.speak()
	if err := r.apply(ctx, a, in); err != nil {
		return nil, err
	}
	return in.results, r.Sync(ctx)
}

// intake is an import on its way.
type intake struct {
	sheets  []taken
	results []Result
}

// taken is a sheet and the number of its file.
type taken struct {
	sheet.Sheet
	file int
}

func (in *intake) refuse(file int, s sheet.Sheet, refused ...sheet.Refusal) {
	for _, why := range refused {
		in.results[file].Refused = append(in.results[file].Refused,
			Refusal{Sheet: s.Name, Line: why.Line, Column: why.Column, Reason: why.Reason, why: why})
	}
}

// sound are the sheets of a kind whose files have no refused row.
func (in *intake) sound(kind sheet.Kind) []taken {
	return slices.DeleteFunc(slices.Clone(in.sheets), func(t taken) bool {
		return t.Kind != kind || len(in.results[t.file].Refused) > 0
	})
}

// speak words the refusals of this room in English; those of sheet have theirs.
func (in *intake) speak() {
	var voice sheet.Voice
	for i := range in.results {
		for j := range in.results[i].Refused {
			r := &in.results[i].Refused[j]
			if r.Reason != "" {
				continue
			}
			if voice == nil {
				voice = ownVoice()
			}
			r.Reason = r.why.Text(voice)
			r.why.Reason = r.Reason
		}
	}
}

func ownVoice() sheet.Voice {
	b := i18n.New()
	if err := b.Add(texts); err != nil {
		panic("estate: its own texts are sound: " + err.Error())
	}
	return b.In(i18n.English)
}

// line is one row of a file with where it came from.
type line[S any] struct {
	row  S
	from taken
}

func lines[S any](sheets []taken, rows func(sheet.Rows) []S) []line[S] {
	var all []line[S]
	for _, t := range sheets {
		for _, row := range rows(t.Rows) {
			all = append(all, line[S]{row, t})
		}
	}
	return all
}

// apply writes the sound files, in the order of dependence.
func (r *Room) apply(ctx context.Context, a auth.Actor, in *intake) error {
	k := &keeper{Room: r, actor: a}
	bodies := lines(in.sound(sheet.Organisations), func(r sheet.Rows) []sheet.Organisation { return r.Organisations })
	if err := inBatches(ctx, k, in, organisations(), organisationFrom, parentsFirst(bodies)); err != nil {
		return err
	}
	handovers := lines(in.sound(sheet.Successions), func(r sheet.Rows) []sheet.Succession { return r.Successions })
	if err := inBatches(ctx, k, in, successions(), successionFrom, handovers); err != nil {
		return err
	}
	built := lines(in.sound(sheet.Systems), func(r sheet.Rows) []sheet.System { return r.Systems })
	if err := inBatches(ctx, k, in, systems(), systemFrom, built); err != nil {
		return err
	}
	people := lines(in.sound(sheet.Contacts), func(r sheet.Rows) []sheet.Contact { return r.Contacts })
	if err := inBatches(ctx, k, in, contacts(), contactFrom, people); err != nil {
		return err
	}
	held := lines(in.sound(sheet.Addresses), func(r sheet.Rows) []sheet.Address { return r.Addresses })
	if err := inBatches(ctx, k, in, addresses(), addressFrom, held); err != nil {
		return err
	}
	hosts := lines(in.sound(sheet.Endpoints), func(r sheet.Rows) []sheet.Endpoint { return r.Endpoints })
	if err := inBatches(ctx, k, in, endpoints(), endpointFrom, hosts); err != nil {
		return err
	}
	installed := lines(in.sound(sheet.Software), func(r sheet.Rows) []sheet.SoftwareLine { return r.Software })
	return inBatches(ctx, k, in, softwares(), softwareFrom, installed)
}

// inBatches writes rows of one kind, each batch in its own bracket, and counts
// what became of them.
func inBatches[S any, R comparable, V any, P record[R]](ctx context.Context, k *keeper, in *intake, n noun[R, V], from made[S, R], rows []line[S]) error {
	for len(rows) > 0 {
		size := min(batchSize, len(rows))
		var done []outcome
		err := k.db.Write(ctx, func(tx *db.Tx) error {
			if err := k.begin(tx); err != nil {
				return err
			}
			var err error
			done, err = batch[S, R, V, P](k, n, from, rows[:size])
			return err
		})
		if err != nil {
			return err
		}
		for i, d := range done {
			res := &in.results[rows[i].from.file]
			switch d {
			case isNew:
				res.New++
			case isChanged:
				res.Changed++
			case isUnchanged:
				res.Unchanged++
			}
		}
		rows = rows[len(done):]
	}
	return nil
}

// begin enters a bracket with what the import knows already.
func (k *keeper) begin(tx *db.Tx) error {
	k.tx = tx
	if k.books == nil {
		k.books = newBooks(tx)
		if err := k.books.readAll(); err != nil {
			return err
		}
	}
	k.books.tx = tx
	if k.subject == "" {
		n, err := tx.NextID("import", 1)
		if err != nil {
			return err
		}
		k.subject = "import:I" + number10(n)
	}
	return nil
}

type outcome uint8

const (
	isNew outcome = iota
	isChanged
	isUnchanged
)

// batch writes as many of the rows as have different keys and returns what
// became of each: a second row of one key must see what the first one did.
func batch[S any, R comparable, V any, P record[R]](k *keeper, n noun[R, V], from made[S, R], rows []line[S]) ([]outcome, error) {
	l := &lookup{books: k.books}
	keys := make([]string, 0, len(rows))
	seen := make(map[string]bool, len(rows))
	for _, one := range rows {
		// Only what the key is made of counts here; parents of the same batch are
		// not known yet.
		key, err := keyOf[S, R, V, P](k.books, n, from, one)
		if err != nil {
			return nil, err
		}
		if seen[key] {
			break
		}
		seen[key] = true
		keys = append(keys, key)
	}
	rows = rows[:len(keys)]
	present, err := byKeys[R, V, P](k.tx, n, keys)
	if err != nil {
		return nil, err
	}
	fresh, err := announce(k, n.kind, keys, func(key string) bool { return present[key] == nil })
	if err != nil {
		return nil, err
	}
	done := make([]outcome, len(rows))
	var changes []change[R]
	for i, one := range rows {
		before := present[keys[i]]
		after := from(before, one.row, one.from.Sheet, l)
		switch {
		case before == nil:
			P(&after).head().ID = fresh[keys[i]]
			done[i] = isNew
			changes = append(changes, change[R]{after: &after})
		case *before != after:
			done[i] = isChanged
			changes = append(changes, change[R]{before: before, after: &after})
		default:
			done[i] = isUnchanged
		}
	}
	if l.err != nil {
		return nil, errs.New(errs.Conflict, "import estate: a code went away meanwhile: %w", l.err)
	}
	return done, save[R, V, P](k, n, changes)
}

// keyOf is the key that a line's record has.
func keyOf[S any, R any, V any, P record[R]](b *books, n noun[R, V], from made[S, R], one line[S]) (string, error) {
	bare := one.from.Sheet
	bare.Columns = nil // required columns alone make the key, and valid_from, which addressFrom always takes
	l := &lookup{books: b}
	row := from(nil, one.row, bare, l)
	n.index(&row)
	return P(&row).head().Key, l.err
}

// announce gives numbers to new organisations and systems of a batch before
// its rows are made, so that they can name each other; other kinds get theirs
// when they are saved.
func announce(k *keeper, kind string, keys []string, isNew func(string) bool) (map[string]int64, error) {
	var one *book
	switch kind {
	case "organisation":
		one = &k.books.organisations
	case "system":
		one = &k.books.systems
	default:
		return nil, nil
	}
	fresh := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !isNew(key) })
	if len(fresh) == 0 {
		return nil, nil
	}
	first, err := k.tx.NextID(kind, len(fresh))
	if err != nil {
		return nil, err
	}
	ids := make(map[string]int64, len(fresh))
	for i, code := range fresh {
		ids[code] = first + int64(i)
		one.learn(first+int64(i), code)
	}
	return ids, nil
}

// parentsFirst orders organisations so that a parent of the same call comes
// before its children; rows of one code keep their order. check has refused
// circles.
func parentsFirst(rows []line[sheet.Organisation]) []line[sheet.Organisation] {
	at := make(map[string][]int, len(rows))
	for i, one := range rows {
		at[one.row.Code] = append(at[one.row.Code], i)
	}
	ordered := make([]line[sheet.Organisation], 0, len(rows))
	done := make([]bool, len(rows))
	var take func(code string)
	take = func(code string) {
		for _, i := range at[code] {
			if done[i] {
				continue
			}
			done[i] = true
			if rows[i].row.Parent != "" {
				take(rows[i].row.Parent)
			}
			ordered = append(ordered, rows[i])
		}
	}
	for _, one := range rows {
		take(one.row.Code)
	}
	return ordered
}
