package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/internal/app/demo"
	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/tlp"
	"tocsin/internal/city/duty"
	"tocsin/internal/city/estate"
	"tocsin/internal/city/estate/sheet"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/intake"
	"tocsin/internal/watch/intake/row"
	"tocsin/internal/watch/warning"
)

// demoSeed makes the demo the same city everywhere.
const demoSeed = 2026

// demoPassword opens every account of the demo. The demo listens on loopback
// unless somebody chooses otherwise, and everything in it is invented.
const demoPassword = "chuong-canh-bao-2026"

// A demoPerson is an account to look at the demo with.
type demoPerson struct {
	email, name, organisation string
	role                      auth.Role
}

func demoPeople() []demoPerson {
	return []demoPerson{
		{"phan.tich@tocsin.example", "Chuyên viên phân tích", "", auth.Analyst},
		{"giam.sat@tocsin.example", "Cán bộ giám sát", "", auth.Supervisor},
		{"lanh.dao@tocsin.example", "Lãnh đạo Ủy ban", "", auth.Leader},
		{"kiem.toan@tocsin.example", "Kiểm toán viên", "", auth.Auditor},
		{"can.bo@tocsin.example", "Cán bộ phường Hiệp Bình", "26809", auth.Officer},
		{"trung.tam@tocsin.example", "Cán bộ Trung tâm Chuyển đổi số", "trung-tam-chuyen-doi-so", auth.Officer},
	}
}

// A player lives the demo's days: partners hand in reports, officers answer or do
// not. What it does it does through the verbs that everybody uses.
type player struct {
	app  *App
	city *demo.City
}

// play makes the invented city at the first start and lets it live.
func (a *App) play(ctx context.Context) (func(), error) {
	if !a.Demo {
		return nil, nil //nolint:nilnil // nothing to stop
	}
	p := &player{app: a, city: demo.New(demoSeed)}
	began, err := setting(ctx, a.db, "demo")
	if err != nil {
		return nil, err
	}
	if began == "" {
		if err := p.found(ctx); err != nil {
			return nil, fmt.Errorf("found the demo city: %w", err)
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() {
		if err := p.live(ctx); ctx.Err() == nil { // it lives until it is stopped, or fails
			a.log.Error("the demo has stopped", "error", err)
		}
	})
	return func() { cancel(); done.Wait() }, nil
}

func (p *player) stage() auth.Actor { return auth.Stage("demo") }

// found imports the estate, opens the accounts, the sources and the roster, and
// lets yesterday have happened.
func (p *player) found(ctx context.Context) error {
	a := p.app
	var files []estate.File
	for _, s := range p.city.Estate() {
		files = append(files, estate.File{Name: s.Name + ".csv", Data: sheet.Write(s.Kind, s.Rows)})
	}
	results, err := a.estate.Apply(ctx, p.stage(), files)
	if err != nil {
		for _, r := range results {
			for _, refused := range r.Refused {
				err = errors.Join(err, fmt.Errorf("%s:%d: %s", r.File, refused.Line, refused.Reason))
			}
		}
		return err
	}
	for _, person := range demoPeople() {
		var organisation int64
		if person.organisation != "" {
			if organisation, err = a.estate.ByCode(person.organisation); err != nil {
				return err
			}
		}
		_, err := a.people.Invite(ctx, p.stage(), auth.NewUser{
			Email: person.email, Name: person.name, Role: person.role, Organisation: organisation, Password: demoPassword,
		})
		if err != nil {
			return err
		}
	}
	partners, err := demoSources()
	if err != nil {
		return err
	}
	for _, s := range partners {
		if _, err := a.intake.AddSource(ctx, p.stage(), s); err != nil {
			return err
		}
	}
	return p.roster(ctx)
}

// roster puts three people on duty around the clock.
func (p *player) roster(ctx context.Context) error {
	zone := p.app.regime.Zone()
	now := p.app.clock.Now().In(zone)
	begin := time.Date(now.Year(), now.Month(), now.Day(), 7, 0, 0, 0, zone).AddDate(0, 0, -2)
	plans := duty.Rotate([]duty.Plan{
		{Name: "Nguyễn Minh Trực", Email: "truc.a@tocsin.example", Phone: "028 0000 0101", Level: 1},
		{Name: "Trần Thị Hải Yến", Email: "truc.b@tocsin.example", Phone: "028 0000 0102", Level: 1},
		{Name: "Lê Quang Vinh", Email: "truc.c@tocsin.example", Phone: "028 0000 0103", Level: 1},
	}, begin, 8*time.Hour, 3*60)
	_, err := p.app.duty.AddShifts(ctx, p.stage(), plans...)
	return err
}

// A scene is something that happens at a time.
type scene struct {
	at       time.Time
	delivery *demo.Delivery
	act      *demo.Act
}

// live plays the days one after another, from where the last start left them.
func (p *player) live(ctx context.Context) error {
	zone := p.app.regime.Zone()
	day, done, err := p.bookmark(ctx)
	if err != nil {
		return err
	}
	if day.IsZero() {
		now := p.app.clock.Now().In(zone)
		day = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone).AddDate(0, 0, -1)
	}
	for n := int(day.Unix() / 86400); ; n++ {
		for i, s := range p.scenes(n, day) {
			if i < done {
				continue
			}
			if err := p.until(ctx, s.at); err != nil {
				return err
			}
			if err := p.perform(ctx, s); err != nil {
				return err
			}
			if err := p.mark(ctx, day, i+1); err != nil {
				return err
			}
		}
		done = 0
		day = day.AddDate(0, 0, 1)
		if err := p.mark(ctx, day, 0); err != nil {
			return err
		}
	}
}

func (p *player) scenes(n int, midnight time.Time) []scene {
	var all []scene
	for _, d := range p.city.Day(n, midnight) {
		all = append(all, scene{at: midnight.Add(d.At), delivery: &d})
	}
	for _, act := range p.city.Officers(n) {
		all = append(all, scene{at: midnight.Add(act.At), act: &act})
	}
	slices.SortStableFunc(all, func(x, y scene) int { return cmp.Compare(x.at.UnixNano(), y.at.UnixNano()) })
	return all
}

// until waits for a time of the city's clock.
func (p *player) until(ctx context.Context, at time.Time) error {
	for {
		left := at.Sub(p.app.clock.Now())
		if left <= 0 {
			return ctx.Err()
		}
		pace := time.Duration(1)
		if p.app.still == nil && p.app.Pace > 0 {
			pace = time.Duration(p.app.Pace)
		}
		timer := time.NewTimer(min(left/pace+time.Millisecond, time.Second))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

func (p *player) perform(ctx context.Context, s scene) error {
	if s.delivery != nil {
		d := s.delivery
		_, _, err := p.app.intake.Receive(ctx, p.stage(), intake.Delivery{
			Source: d.Source, File: d.Name, ReportType: d.ReportType, Content: bytes.NewReader(d.Data),
		})
		if err != nil {
			return err
		}
		// What follows from a report comes before what people do about it.
		settle, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := p.app.runner.Settle(settle); err != nil {
			p.app.log.Warn("the demo goes on unsettled", "error", err)
		}
		return ctx.Err()
	}
	err := p.act(ctx, *s.act)
	if errs.Is(err, errs.Conflict) || errs.Is(err, errs.NotFound) {
		return nil // somebody at the screen was faster
	}
	return err
}

// act does what an officer or an analyst of the script does.
func (p *player) act(ctx context.Context, act demo.Act) error {
	who := auth.Actor{Email: "phan.tich@tocsin.example", Role: auth.Analyst, Scope: auth.All(), Via: auth.ViaSession}
	filter := finding.Filter{Live: true, Kinds: []row.Kind{row.Kind(act.Kind)}}
	if act.Organisation != "" {
		id, err := p.app.estate.ByCode(act.Organisation)
		if err != nil {
			return err
		}
		who = auth.Actor{
			Email: p.mailbox(ctx, id), Role: auth.Officer, Organisation: id, Scope: p.app.estate.Scope(id), Via: auth.ViaSession,
		}
		filter.Organisation = act.Organisation
	}
	page, err := p.app.finding.List(ctx, who, filter)
	if err != nil {
		return err
	}
	for _, f := range page.Items {
		if act.Verb == demo.Reject {
			if f.Discriminator == act.Match {
				err = errors.Join(err, p.do(ctx, who, f, finding.Change{Act: finding.Refute, Reason: "Tin sai: nguồn gửi nhầm hàng loạt"}))
			}
			continue
		}
		if _, value, _ := strings.Cut(string(f.Asset), ":"); value == act.Match {
			err = errors.Join(err, p.answer(ctx, who, f, act.Verb))
		}
	}
	return err
}

// answer is an officer's answer: the warning's button first, as anybody would.
func (p *player) answer(ctx context.Context, who auth.Actor, f finding.Finding, verb demo.Verb) error {
	switch verb {
	case demo.Acknowledge:
		if f.Warning != 0 {
			_, err := p.app.warning.Acknowledge(ctx, who, warning.ID(f.Warning))
			if err != nil && !errs.Is(err, errs.Conflict) {
				return err
			}
		}
		return p.do(ctx, who, f, finding.Change{Act: finding.Ack})
	case demo.Start:
		return p.do(ctx, who, f, finding.Change{Act: finding.Start})
	case demo.Fixed:
		return p.do(ctx, who, f, finding.Change{Act: finding.Claim})
	case demo.Reject:
	}
	return nil
}

func (p *player) do(ctx context.Context, who auth.Actor, f finding.Finding, c finding.Change) error {
	_, err := p.app.finding.Do(ctx, who, f.ID, c)
	if errs.Is(err, errs.Conflict) {
		return nil // it is further on already
	}
	return err
}

// mailbox is whom an organisation's answers come from.
func (p *player) mailbox(ctx context.Context, organisation int64) string {
	name := "can.bo@" + strings.ToLower(p.app.estate.Code(organisation)) + ".example"
	_ = p.app.db.Read(ctx, func(tx *db.Tx) error { // without a contact the invented name stands
		contacts, err := p.app.estate.Contacts(tx, organisation)
		if err == nil && len(contacts) > 0 {
			name = contacts[0].Email
		}
		return err
	})
	return name
}

// bookmark is the day and the scene at which the last start left the demo.
func (p *player) bookmark(ctx context.Context) (day time.Time, done int, err error) {
	text, err := setting(ctx, p.app.db, "demo")
	if err != nil || text == "" {
		return day, 0, err
	}
	date, n, _ := strings.Cut(text, " ")
	if day, err = time.ParseInLocation(time.DateOnly, date, p.app.regime.Zone()); err != nil {
		return day, 0, err
	}
	done, err = strconv.Atoi(n)
	return day, done, err
}

func (p *player) mark(ctx context.Context, day time.Time, done int) error {
	return p.app.db.Write(ctx, func(tx *db.Tx) error {
		for name, value := range map[string]string{
			"demo": day.Format(time.DateOnly) + " " + strconv.Itoa(done), settingClock: p.app.clock.Now().Format(time.RFC3339Nano),
		} {
			_, err := tx.Exec(`INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// demoSources are the demo's partners as sources.
func demoSources() ([]intake.Source, error) {
	var out []intake.Source
	for _, s := range demo.Sources() {
		marking, err := tlp.Parse(s.TLP)
		if err != nil {
			return nil, err
		}
		out = append(out, intake.Source{Name: s.Name, Format: intake.Format(s.Format), Kind: s.Kind, TLP: marking, Zone: s.Zone, Mapping: s.Mapping})
	}
	return out, nil
}

// welcome tells on the terminal how to look at the demo.
func (a *App) welcome() {
	if !a.Demo {
		return
	}
	v := a.bundle.In("vi")
	var b strings.Builder
	fmt.Fprintf(&b, "\n  %s\n\n  %s\n", v.T("app.demo.open", "url", a.url), v.T("app.demo.password", "password", demoPassword))
	for _, p := range demoPeople() {
		fmt.Fprintf(&b, "    %-28s %s\n", p.email, p.name)
	}
	b.WriteString("\n")
	_, _ = os.Stderr.WriteString(b.String())
}
