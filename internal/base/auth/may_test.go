package auth_test

import (
	"strings"
	"testing"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
)

func person(r auth.Role) auth.Actor {
	return auth.Actor{ID: 1, Email: "a@city.example", Role: r, Via: auth.ViaSession, Scope: auth.All()}
}

func TestAnAuditorALeaderAndANobodyChangeNothing(t *testing.T) {
	for _, act := range auth.Acts() {
		if !act.Changes() {
			continue
		}
		for _, role := range []auth.Role{auth.Auditor, auth.Leader, "", "root"} {
			if err := auth.May(person(role), act); !errs.Is(err, errs.Denied) {
				t.Errorf("%q may %s: %v", role, act, err)
			}
		}
	}
}

func TestEveryActIsGrantedToSomebodyAndToTheAdmin(t *testing.T) {
	for _, row := range auth.Table() {
		if len(row.Roles) == 0 {
			t.Errorf("nobody may %s", row.Act)
		}
		if err := auth.May(person(auth.Admin), row.Act); err != nil {
			t.Errorf("the admin may not %s: %v", row.Act, err)
		}
	}
}

func TestTheTableAndMayAgree(t *testing.T) {
	for _, row := range auth.Table() {
		for _, role := range auth.Roles() {
			if may := auth.May(person(role), row.Act) == nil; may != row.Has(role) {
				t.Errorf("%s of %s: May says %v, the table %v", row.Act, role, may, row.Has(role))
			}
		}
	}
}

func TestEveryActStandsOnceInTheTable(t *testing.T) {
	seen := map[auth.Act]bool{}
	for _, act := range auth.Acts() {
		if seen[act] {
			t.Errorf("%s stands twice", act)
		}
		seen[act] = true
		if noun, verb, ok := strings.Cut(string(act), "."); !ok || noun == "" || verb == "" {
			t.Errorf("%q is not noun.verb", act)
		}
	}
}

func TestOnlyAnAdminRunsAccounts(t *testing.T) {
	for _, act := range []auth.Act{auth.UserInvite, auth.UserEdit, auth.BackupRun, auth.DocumentErase, auth.ClockAdvance} {
		for _, role := range auth.Roles() {
			if may := auth.May(person(role), act) == nil; may != (role == auth.Admin) {
				t.Errorf("%s may %s: %v", role, act, may)
			}
		}
	}
}

func TestWhatAnOfficerAndAPartnerMay(t *testing.T) {
	want := map[auth.Role][]auth.Act{
		auth.Officer: {
			auth.FindingView, auth.FindingAck, auth.FindingStart, auth.FindingFixed,
			auth.WarningView, auth.WarningAck, auth.DeliveryView, auth.BulletinView,
			auth.EstateView, auth.EstatePropose, auth.ContactView, auth.RegimeView, auth.TokenCreate,
		},
		auth.Partner: {
			auth.SourceView, auth.DocumentView, auth.DocumentUpload, auth.QuarantineView, auth.TokenCreate,
		},
	}
	for role, acts := range want {
		allowed := map[auth.Act]bool{}
		for _, act := range acts {
			allowed[act] = true
		}
		for _, act := range auth.Acts() {
			if may := auth.May(person(role), act) == nil; may != allowed[act] {
				t.Errorf("%s may %s: %v, want %v", role, act, may, allowed[act])
			}
		}
	}
}

func TestWhoIsNotThereIsAskedToSignIn(t *testing.T) {
	for _, act := range auth.Acts() {
		if err := auth.May(auth.Actor{}, act); !errs.Is(err, errs.Unknown) {
			t.Errorf("%s: %v", act, err)
		}
	}
	// A role without a way in is nobody either: it was not resolved from a credential.
	if err := auth.May(auth.Actor{Role: auth.Admin}, auth.UserEdit); !errs.Is(err, errs.Unknown) {
		t.Errorf("an admin without a credential: %v", err)
	}
}

func TestALinkSeesAndAcknowledgesAndNothingElse(t *testing.T) {
	link := auth.Link("D12", "ict@ward.example", 7)
	for _, act := range auth.Acts() {
		want := act == auth.WarningView || act == auth.WarningAck
		if may := auth.May(link, act) == nil; may != want {
			t.Errorf("a link may %s: %v", act, may)
		}
	}
	if link.Name() != "link:D12" || !link.Scope.Has(7) || link.Scope.Has(8) || link.Scope.Has(0) {
		t.Errorf("link %s with scope %s", link.Name(), link.Scope)
	}
	stage := auth.Stage("warn")
	if stage.Name() != "stage:warn" || !stage.Scope.IsAll() || auth.May(stage, auth.WarningSend) != nil {
		t.Errorf("stage %s with scope %s", stage.Name(), stage.Scope)
	}
}

func TestEveryActNounRoleAndWayHasItsWords(t *testing.T) {
	b := i18n.New()
	if err := b.Add(auth.Texts); err != nil {
		t.Fatal(err)
	}
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	i18ntest.Strict(t, b)
	for _, lang := range b.Languages() {
		v := b.In(lang)
		for _, act := range auth.Acts() {
			v.T("auth.act." + string(act))
			v.T("auth.noun." + act.Noun())
		}
		for _, r := range auth.Roles() {
			v.T("auth.role." + string(r))
		}
		for _, way := range []auth.Via{auth.ViaSession, auth.ViaToken, auth.ViaLink, auth.ViaStage} {
			v.T("auth.via." + string(way))
		}
	}
}
