package web_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/internal/base/auth"
	"tocsin/internal/base/db"
	"tocsin/internal/face/web/webtest"
	"tocsin/internal/watch/deliver"
)

func TestContactHealthNamesWhoCannotBeReachedBeforeTheCrisis(t *testing.T) {
	h := city(t)
	h.apply("systems.csv", `code,name_vi,name_en,owner,kind,level,criticality,status
KHO-TINH,Kho lưu trữ số,Digital archive,TT-TINH,database,3,vital,operating
`)
	h.advance(10 * 24 * time.Hour) // nobody acknowledges anything
	r := h.as(auth.Analyst, "")
	r.sees("/contacts/health", http.StatusOK, "Tình trạng đầu mối", "Xã Bình Chánh", "Không có đầu mối", "Không xác nhận cảnh báo nào", "không có đầu mối 24/7", "Xin đơn vị")
	if got := r.sees("/contacts/health?kind=no-24x7", http.StatusOK, "Trung tâm Lưu trữ lịch sử"); strings.Contains(got.text, "Xã Bình Chánh") {
		t.Error("the filter by kind shows others")
	}
	r.sees("/contacts/health?kind=key-expired", http.StatusOK, "Không có dòng nào khớp bộ lọc")
	r.sees("/organisations/TT-TINH", http.StatusOK, "Đầu mối của đơn vị này có vấn đề")

	officer := h.as(auth.Officer, "P-SAI-GON")
	got := officer.sees("/contacts/health", http.StatusOK, "Phường Sài Gòn")
	for _, other := range []string{"Bình Chánh", "Tân Sơn Nhất", "Lưu trữ lịch sử"} {
		if strings.Contains(got.text, other) {
			t.Errorf("an officer sees the health of %s", other)
		}
	}
}

func TestAnAddressThatBouncesIsUnwellUntilSomethingArrives(t *testing.T) {
	h := city(t)
	set := func(where, state string) {
		err := h.db.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE delivery SET state = $1, reply = '550 no such user' WHERE channel = 'mail' AND recipient = 'attt@phuongsaigon.example' AND `+where, state)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	bounced := func() (emails []string) {
		all, err := h.post.Health(t.Context(), h.admin, deliver.HealthQuery{Kinds: []deliver.Ailment{deliver.Bounces}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			emails = append(emails, c.Email)
		}
		return emails
	}
	if got := bounced(); len(got) != 0 {
		t.Fatalf("before anything bounced: %v", got)
	}
	set("1 = 1", "bounced")
	if got := bounced(); len(got) != 1 || got[0] != "attt@phuongsaigon.example" {
		t.Fatalf("after all bounced: %v", got)
	}
	set("id = (SELECT MAX(id) FROM delivery WHERE recipient = 'attt@phuongsaigon.example')", "delivered")
	if got := bounced(); len(got) != 0 {
		t.Errorf("after the last arrived: %v", got)
	}
}

func TestTheContactHealthPageIsLookedAt(t *testing.T) {
	h := city(t)
	h.advance(10 * 24 * time.Hour)
	r := h.as(auth.Analyst, "")
	browser := webtest.Open(t)
	folder := shots()
	if folder == "" {
		folder = t.TempDir()
	}
	for _, width := range []int{webtest.Desk, webtest.Phone} {
		browser.Shot(h.server.URL+"/contacts/health", r.view(width), filepath.Join(folder, fmt.Sprintf("contact-health-%d.png", width)))
		browser.Axe(h.server.URL+"/contacts/health", r.view(width))
	}
}
