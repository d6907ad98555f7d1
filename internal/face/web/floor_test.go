package web_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"tocsin/internal/base/auth"
	"tocsin/internal/watch/finding"
	"tocsin/internal/watch/warning"
)

// state is the state of a finding now.
func (h *house) state(id finding.ID) finding.State {
	h.t.Helper()
	f, err := h.findings.Get(h.t.Context(), h.admin, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return f.State
}

func TestEachPageAnswersWhoMayOpenItAndNobodyElse(t *testing.T) {
	h := city(t)
	readers := map[string]*reader{
		"analyst": h.as(auth.Analyst, ""), "officer": h.as(auth.Officer, "P-SAI-GON"), "neighbour": h.as(auth.Officer, "P-TAN-SON-NHAT"),
		"supervisor": h.as(auth.Supervisor, ""), "leader": h.as(auth.Leader, ""), "auditor": h.as(auth.Auditor, ""),
		"partner": h.as(auth.Partner, "DT-SAO-MAI"), "admin": h.as(auth.Admin, ""),
	}
	for _, c := range []struct {
		path string
		want map[string]int
	}{
		{"/", map[string]int{"analyst": 200, "officer": 200, "supervisor": 200, "leader": 200, "auditor": 200, "partner": 200, "admin": 200}},
		{"/findings", map[string]int{"analyst": 200, "officer": 200, "leader": 200, "auditor": 200, "partner": 403}},
		{"/findings?state=nonsense", map[string]int{"analyst": 422}},
		{"/findings?sort=asset", map[string]int{"analyst": 422}},
		{"/findings?organisation=P-SAI-GON", map[string]int{"analyst": 200, "officer": 200, "neighbour": 404}},
		{"/findings?format=csv", map[string]int{"analyst": 200, "officer": 200, "partner": 403}},
		{"/findings?format=json", map[string]int{"analyst": 200, "officer": 200, "partner": 403}},
		{"/findings/F1", map[string]int{"analyst": 200, "officer": 200, "neighbour": 404, "auditor": 200, "partner": 403}},
		{"/findings/F6", map[string]int{"analyst": 200, "officer": 404}}, // nobody's
		{"/findings/F999", map[string]int{"analyst": 404, "officer": 404}},
		{"/findings/nonsense", map[string]int{"analyst": 404}},
		{"/findings/F1/do/verify", map[string]int{"analyst": 200, "officer": 403, "neighbour": 404, "auditor": 403}},
		{"/findings/F1/do/nonsense", map[string]int{"analyst": 404}},
		{"/findings/F1/do/witness", map[string]int{"analyst": 404}}, // only Tocsin itself does that
		{"/findings/F1/move", map[string]int{"analyst": 200, "officer": 403, "supervisor": 403}},
		{"/bulk/findings/ack?id=F1", map[string]int{"analyst": 200, "officer": 200, "neighbour": 404, "auditor": 403}},
		{"/bulk/findings/ack?all=1&f.severity=critical", map[string]int{"analyst": 200, "neighbour": 200}},
		{"/bulk/findings/ack", map[string]int{"analyst": 200}}, // nothing was ticked
		{"/search?q=sai+gon", map[string]int{"analyst": 200, "officer": 200, "partner": 200, "leader": 200}},
		{"/search", map[string]int{"analyst": 200}},
		{"/search?q=F1", map[string]int{"analyst": 303, "officer": 303, "neighbour": 200}},
		{"/people", map[string]int{"analyst": 200, "officer": 403, "supervisor": 200, "leader": 403, "partner": 403}},
		{"/people/U1", map[string]int{"analyst": 200, "officer": 403}},
		{"/people/U999", map[string]int{"analyst": 404}},
		{"/people/new", map[string]int{"admin": 200, "analyst": 403}},
		{"/who-may-what", map[string]int{"analyst": 200, "officer": 200, "partner": 200}},
		{"/keys", map[string]int{"analyst": 200}},
		{"/account", map[string]int{"analyst": 200, "officer": 200, "partner": 200, "auditor": 200}},
		{"/nowhere", map[string]int{"analyst": 404}},
	} {
		for name, status := range c.want {
			readers[name].get(c.path).check(t, name+" "+c.path, status)
		}
	}
	for _, path := range []string{"/", "/findings", "/findings/F1", "/people", "/account", "/search?q=F1"} {
		got := h.stranger().get(path)
		if to := got.Header.Get("Location"); got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/sign-in?next=%2F") {
			t.Errorf("a stranger at %s: %d to %q", path, got.StatusCode, to)
		}
	}
	h.stranger().post("/findings/F1/do/ack").check(t, "a stranger's post", http.StatusUnauthorized)
	h.stranger().sees("/nowhere", http.StatusNotFound, "Không có trang này")
	if h.state(1) != finding.Open {
		t.Error("looking has changed something")
	}
}

// A city in which nothing has happened yet has every page too.
func TestEveryPageSaysWhyItIsEmpty(t *testing.T) {
	h := empty(t)
	h.apply("organisations.csv", "code,name_vi,kind,tier\nP-A,Phường A,ward,city\nDT,Đối tác,partner,private\n")
	for role, code := range map[auth.Role]string{auth.Analyst: "", auth.Supervisor: "", auth.Officer: "P-A", auth.Partner: "DT"} {
		a := h.as(role, code)
		a.sees("/", http.StatusOK)
		a.sees("/search?q=zzz", http.StatusOK, "Không tìm thấy gì")
		if role != auth.Partner {
			a.sees("/findings", http.StatusOK, "Không có vấn đề nào")
			a.sees("/findings?q=x", http.StatusOK, "Không có dòng nào khớp bộ lọc")
		}
	}
}

func TestAnOfficerNeverSeesAnotherUnitsRows(t *testing.T) {
	h := city(t)
	other := h.as(auth.Officer, "X-BINH-CHANH")
	mine := func(text string) {
		t.Helper()
		for _, leak := range []string{"203.0.113.5", "203.0.113.70", "Tân Sơn Nhất", "attt@phuongsaigon", "192.0.2.9", "CVE-2022-41082"} {
			if strings.Contains(text, leak) {
				t.Errorf("%q leaks:\n%s", leak, plain(text))
			}
		}
	}
	for _, path := range []string{
		"/", "/findings", "/findings?all=1", "/findings?format=csv", "/findings?format=json", "/findings?open=F1", "/findings?unowned=1", "/search?q=203.0.113",
		"/search?q=phuong", "/search?q=cve", "/search?q=loc", "/search?q=sai-mon", "/bulk/findings/ack?all=1", "/findings/F1",
	} {
		mine(other.get(path).text)
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(other.get("/findings?format=json&all=1").text), &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row["organisation"] != "X-BINH-CHANH" {
			t.Errorf("exported: %v", row)
		}
	}
	if len(rows) != 3 {
		t.Errorf("%d rows exported, want 3", len(rows))
	}
	csv := other.get("/findings?format=csv&all=1").text
	if n := strings.Count(csv, "\n"); n != 4 || !strings.HasPrefix(csv, "\xef\xbb\xbfid,organisation,") {
		t.Errorf("CSV of %d lines: %.80s", n, csv)
	}
	other.post("/findings/F1/do/ack").check(t, "act on another's", http.StatusNotFound)
	other.post("/bulk/findings/ack", "id", "F1").check(t, "bulk act on another's", http.StatusNotFound)
	if h.state(1) != finding.Open {
		t.Error("another's finding has moved")
	}
}

func TestAFindingIsTakenThroughItsLifeByButtons(t *testing.T) {
	h := city(t)
	analyst, officer := h.as(auth.Analyst, ""), h.as(auth.Officer, "P-SAI-GON")
	officer.sees("/findings/F1", http.StatusOK, "Báo đã khắc phục", "Vì sao thuộc đơn vị này", "Địa chỉ nằm trong dải 203.0.113.0/26", "Cần làm gì")
	officer.post("/findings/F1/do/verify", "reason", "x").check(t, "an officer verifies", http.StatusForbidden)
	officer.post("/findings/F1/do/fixed", "back", "/").check(t, "claim", http.StatusSeeOther)
	if h.state(1) != finding.ClaimedFixed {
		t.Fatalf("F1 is %s", h.state(1))
	}
	officer.sees("/", http.StatusOK, "đang chờ nguồn tin xác minh")
	officer.post("/findings/F1/do/fixed").check(t, "claim again", http.StatusConflict)

	analyst.sees("/findings/F1/do/accept", http.StatusOK, "Chấp nhận rủi ro của F1 có thời hạn?")
	analyst.post("/findings/F1/do/accept", "reason", " ", "until", "2020-01-01").
		check(t, "accept without a reason", http.StatusUnprocessableEntity, "Hãy ghi rõ lý do", "tương lai")
	if h.state(1) != finding.ClaimedFixed {
		t.Error("a wrong form has changed something")
	}
	analyst.post("/findings/F1/do/verify", "reason", "Đã quét lại, cổng đóng").check(t, "verify", http.StatusSeeOther)
	analyst.sees("/findings/F1", http.StatusOK, "Đã quét lại, cổng đóng", "Đã xác minh hết")

	analyst.post("/findings/F6/move", "organisation", "", "reason", "x").check(t, "move to no choice", http.StatusUnprocessableEntity, "Hãy chọn một đơn vị")
	analyst.post("/findings/F6/move", "organisation", "P-SAI-GON", "reason", "Thuê của nhà mạng").check(t, "move", http.StatusSeeOther)
	officer.sees("/findings/F6", http.StatusOK, "Thuê của nhà mạng")
}

func TestManyFindingsMoveAfterAPreview(t *testing.T) {
	h := city(t)
	a := h.as(auth.Analyst, "")
	preview := a.sees("/bulk/findings/false-positive?id=F1&id=F2&f.severity=high", http.StatusOK, "2 vấn đề", "203.0.113.5", "Lý do")
	if h.state(1) != finding.Open || strings.Contains(preview.text, `value="F3"`) {
		t.Error("a preview changes nothing and takes only what was ticked")
	}
	a.post("/bulk/findings/false-positive", "id", "F1", "id", "F2").check(t, "without a reason", http.StatusUnprocessableEntity, "Hãy ghi rõ lý do")
	got := a.post("/bulk/findings/false-positive", "id", "F1", "id", "F2", "reason", "Máy quét của Trung tâm", "back", "/findings?severity=high")
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/findings?severity=high" || h.state(1) != finding.FalsePositive || h.state(2) != finding.FalsePositive {
		t.Errorf("%d to %q: F1 %s, F2 %s", got.StatusCode, got.Header.Get("Location"), h.state(1), h.state(2))
	}
	a.sees("/bulk/findings/ack?id=F1", http.StatusOK, "không có vấn đề nào phù hợp")
	a.post("/bulk/findings/ack", "id", "F1", "id", "F3").check(t, "one of two is elsewhere by now", http.StatusSeeOther)
	if h.state(1) != finding.FalsePositive || h.state(3) != finding.Acknowledged {
		t.Errorf("F1 %s, F3 %s", h.state(1), h.state(3))
	}
}

func TestTheLinkOfAMailAcknowledgesByItsButtonAlone(t *testing.T) {
	h := city(t)
	nobody, token := h.stranger(), h.ackToken()
	sent := func() int64 {
		n, err := h.warnings.Count(t.Context(), h.admin, warning.Query{States: []warning.State{warning.Sent}})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := sent()
	for range 2 {
		nobody.sees("/ack/"+token, http.StatusOK, "<form method=\"post\" action=\"/ack/"+token, "Tiếp theo", "CVE-2022-41082")
	}
	if sent() != before {
		t.Fatal("looking has acknowledged")
	}
	for range 2 {
		nobody.post("/ack/"+token).check(t, "the button", http.StatusOK, "cảnh báo đã được xác nhận", "Người xác nhận")
	}
	if sent() != before-1 {
		t.Errorf("%d warnings wait, want %d", sent(), before-1)
	}
	if got := nobody.get("/ack/" + token); got.Header.Get("Referrer-Policy") != "no-referrer" || strings.Contains(got.text, `method="post" action="/ack/`) {
		t.Error("the page after is not calm, or tells its address")
	}
	nobody.get("/ack/nonsense").check(t, "a made up link", http.StatusNotFound)
	h.advance(31 * 24 * time.Hour)
	nobody.get("/ack/"+token).check(t, "an old link", http.StatusGone, "Cảnh báo này đã kết thúc")
	nobody.post("/ack/"+token).check(t, "the button of an old link", http.StatusGone)
}

func TestSigningInTakesTwoStepsWhereThereIsASecondFactor(t *testing.T) {
	h := city(t)
	a := h.as(auth.Analyst, "")
	enrol := a.post("/account/factor", "factor_password", password)
	enrol.check(t, "enrol", http.StatusOK, "data:image/png;base64,")
	secret := byHand(t, enrol.text)
	code := func() string {
		c, err := totp.GenerateCode(secret, h.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a.post("/account/factor/confirm", "code", "000000").check(t, "a wrong code", http.StatusUnprocessableEntity, "Mã không đúng")
	a.post("/account/factor/confirm", "code", code()).check(t, "confirm", http.StatusOK, "Mã khôi phục")
	a.sees("/account", http.StatusOK, "Còn 10 mã khôi phục")

	b := h.stranger()
	b.post("/sign-in", "email", "", "password", "").check(t, "nothing typed", http.StatusUnprocessableEntity, "Hãy nhập địa chỉ thư", "Hãy nhập mật khẩu")
	b.post("/sign-in", "email", a.actor.Email, "password", "wrong").check(t, "a wrong password", http.StatusUnprocessableEntity, "không đúng", a.actor.Email)
	step := b.post("/sign-in", "email", a.actor.Email, "password", password, "next", "/findings/F1")
	step.check(t, "the first step", http.StatusOK, "Nhập mã xác thực")
	if strings.Contains(step.text, password) {
		t.Error("the password came back")
	}
	sealed := value(t, step.text, "step")
	b.post("/sign-in", "step", sealed, "code", "000000").check(t, "a wrong code", http.StatusUnprocessableEntity, "Mã không đúng")
	b.post("/sign-in", "step", sealed[:len(sealed)-4]+"AAAA", "code", code()).check(t, "a forged step", http.StatusUnprocessableEntity)
	h.clock.Advance(time.Minute) // a code is good once
	got := b.post("/sign-in", "step", sealed, "code", code(), "next", "/findings/F1")
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/findings/F1" || b.cookie == nil {
		t.Fatalf("signed in: %d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	b.sees("/findings/F1", http.StatusOK)
	b.post("/sign-out").check(t, "sign out", http.StatusSeeOther)
	b.get("/findings/F1").check(t, "after", http.StatusSeeOther)
	h.clock.Advance(10 * time.Minute)
	h.stranger().post("/sign-in", "step", sealed, "code", code()).check(t, "a step that is too old", http.StatusUnprocessableEntity, "5 phút")

	for range 6 {
		h.stranger().post("/sign-in", "email", "nobody@tocsin.example", "password", "x")
	}
	h.stranger().post("/sign-in", "email", "nobody@tocsin.example", "password", "x").
		check(t, "too often", http.StatusTooManyRequests, "tạm khóa")
	leader := h.as(auth.Leader, "")
	for _, next := range []string{"https://evil.example/", "//evil.example/", "/\\evil.example"} {
		if to := h.stranger().post("/sign-in", "email", leader.actor.Email, "password", password, "next", next).Header.Get("Location"); to != "/" {
			t.Errorf("next %q leads to %q", next, to)
		}
	}
}

// byHand is the secret of a second factor that a page shows to be typed: 32
// characters of base32.
func byHand(t testing.TB, page string) string {
	t.Helper()
	for word := range strings.FieldsFuncSeq(page, func(c rune) bool { return strings.ContainsRune("<>\" \n", c) }) {
		if len(word) == 32 && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "" {
			return word
		}
	}
	t.Fatal("the page shows no secret to type by hand")
	return ""
}

// value is what a hidden field of a page holds.
func value(t testing.TB, page, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `name="`+name+`" value="`)
	if !ok {
		t.Fatalf("no field %s on the page", name)
	}
	v, _, _ := strings.Cut(rest, `"`)
	return v
}

func TestAnInvitedPersonSetsAPasswordAndComesIn(t *testing.T) {
	h := city(t)
	admin := h.as(auth.Admin, "")
	admin.post("/people/new", "email", "no address", "role", "officer").check(t, "a wrong address", http.StatusUnprocessableEntity, "không phải là địa chỉ thư")
	admin.post("/people/new", "email", "moi@phuongsaigon.example", "role", "officer").check(t, "an officer of nobody", http.StatusUnprocessableEntity, "phải thuộc một đơn vị")
	made := admin.post("/people/new", "email", "moi@phuongsaigon.example", "name", "Lý Mới", "role", "officer", "organisation", "P-SAI-GON", "language", "vi")
	made.check(t, "invite", http.StatusOK, "https://tocsin.example/invite/")
	_, rest, _ := strings.Cut(made.text, "https://tocsin.example")
	link := rest[:strings.IndexAny(rest, "<\" \n")]

	b := h.stranger()
	b.sees(link, http.StatusOK, "moi@phuongsaigon.example")
	b.post(link, "password", "short", "again", "short").check(t, "too short", http.StatusUnprocessableEntity, "ít nhất 12 ký tự")
	b.post(link, "password", password, "again", password+"!").check(t, "not the same", http.StatusUnprocessableEntity, "không giống nhau")
	b.post(link, "password", password, "again", password).check(t, "set", http.StatusSeeOther)
	b.get(link).check(t, "the used link", http.StatusGone)
	b.get("/invite/nonsense").check(t, "a made up link", http.StatusNotFound)
	b.post("/sign-in", "email", "moi@phuongsaigon.example", "password", password).check(t, "sign in", http.StatusSeeOther)
	b.sees("/", http.StatusOK, "Phường Sài Gòn")

	id := firstPerson(admin.get("/people?q=moi").text)
	admin.sees("/people/"+id, http.StatusOK, "Lý Mới")
	admin.post("/people/"+id+"/disable", "reason", "").check(t, "without a reason", http.StatusUnprocessableEntity)
	admin.post("/people/"+id+"/disable", "reason", "Nghỉ việc").check(t, "disable", http.StatusSeeOther)
	b.get("/").check(t, "after", http.StatusSeeOther)
	admin.post("/people/"+id+"/enable").check(t, "enable", http.StatusSeeOther)
	admin.post("/people/"+id+"/reset").check(t, "reset", http.StatusOK, "https://tocsin.example/invite/")
	h.as(auth.Analyst, "").post("/people/"+id+"/disable", "reason", "x").check(t, "an analyst disables", http.StatusForbidden)
}

// firstPerson is the first id of a list of people.
func firstPerson(page string) string {
	_, rest, _ := strings.Cut(page, "/people/U")
	return "U" + rest[:strings.IndexAny(rest, "\"/?")]
}

func TestTheAccountIsOnesOwn(t *testing.T) {
	h := city(t)
	a := h.as(auth.Analyst, "")
	token := a.post("/account/tokens", "token_name", "máy gửi", "expires", "2027-01-31")
	token.check(t, "make a token", http.StatusOK, "toc_")
	if again := a.get("/account"); strings.Contains(again.text, "toc_") || !strings.Contains(again.text, "máy gửi") {
		t.Error("a token is shown once, its name always")
	}
	a.post("/tokens/T2/revoke").check(t, "revoke", http.StatusSeeOther)
	a.sees("/account", http.StatusOK, "đã thu hồi")
	h.as(auth.Officer, "P-SAI-GON").post("/tokens/T2/revoke").check(t, "another's token", http.StatusNotFound)

	second := h.enter(a.actor.Email, "")
	a.post("/account/password", "old", "wrong", "new", password+" 2", "again", password+" 2").check(t, "a wrong old one", http.StatusUnprocessableEntity, "Mật khẩu không đúng")
	a.post("/account/password", "old", password, "new", password+" 2", "again", password+" 2").check(t, "change", http.StatusSeeOther)
	a.sees("/account", http.StatusOK)
	second.get("/account").check(t, "the other session", http.StatusSeeOther)

	a.post("/account", "name", "Nguyễn Hòa", "language", "en").check(t, "edit", http.StatusSeeOther)
	a.lang = "en"
	a.sees("/account", http.StatusOK, "Nguyễn Hòa", "Account")
}

func TestTheLanguageSwitchKeepsThePage(t *testing.T) {
	h := city(t)
	a := h.as(auth.Analyst, "")
	got := a.post("/preferences", "language", "en", "back", "/findings?severity=high&open=F2")
	if got.Header.Get("Location") != "/findings?severity=high&open=F2" {
		t.Errorf("back to %q", got.Header.Get("Location"))
	}
	a.lang = "en"
	a.sees("/findings?severity=high&open=F2", http.StatusOK, "Why it is theirs", "The address lies in 203.0.113.32/28")
}

func TestAnotherSiteCanPressNoButton(t *testing.T) {
	h := city(t)
	a := h.as(auth.Analyst, "")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.server.URL+"/findings/F1/do/ack", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	a.do(r).check(t, "from elsewhere", http.StatusForbidden)
	got := a.get("/")
	if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if h.state(1) != finding.Open {
		t.Error("another site has pressed the button")
	}
}

func TestLivePagesHearOfWhatTheirReaderMaySee(t *testing.T) {
	h := city(t)
	listen := func(a *reader) <-chan string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL+"/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(a.cookie)
		got, err := http.DefaultClient.Do(r)
		if err != nil || got.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
			t.Fatalf("%v %v", got, err)
		}
		t.Cleanup(func() { _ = got.Body.Close() })
		lines := make(chan string, 100)
		in := bufio.NewScanner(got.Body)
		in.Scan() // the stream stands
		go func() {
			for in.Scan() {
				if strings.HasPrefix(in.Text(), "data: ") {
					lines <- in.Text()
				}
			}
		}()
		return lines
	}
	mine, theirs := listen(h.as(auth.Officer, "P-SAI-GON")), listen(h.as(auth.Officer, "X-BINH-CHANH"))
	if _, err := h.findings.Do(t.Context(), h.admin, 1, finding.Change{Act: finding.Ack}); err != nil {
		t.Fatal(err)
	}
	select {
	case line := <-mine:
		if line != `data: {"n":1}` {
			t.Errorf("heard %q", line)
		}
	case <-time.After(10 * time.Second):
		t.Error("the owner heard nothing")
	}
	select {
	case line := <-theirs:
		t.Errorf("another unit heard %q", line)
	case <-time.After(300 * time.Millisecond):
	}
}

func TestAnIDLeadsToItsPageOnlyForWhoMaySeeIt(t *testing.T) {
	h := city(t)
	a, other := h.as(auth.Analyst, ""), h.as(auth.Officer, "X-BINH-CHANH")
	if to := a.get("/search?q=f1").Header.Get("Location"); to != "/findings/F1" {
		t.Errorf("f1 leads to %q", to)
	}
	other.sees("/search?q=F1", http.StatusOK, "Không tìm thấy gì")
	a.sees("/search?q=tan+son+nhat", http.StatusOK, "Phường Tân Sơn Nhất")
	a.sees("/search?q=203.0.113.41", http.StatusOK, "Của ai", "Trung tâm Phục vụ hành chính công phường Sài Gòn", "F16")
	a.sees("/search?q=scan_rdp", http.StatusOK, "S1")
}

// The officer's page has one thing to do, and its button does it.
func TestTheOfficersPageAsksForOneThingAndDoesIt(t *testing.T) {
	h := city(t)
	o := h.as(auth.Officer, "X-BINH-CHANH")
	page := o.sees("/", http.StatusOK, "Xác nhận cảnh báo W3", "vấn đề cần khắc phục", "Đầu mối của đơn vị")
	if !strings.Contains(page.text, `action="/warnings/W3/acknowledge"`) {
		t.Fatalf("no button: %s", plain(page.text))
	}
	o.post("/warnings/W3/acknowledge", "back", "/").check(t, "the button", http.StatusSeeOther)
	w, err := h.warnings.Get(t.Context(), h.admin, 3, "vi")
	if err != nil || w.State != warning.Acknowledged || w.AcknowledgedBy != o.actor.Email {
		t.Errorf("W3: %+v, %v", w, err)
	}
	o.sees("/", http.StatusOK, "Khắc phục: Đơn vị chưa có đầu mối liên hệ", "đã xác nhận, đang khắc phục")
}
