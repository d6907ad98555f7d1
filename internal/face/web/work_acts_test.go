package web_test

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/internal/base/auth"
)

func TestAnUploadedFileIsReadAndItsBadRowReleased(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	text := report("3389", "rdp", noon(), "203.0.113.10") + "\"2026-11-20 04:00:00\",\"high\",\"203.0.113.999\",\"tcp\",\"3389\",\"\",\"rdp\",\"64500\",\"VN\"\n"
	got := r.upload("/documents/new", map[string]string{"source": "shadowserver", "type": "scan_rdp"}, map[string]string{"ngày 20 tháng 11.csv": text})
	got.check(t, "upload", http.StatusSeeOther)
	document := got.Header.Get("Location")
	h.settle()
	r.sees(document, http.StatusOK, "Đọc một phần", "ngày 20 tháng 11.csv")
	if again := r.upload("/documents/new", map[string]string{"source": "shadowserver", "type": "scan_rdp"}, map[string]string{"again.csv": text}); again.Header.Get("Location") != document {
		t.Errorf("the same bytes again are %s, want %s", again.Header.Get("Location"), document)
	}
	if file := r.sees(document+"/original", http.StatusOK); file.text != text {
		t.Error("the original is not what was uploaded")
	}
	list := r.sees("/quarantine?document="+strings.TrimPrefix(document, "/documents/"), http.StatusOK, "203.0.113.999")
	_, rest, _ := strings.Cut(list.text, `href="/quarantine/Q`)
	q := "/quarantine/Q" + rest[:strings.Index(rest, `"`)]
	r.sees(q, http.StatusOK, "“203.0.113.999” không phải là địa chỉ IP.", `name="column.ip"`)
	r.post(q+"/release", "column.ip", "203.0.113.888").check(t, "release wrong", http.StatusUnprocessableEntity, "vẫn chưa đọc được", `value="203.0.113.888"`)
	r.post(q+"/release", "column.ip", "203.0.113.11").check(t, "release", http.StatusSeeOther)
	h.settle()
	r.sees("/findings?q=203.0.113.11", http.StatusOK, "203.0.113.11")
	r.post(q+"/release", "column.ip", "203.0.113.11").check(t, "release twice", http.StatusConflict)
	r.upload("/documents/new", map[string]string{"source": "shadowserver"}, nil).check(t, "no file", http.StatusUnprocessableEntity, "Hãy chọn một tệp")
}

func TestAnOriginalIsErasedByOrder(t *testing.T) {
	h := city(t)
	r := h.as(auth.Admin, "")
	r.post("/documents/S1/erase").check(t, "erase without an order", http.StatusUnprocessableEntity, "số và ngày của quyết định")
	r.post("/documents/S1/erase", "order", "12/QĐ-TTATTT").check(t, "erase", http.StatusSeeOther)
	r.sees("/documents/S1", http.StatusOK, "12/QĐ-TTATTT")
	r.sees("/documents/S1/original", http.StatusGone)
	r.post("/journal/seal").check(t, "verify", http.StatusOK, "Nhật ký nguyên vẹn")
	got := r.sees("/journal/checkpoint", http.StatusOK)
	r.post("/journal/seal", "checkpoint", strings.ReplaceAll(got.text, "\n", "\r\n")).check(t, "verify against it", http.StatusOK, "Nhật ký nguyên vẹn")
}

func TestARecordIsRefusedInTheReadersLanguageAndKeepsWhatWasTyped(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	wrong := []string{"organisation", "P-SAI-GON", "name", "Lê Thị Mơ", "email", "mơ(at)phuong", "language", "vi", "order", "1"}
	r.post("/contacts/new", wrong...).check(t, "a bad address", http.StatusUnprocessableEntity, "không phải địa chỉ thư điện tử", `value="Lê Thị Mơ"`)
	r.post("/contacts/new", "organisation", "NOWHERE", "name", "x", "email", "x@y.example").check(t, "an unknown body", http.StatusUnprocessableEntity)
	right := []string{"organisation", "P-SAI-GON", "name", "Lê Thị Mơ", "email", "mo@phuongsaigon.example", "language", "vi", "order", "3", "hours", "24x7"}
	got := r.post("/contacts/new", right...)
	got.check(t, "a contact", http.StatusSeeOther)
	page := got.Header.Get("Location")
	shown := r.sees(page+"/edit", http.StatusOK, "Lê Thị Mơ")
	_, rest, _ := strings.Cut(shown.text, `name="revision" value="`)
	revision := rest[:strings.Index(rest, `"`)]
	change := append([]string{"revision", revision}, right...)
	change[5] = "Lê Thị Mơ Mộng"
	r.post(page+"/edit", change...).check(t, "a change", http.StatusSeeOther)
	r.sees(page, http.StatusOK, "Lê Thị Mơ → Lê Thị Mơ Mộng")
	change[5] = "Ai khác"
	r.post(page+"/edit", change...).check(t, "a change of what was changed since", http.StatusUnprocessableEntity, "vừa có người khác sửa", `value="Ai khác"`)
	r.post(page+"/remove").check(t, "remove", http.StatusSeeOther)
	r.sees(page, http.StatusNotFound)
}

func TestAnAddressIsEndedOnADay(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	r.post("/addresses/A1/end", "last", "2024-01-01").check(t, "before its first day", http.StatusUnprocessableEntity, "không sớm hơn ngày bắt đầu")
	r.post("/addresses/A1/end", "last", "2026-11-19").check(t, "end", http.StatusSeeOther)
	r.sees("/addresses/A1", http.StatusOK, "Đã hết hiệu lực", "Kết thúc hiệu lực")
	r.sees("/whose?what=203.0.113.5&at=2026-11-18T10:00", http.StatusOK, "thuộc Phường Sài Gòn")
	r.sees("/whose?what=203.0.113.5&at=2026-11-20T10:00", http.StatusOK, "thuộc Sở Khoa học và Công nghệ")
}

func TestAnImportTellsWhichLineIsWrong(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	good := "organisation,name,email\nX-BINH-CHANH,Trực,truc@binhchanh.example\n"
	bad := "organisation,kind,value\nX-BINH-CHANH,prefix,203.0.113.7/24\n"
	got := r.upload("/estate/import", nil, map[string]string{"dau-moi.csv": good, "dia-chi.csv": bad})
	got.check(t, "import", http.StatusUnprocessableEntity, "dau-moi.csv", "dia-chi.csv", "203.0.113.0/24", "Không nhận")
	r.upload("/estate/import", nil, map[string]string{"dau-moi.csv": good}).check(t, "import again", http.StatusOK, "không có dòng nào bị từ chối")
	r.upload("/estate/import", nil, nil).check(t, "no file", http.StatusUnprocessableEntity, "Hãy chọn một tệp")
}

func TestTheDutyIsPlannedHandedOverAndCalled(t *testing.T) {
	h := city(t)
	a, b := h.as(auth.Analyst, ""), h.as(auth.Admin, "")
	a.sees("/duty", http.StatusOK, "Không có ai trực")
	a.post("/duty/shifts/new", "name", "", "level", "1", "from", "2026-11-21T07:30", "to", "2026-11-21T19:30").check(t, "no name", http.StatusUnprocessableEntity, "Nhập họ tên")
	a.post("/duty/shifts/new", "name", "Hòa", "phone", "028 0000 0101", "level", "1", "from", "2026-11-21T07:30", "to", "2026-11-21T19:30").check(t, "a shift", http.StatusSeeOther)
	a.sees("/duty", http.StatusOK, "Hòa", "Trống")
	a.post("/duty/rotate", "people", "Bảo; 028 0000 0102\nThủy; thuy@trungtam.example", "level", "1", "from", "2026-11-21T19:30", "length", "12", "n", "6").check(t, "rotate", http.StatusSeeOther)
	a.sees("/duty?week=2026-11-23", http.StatusOK, "Bảo", "Thủy")
	a.post("/duty/handovers", "text", "Gọi lại phường Sài Gòn").check(t, "a note", http.StatusSeeOther)
	a.sees("/duty", http.StatusOK, "Gọi lại phường Sài Gòn", "Ca sau nhận, không phải người viết")
	b.post("/duty/handovers/H1/accept").check(t, "accept", http.StatusSeeOther)
	b.sees("/duty/handovers", http.StatusOK, "đã nhận bàn giao")
	calls := a.sees("/duty/calls", http.StatusOK)
	_, rest, found := strings.Cut(calls.text, `href="/duty/calls/`)
	if !found {
		t.Fatal("nobody is to be called, and a body has no contact")
	}
	page := "/duty/calls/" + rest[:strings.Index(rest, `"`)]
	a.post(page).check(t, "no outcome", http.StatusUnprocessableEntity, "Chọn kết quả cuộc gọi")
	a.post(page, "state", "reached", "note", "Gặp chị Mai").check(t, "a call", http.StatusSeeOther)
	a.sees(page, http.StatusOK, "Gặp chị Mai")
}

func TestAMuteIsAddedAndEnded(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	r.post("/mutes/new", "what", "203.0.113.0/28", "begins", "2026-11-21T13:00", "ends", "2026-11-21T12:00", "reason", "bảo trì").check(t, "ends before it begins", http.StatusUnprocessableEntity, "Thời điểm kết thúc phải sau")
	r.post("/mutes/new", "what", "203.0.113.0/28", "begins", "2026-11-21T13:00", "ends", "2026-11-21T18:00", "reason", "bảo trì").check(t, "a mute", http.StatusSeeOther)
	r.sees("/mutes", http.StatusOK, "ip:203.0.113.0/28", "bảo trì")
	r.post("/mutes/1/end").check(t, "end", http.StatusSeeOther)
	r.sees("/mutes?state=over", http.StatusOK, "bảo trì")
}

func TestASourceIsAddedAndChanged(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	r.post("/sources/new", "name", "a b", "format", "list", "tlp", "amber").check(t, "a bad name", http.StatusUnprocessableEntity, "Tên chỉ gồm chữ")
	r.post("/sources/new", "name", "danh-sach", "format", "list", "tlp", "green", "kind", "indicators").check(t, "a source", http.StatusSeeOther)
	r.post("/sources/new", "name", "danh-sach", "format", "list", "tlp", "green").check(t, "the same name", http.StatusConflict, "Đã có nguồn tin mang tên này")
	r.post("/sources/danh-sach/edit", "tlp", "red", "zone", "Nowhere/Here").check(t, "a bad zone", http.StatusUnprocessableEntity, "Múi giờ không hợp lệ")
	r.post("/sources/danh-sach/edit", "tlp", "red", "zone", "UTC", "kind", "indicators").check(t, "a change", http.StatusSeeOther)
	r.sees("/sources/danh-sach", http.StatusOK, "TLP:RED", "Sửa nguồn tin")
}

func TestAListIsTakenAwayAsItIsSeen(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	got := r.sees("/documents?format=csv&source=shadowserver", http.StatusOK, "Tài liệu,Nhận lúc", "S3,2026-11-21T06:00:00Z,shadowserver,Đọc một phần")
	if !strings.HasPrefix(got.text, "\ufeff") {
		t.Error("Excel would break the Vietnamese: the file has no mark")
	}
	r.sees("/journal?format=csv&noun=finding", http.StatusOK)
	r.sees("/sources?format=doc", errsUsage)
}

// errsUsage is the status of a request that makes no sense.
const errsUsage = http.StatusBadRequest

func TestTheJournalIsNarrowedByNounVerbSubjectAndActor(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	r.sees("/journal?noun=source", http.StatusOK, "Thêm nguồn tin")
	if got := r.sees("/journal?noun=source", http.StatusOK); strings.Contains(got.text, "Nhận tài liệu") {
		t.Error("the journal of sources tells of documents")
	}
	r.sees("/journal?q=document:S3", http.StatusOK, "Nhận tài liệu", "Đọc xong")
	r.sees("/journal?verb=document.received", http.StatusOK, "Nhận tài liệu")
	r.sees("/journal?actor=stage:match", http.StatusOK, "Đọc xong")
	r.sees("/journal?noun=cats", http.StatusUnprocessableEntity)
}
