package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func vietnameseWords() Words {
	return Words{
		To: "Kính gửi:", Recipients: "Nơi nhận:", Number: "Số:", Subject: "V/v", Annex: "Phụ lục",
		Enclosed: "(Kèm theo văn bản số {number} {date} của {issuer})",
		Date:     "ngày {day} tháng {month} năm {year}", End: "./.",
	}
}

func vietnameseHead(number string) Head {
	return Head{
		Nation: "Cộng hòa xã hội chủ nghĩa Việt Nam", Motto: "Độc lập - Tự do - Hạnh phúc",
		Superior: "Ủy ban nhân dân\nThành phố Hồ Chí Minh", Issuer: "Trung tâm An ninh mạng\nThành phố",
		Number: number, Place: "Thành phố Hồ Chí Minh",
	}
}

func issued() time.Time { return time.Date(2026, 2, 5, 9, 30, 0, 0, time.FixedZone("+07", 7*3600)) }

// sampleLetter warns an invented ward of open remote desktops.
func sampleLetter() Document {
	rows := make([][]Cell, 12)
	for i := range rows {
		rows[i] = Cells(fmt.Sprint(i+1), fmt.Sprintf("203.0.113.%d", 10+i), "3389/tcp",
			fmt.Sprintf("Máy tính bàn một cửa số %d", i+1), fmt.Sprintf("%02d/02/2026 %02d:15", 3+i%2, 7+i))
	}
	return Document{
		Head:     vietnameseHead(NumberText(5, "TTANM-GS")),
		Abstract: "cảnh báo dịch vụ điều khiển máy tính từ xa (RDP) mở ra Internet",
		To:       []string{"Ủy ban nhân dân phường Bình Minh Đông"},
		Body: []Block{
			Paragraph{Runs: Plain("Thực hiện nhiệm vụ giám sát an ninh mạng, ngày 04 tháng 02 năm 2026 Trung tâm An ninh mạng Thành phố ghi nhận 12 máy tính thuộc dải địa chỉ của quý cơ quan cho phép điều khiển từ xa (Remote Desktop Protocol, cổng 3389/tcp) trực tiếp từ Internet.")},
			Paragraph{Runs: []Run{{Text: "Mức độ: "}, {Text: "Nghiêm trọng.", Bold: true}, {Text: " Kẻ tấn công thường dò mật khẩu qua dịch vụ này để chiếm quyền máy tính, mã hóa dữ liệu và tống tiền. Danh sách máy như sau:"}}},
			Table{
				Caption: "Bảng 1. Máy tính mở dịch vụ RDP ra Internet",
				Columns: []Column{{"STT", 0, Centre}, {"Địa chỉ IP", 0, Left}, {"Cổng", 0, Centre}, {"Thiết bị theo danh mục", 0, Left}, {"Thời điểm ghi nhận", 0, Centre}},
				Rows:    rows,
			},
			Paragraph{Runs: Plain("Đề nghị quý cơ quan thực hiện các việc sau trước 17 giờ 00 ngày 06 tháng 02 năm 2026:")},
			List{Mark: Number, Items: [][]Run{
				Plain("Đóng cổng 3389/tcp trên thiết bị tường lửa đối với mọi kết nối từ Internet; chỉ cho phép truy cập qua mạng riêng ảo (VPN) có xác thực hai yếu tố."),
				Plain("Đổi mật khẩu các tài khoản quản trị, rà soát nhật ký đăng nhập từ ngày 01 tháng 02 năm 2026 và báo cáo nếu có dấu hiệu bất thường."),
				{{Text: "Xác nhận đã nhận cảnh báo tại địa chỉ "}, {Text: "https://canhbao.example/x/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Link: "https://canhbao.example/x/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}, {Text: "."}},
			}},
			Paragraph{Runs: Plain("Mọi vướng mắc xin liên hệ bộ phận trực 24/7 của Trung tâm, điện thoại 028 0000 0000, thư điện tử truc@ttanm.example. Rất mong quý cơ quan quan tâm phối hợp.")},
		},
		Sign:       Signature{Lines: []string{"KT. Giám đốc", "Phó Giám đốc"}, Name: "Nguyễn Văn Mẫu"},
		Recipients: []string{"Như trên", "Giám đốc (để báo cáo)", "Công an Thành phố (PA05) để phối hợp", "Lưu: VT, GS"},
		Urgency:    "Khẩn",
		Marking:    "TLP:AMBER",
		Contact:    []string{"Địa chỉ: Số 1 đường Mẫu, Thành phố Hồ Chí Minh · Điện thoại: 028 0000 0000", "Thư điện tử: vanthu@ttanm.example · Trang thông tin: ttanm.example"},
		Words:      vietnameseWords(),
		Date:       issued(),
	}
}

// sampleReport is a report of all blocks, with two annexes.
func sampleReport() Document {
	months := make([][]Cell, 0, 45)
	for i := range 45 {
		months = append(months, Cells(fmt.Sprint(i+1), fmt.Sprintf("Đơn vị mẫu số %d thuộc khối phường, xã, đặc khu", i+1),
			fmt.Sprint(100+37*i%91), fmt.Sprint(90+31*i%83), fmt.Sprintf("%d,%d %%", 80+i%20, i%10)))
	}
	evidence := make([][]Cell, 0, 8)
	for i := range 8 {
		evidence = append(evidence, Cells(fmt.Sprint(i+1), "2026-01-1"+fmt.Sprint(i)+" 08:00", "198.51.100."+fmt.Sprint(i),
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"+fmt.Sprint(i),
			"https://mau.example/duong-dan/rat-dai/khong-co-dau-cach/"+fmt.Sprint(i)+"?thamso=giatri&khac=nua", "Máy chủ giả định phục vụ thử nghiệm"))
	}
	text := "Trong kỳ báo cáo, Trung tâm đã tiếp nhận và xử lý các cảnh báo từ đối tác trong và ngoài nước; xác định đơn vị chịu trách nhiệm, gửi cảnh báo, đôn đốc khắc phục và kiểm chứng kết quả một cách độc lập. "
	return Document{
		Head:     vietnameseHead(NumberText(27, "BC-TTANM")),
		Kind:     "Báo cáo",
		Abstract: "Kết quả giám sát, cảnh báo an ninh mạng quý I năm 2026",
		To:       []string{"Ủy ban nhân dân Thành phố", "Công an Thành phố", "Sở Khoa học và Công nghệ"},
		Body: []Block{
			Ground{Plain("Căn cứ Luật An ninh mạng ngày 10 tháng 12 năm 2025")},
			Ground{Plain("Căn cứ kế hoạch giám sát an ninh mạng năm 2026 của Thành phố")},
			Paragraph{Runs: Plain("Trung tâm An ninh mạng Thành phố báo cáo kết quả như sau:")},
			Heading{Part, "Phần I", "Kết quả thực hiện"},
			Heading{Clause, "1.", "Tiếp nhận và xử lý cảnh báo"},
			Paragraph{Runs: Plain(text + text)},
			List{Mark: Letter, Items: [][]Run{Plain("Tiếp nhận 1.204 báo cáo từ đối tác;"), Plain("Gửi 318 cảnh báo đến 96 đơn vị;"), Plain("Kiểm chứng khắc phục 301 trường hợp;"), Plain("Chuyển cấp trên 17 trường hợp quá hạn;"), Plain("Không để xảy ra sự cố nghiêm trọng.")}},
			Image{PNG: samplePNG(), Width: 140, Caption: "Hình 1. Số cảnh báo theo tháng", Alt: "Biểu đồ cột, mười hai tháng"},
			Heading{Clause, "2.", "Kết quả theo đơn vị"},
			Paragraph{Runs: Plain(text)},
			Table{
				Caption: "Bảng 1. Cảnh báo và kết quả khắc phục theo đơn vị",
				Columns: []Column{{"STT", 12, Centre}, {"Đơn vị", 0, Left}, {"Cảnh báo", 0, Right}, {"Đã khắc phục", 0, Right}, {"Tỷ lệ", 0, Right}},
				Rows:    months,
			},
			Heading{Part, "Phần II", "Phương hướng, nhiệm vụ"},
			Heading{Section, "Mục 1", "Nhiệm vụ trọng tâm"},
			Heading{Article, "Điều 1.", "Duy trì giám sát liên tục"},
			Paragraph{Runs: Plain(text + text)},
			List{Items: [][]Run{Plain("Mở rộng nguồn tin, rút ngắn thời gian xác định đơn vị;"), Plain("Diễn tập ứng cứu sự cố với các phường, xã, đặc khu.")}},
			Paragraph{Runs: Plain("Trên đây là báo cáo kết quả giám sát, cảnh báo an ninh mạng quý I năm 2026 của Trung tâm An ninh mạng Thành phố.")},
		},
		Sign:       Signature{Lines: []string{"Giám đốc"}, Name: "Trần Thị Ví Dụ"},
		Recipients: []string{"Như trên", "Lãnh đạo Trung tâm", "Lưu: VT, TH"},
		Annexes: []Annex{
			{Title: "Chỉ dấu kỹ thuật", Landscape: true, Body: []Block{Table{
				Columns: []Column{{"STT", 0, Centre}, {"Thời điểm", 0, Left}, {"Địa chỉ", 0, Left}, {"SHA-256", 0, Left}, {"Đường dẫn", 0, Left}, {"Ghi chú", 0, Left}},
				Rows:    evidence, Size: 11,
			}}},
			{Title: "Thuật ngữ", Body: []Block{List{Items: [][]Run{Plain("RDP: giao thức điều khiển máy tính từ xa."), Plain("TLP: quy ước đèn giao thông về phạm vi chia sẻ thông tin.")}}}},
		},
		Words: vietnameseWords(),
		Date:  issued(),
	}
}

// samplePNG is a bar chart without words.
func samplePNG() []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 840, 360))
	for x := range 840 {
		for y := range 360 {
			c := color.NRGBA{255, 255, 255, 255}
			if bar := x / 70; y > 340-bar*25 && x%70 > 15 && y < 345 {
				c = color.NRGBA{40, 80, 140, 255}
			} else if y == 345 {
				c = color.NRGBA{0, 0, 0, 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// look is the folder for the samples: TOCSIN_LOOK, so that a person can look at
// them, or one that the test removes.
func look(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("TOCSIN_LOOK"); dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	return t.TempDir()
}

func write(t *testing.T, dir, name string, set func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := set(&b); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// sampleEnglish is a letter to partners with a table whose row is higher than a
// page, and recipients beyond a page.
func sampleEnglish() Document {
	long := ""
	for i := range 260 {
		long += fmt.Sprintf("Line %d of the evidence that nobody summarised. ", i+1)
	}
	recipients := make([]string, 70)
	for i := range recipients {
		recipients[i] = fmt.Sprintf("Partner organisation number %d", i+1)
	}
	return Document{
		Head: Head{
			Nation: "Socialist Republic of Viet Nam", Motto: "Independence - Freedom - Happiness",
			Superior: "People's Committee\nof Ho Chi Minh City", Issuer: "City Cyber Security Centre", Number: "05/TTANM-GS", Place: "Ho Chi Minh City",
		},
		Abstract: "exposed remote desktop services", To: []string{"First partner", "Second partner, whose name is so long that it cannot stand on one line of the letter"},
		Body: []Block{
			Paragraph{Runs: Plain("We observed the following 👍 on 04 February 2026.")},
			Table{Columns: []Column{{"No.", 0, Centre}, {"Evidence", 0, Left}}, Rows: [][]Cell{Cells("1", "short"), Cells("2", long), Cells("3", "short")}},
		},
		Sign: Signature{Lines: []string{"Director"}, Name: "Tran Thi Vi Du"}, Recipients: recipients, Language: "en", Date: issued(),
		Words: Words{To: "To:", Recipients: "Recipients:", Number: "No.:", Subject: "Re:", Date: "{day}/{month}/{year}"},
	}
}
