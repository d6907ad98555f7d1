package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/journal"
	"tocsin/internal/face/web/ui"
)

// checkpointBytes is more than a signed note has; what is longer is none.
const checkpointBytes = 16 << 10

// sealed is what a checkpoint says in its second and third line (C2SP
// tlog-checkpoint).
func sealed(checkpoint string) (size, root string) {
	lines := strings.SplitN(checkpoint, "\n", 4)
	if len(lines) < 3 {
		return "", ""
	}
	return lines[1], lines[2]
}

func (s *Site) sealPage(w http.ResponseWriter, r *http.Request) error {
	p := s.page(w, r, "work.seal.title")
	return s.showSeal(w, r, p, nil)
}

func (s *Site) showSeal(w http.ResponseWriter, r *http.Request, p *ui.Page, verdict templ.Component) error {
	t := top{Heading: ui.Heading{Lead: p.T("work.seal.lead"), Crumbs: []ui.Crumb{{Label: p.T("web.nav.journal"), Href: "/journal"}}}}
	if s.Checkpoint == nil || s.Verify == nil {
		return s.lay(w, r, p, t, ui.Empty(p, ui.Nothing{Title: p.T("work.seal.off"), Why: p.T("work.seal.off_why")}))
	}
	checkpoint, err := s.Checkpoint(r.Context())
	if err != nil {
		return err
	}
	size, root := sealed(checkpoint)
	t.Acts = []ui.Button{{Label: p.T("work.seal.download"), Href: "/journal/checkpoint", Icon: ui.IconDownload}}
	return s.lay(w, r, p, t, verdict,
		box("grid-2",
			panel(p.T("work.seal.now"), ui.Facts(p, []ui.Fact{
				{Label: p.T("work.seal.size"), Value: ui.Text(size), Note: p.T("work.seal.size_note")},
				{Label: p.T("work.seal.root"), Value: ui.Code(root), Note: p.T("work.seal.root_note")},
			}), ui.Evidence(p, ui.Proof{Title: p.T("work.seal.checkpoint"), Text: checkpoint})),
			panel(p.T("work.seal.verify"), hushed(p.T("work.seal.verify_lead")), posting("/journal/seal",
				ui.Field(p, ui.Input{Name: "checkpoint", Label: p.T("work.seal.outside"), Hint: p.T("work.seal.outside_hint"), Kind: ui.InputLong, Mono: true, Lines: 6}),
				ui.Act(p, ui.Button{Label: p.T("work.seal.verify"), Submit: true, Kind: ui.KindPrimary, Icon: ui.IconShield}),
			)),
		),
	)
}

func (s *Site) sealVerify(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(r, err)
	}
	p := s.page(w, r, "work.seal.title")
	if s.Verify == nil {
		return s.showSeal(w, r, p, nil)
	}
	p.Posted = r.PostForm
	outside := strings.ReplaceAll(r.PostForm.Get("checkpoint"), "\r\n", "\n")
	if len(outside) > checkpointBytes {
		outside = outside[:checkpointBytes]
	}
	if strings.TrimSpace(outside) == "" {
		outside = ""
	} else {
		outside = strings.TrimLeft(outside, " \n\t")
		if !strings.HasSuffix(outside, "\n") {
			outside += "\n" // A note ends with its line; copying often loses it.
		}
	}
	began := time.Now() //nolint:forbidigo // how long it took, not when
	v, err := s.Verify(r.Context(), outside)
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Usage) {
		wrong(p, "checkpoint", "work.seal.no_checkpoint")
		return s.showSeal(w, r, p, nil)
	}
	if err != nil {
		return err
	}
	return s.showSeal(w, r, p, verdictNotice(p, v, time.Since(began)))
}

func verdictNotice(p *ui.Page, v journal.Verdict, took time.Duration) templ.Component {
	if !v.OK {
		return notice(ui.ToneCritical, strong(p.T("work.seal.bad")), para(v.FirstBad), para(p.T("work.seal.bad_do")))
	}
	return notice(ui.ToneGood, strong(p.T("work.seal.good")),
		para(p.T("work.seal.good_what", "size", v.Size, "records", v.Records, "took", p.Number(took.Seconds(), 1))),
		hushed(p.T("work.seal.good_erased", "n", v.Erased)))
}

// checkpointFile is the signed checkpoint, to be kept outside.
func (s *Site) checkpointFile(w http.ResponseWriter, r *http.Request) error {
	if s.Checkpoint == nil {
		return errs.New(errs.NotFound, "checkpoint: this installation has no seal")
	}
	text, err := s.Checkpoint(r.Context())
	if err != nil {
		return err
	}
	size, _ := sealed(text)
	return download(w, "tocsin-checkpoint-"+size+".txt", "text/plain; charset=utf-8", []byte(text))
}
