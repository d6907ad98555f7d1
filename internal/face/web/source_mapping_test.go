package web_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tocsin/internal/base/auth"
	"tocsin/internal/face/web/webtest"
)

const pasted = "Thời gian;Địa chỉ IP;Cổng;Mã độc;Mức độ\n20/11/2026 08:15;203.0.113.7;443;Emotet;Cao\n19/11/2026 23:59;203.0.113.8;80;Qakbot;Nghiêm trọng\n19/11/2026 23:59;hôm qua;80;Qakbot;Thấp\n"

func TestAMappingIsMadeFromASampleAndKept(t *testing.T) {
	h := city(t)
	r := h.as(auth.Analyst, "")
	r.sees("/sources/mapping", http.StatusOK, "Dữ liệu mẫu")
	r.upload("/sources/mapping", map[string]string{"sample": "one line"}, nil).check(t, "no columns", http.StatusUnprocessableEntity, "Chưa thấy cột nào")
	got := r.upload("/sources/mapping", map[string]string{"sample": pasted}, nil)
	got.check(t, "sample", http.StatusOK, "1 trong 3 dòng không đọc được", "ip:203.0.113.7", "“hôm qua”", `value="02/01/2006 15:04"`, "08:15 20/11/2026")
	if !strings.Contains(html.UnescapeString(got.text), `"Địa chỉ IP"`) {
		t.Error("the mapping is not shown")
	}
	choice := map[string]string{"sample": pasted, "kind": "malware", "field.at": "Thời gian", "layout": "02/01/2006 15:04", "zone": "Asia/Ho_Chi_Minh", "field.port": "Cổng"}
	r.upload("/sources/mapping", choice, nil).check(t, "no address", http.StatusUnprocessableEntity, "cần ít nhất một cột")
	choice["field.ip"], choice["zone"] = "Địa chỉ IP", "Nowhere"
	r.upload("/sources/mapping", choice, nil).check(t, "no zone", http.StatusUnprocessableEntity, "Múi giờ không hợp lệ")
	choice["zone"], choice["do"], choice["name"] = "Asia/Ho_Chi_Minh", "save", "tên xấu!"
	r.upload("/sources/mapping", choice, nil).check(t, "a bad name", http.StatusUnprocessableEntity, "Tên chỉ gồm chữ")
	choice["name"] = "doi-tac-x"
	r.upload("/sources/mapping", choice, nil).check(t, "save", http.StatusSeeOther)
	doc := h.deliver("doi-tac-x", "a.csv", pasted)
	r.sees("/documents/"+doc.Label(), http.StatusOK, "203.0.113.7", "Đọc một phần")
	delete(choice, "name")
	choice["into"] = "doi-tac-x"
	r.upload("/sources/mapping", choice, nil).check(t, "save again", http.StatusSeeOther)
	choice["into"] = "shadowserver"
	h.as(auth.Auditor, "").sees("/sources/mapping", http.StatusForbidden)
}

func TestTheMappingHelperIsLookedAt(t *testing.T) {
	folder := shots()
	if folder == "" {
		folder = t.TempDir()
	}
	h := city(t)
	r := h.as(auth.Analyst, "")
	browser := webtest.Open(t)
	for _, width := range []int{webtest.Desk, webtest.Phone} {
		browser.Do(h.server.URL+"/sources/mapping", r.view(width), func(ctx context.Context) error {
			fill := "document.querySelector('#field-sample').value = " + strconv.Quote(pasted) + "; document.querySelector('main form').requestSubmit(); true"
			if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fill)); err != nil {
				return err
			}
			if err := chromedp.Do(ctx, chromedp.Sleep(time.Second)); err != nil {
				return err
			}
			return browser.Keep(ctx, r.view(width), filepath.Join(folder, fmt.Sprintf("mapping-preview-%d.png", width)))
		})
	}
}
