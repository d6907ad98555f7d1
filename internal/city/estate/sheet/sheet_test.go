package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"tocsin/internal/base/errs"
	"tocsin/internal/base/i18n"
	"tocsin/internal/base/i18n/i18ntest"
	"tocsin/internal/city/estate/sheet"
)

// one reads a file that holds exactly one sheet.
func one(t *testing.T, data string) sheet.Sheet {
	t.Helper()
	sheets, err := sheet.Read("estate.dat", []byte(data))
	if err != nil || len(sheets) != 1 {
		t.Fatalf("%d sheets, %v", len(sheets), err)
	}
	return sheets[0]
}

// sound reads a file that holds exactly one sheet without refusals.
func sound(t *testing.T, data string) sheet.Sheet {
	t.Helper()
	s := one(t, data)
	if len(s.Refused) > 0 {
		t.Fatalf("refused: %+v", s.Refused)
	}
	return s
}

const twoWards = "code,name_vi,kind,tier\n26740,Phường Sài Gòn,ward,city\n26743,Phường Bến Thành,ward,city\n"

func wards(first, second int) []sheet.Organisation {
	return []sheet.Organisation{
		{Line: first, Code: "26740", NameVI: "Phường Sài Gòn", Kind: "ward", Tier: "city"},
		{Line: second, Code: "26743", NameVI: "Phường Bến Thành", Kind: "ward", Tier: "city"},
	}
}

func TestFilesAreReadAsOfficesSaveThem(t *testing.T) {
	utf16le := func(s string, bigEndian bool) string {
		var b []byte
		for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
			if bigEndian {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		return string(b)
	}
	for name, c := range map[string]struct {
		text          string
		first, second int
	}{
		"plain":                        {twoWards, 2, 3},
		"with a byte order mark":       {"\ufeff" + twoWards, 2, 3},
		"CRLF":                         {strings.ReplaceAll(twoWards, "\n", "\r\n"), 2, 3},
		"CR of old Macintosh":          {strings.ReplaceAll(twoWards, "\n", "\r"), 2, 3},
		"semicolons":                   {strings.ReplaceAll(twoWards, ",", ";"), 2, 3},
		"tabs":                         {strings.ReplaceAll(twoWards, ",", "\t"), 2, 3},
		"semicolons named by Excel":    {"sep=;\r\n" + strings.ReplaceAll(strings.ReplaceAll(twoWards, ",", ";"), "\n", "\r\n"), 3, 4},
		"UTF-16 little-endian, tabs":   {utf16le(strings.ReplaceAll(twoWards, ",", "\t"), false), 2, 3},
		"UTF-16 big-endian":            {utf16le(twoWards, true), 2, 3},
		"no end of line at the end":    {strings.TrimSuffix(twoWards, "\n"), 2, 3},
		"blank rows":                   {"\n,,,\n" + strings.ReplaceAll(twoWards, "\n", "\n\n , ,,\n"), 6, 9},
		"trailing empty columns":       {strings.ReplaceAll(twoWards, "\n", ",,,\n"), 2, 3},
		"everything quoted":            {`"code","name_vi","kind","tier"` + "\n" + `"26740","Phường Sài Gòn","ward","city"` + "\n" + `"26743","Phường Bến Thành","ward","city"`, 2, 3},
		"header as people write it":    {" Code*,Name VI *,KIND,Tier \n26740,  Phường Sài Gòn ,ward,city\n26743,\u00a0Phường Bến Thành\u200b,ward,city", 2, 3},
		"decomposed letters":           {norm.NFD.String(twoWards), 2, 3},
		"columns in another order":     {"tier,kind,name_vi,code\ncity,ward,Phường Sài Gòn,26740\ncity,ward,Phường Bến Thành,26743\n", 2, 3},
		"optional columns and empties": {"code,name_vi,name_en,kind,parent,tier,sector,valid_from,valid_to\n26740,Phường Sài Gòn,,ward,,city,,,\n26743,Phường Bến Thành,,ward,,city\n", 2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := sound(t, c.text)
			if s.Kind != sheet.Organisations || s.File != "estate.dat" {
				t.Errorf("kind %q of %q", s.Kind, s.File)
			}
			if d := cmp.Diff(wards(c.first, c.second), s.Rows.Organisations); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestEveryKindIsKnownByItsHeader(t *testing.T) {
	for kind, text := range map[sheet.Kind]string{
		sheet.Organisations: twoWards,
		sheet.Successions:   "from,to,date,share\na,b,2025-07-01,full\n",
		sheet.Contacts:      "organisation,name,email\na,Trực ban,attt@phuong.example\n",
		sheet.Systems:       "code,name_vi,owner,kind\ns,Cổng thông tin,a,website\n",
		sheet.Addresses:     "organisation,kind,value\na,prefix,198.51.100.0/24\n",
		sheet.Endpoints:     "organisation,hostname,kind\na,may-01,workstation\n",
		sheet.Software:      "organisation,product\na,nginx\n",
	} {
		s := sound(t, text)
		if s.Kind != kind || s.Rows.Len() == 0 {
			t.Errorf("%q with %d rows, want %q", s.Kind, s.Rows.Len(), kind)
		}
	}
}

func TestValuesAreMadeCanonical(t *testing.T) {
	s := sound(t, "organisation;kind;value;realm\n"+
		"a;asn;64500;\n"+
		"a;asn;as64501;public\n"+
		"a;domain;Phuong.Example.;\n"+
		"a;domain;phường.example;\n"+
		"a;prefix;2001:DB8:0::/32;\n"+
		"a;prefix;198.51.100.7;\n"+
		"a;egress;203.0.113.9/32;\n"+
		"a;egress;203.0.113.8/30;\n"+
		"a;prefix;192.168.1.0/24;phuong-a\n")
	var got []string
	for _, a := range s.Rows.Addresses {
		got = append(got, a.Value)
	}
	want := []string{
		"AS64500", "AS64501", "phuong.example", "xn--phng-rib8295b.example", "2001:db8::/32", "198.51.100.7/32",
		"203.0.113.9", "203.0.113.8/30", "192.168.1.0/24",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if p, ok := s.Rows.Addresses[6].Prefix(); !ok || p.String() != "203.0.113.9/32" {
		t.Errorf("%v %v", p, ok)
	}
	sys := sound(t, "code,name_vi,owner,kind,depends_on,level\ns,Hệ thống,a,database,\"x; y,z\",3\n").Rows.Systems[0]
	if d := cmp.Diff([]string{"x", "y", "z"}, sys.DependsOn); d != "" || sys.Level != 3 {
		t.Error(d, sys.Level)
	}
}

// place is a refusal without its texts.
type place struct {
	Line, Column int
	Key          string
}

func places(s sheet.Sheet) []place {
	var out []place
	for _, r := range s.Refused {
		out = append(out, place{r.Line, r.Column, r.Key})
	}
	return out
}

func TestWhatIsWrongIsRefusedWhereItStands(t *testing.T) {
	const (
		contact  = "organisation,name,email,phone,language,order,hours\n"
		endpoint = "organisation,hostname,kind,ip,realm\n"
		addr     = "organisation,kind,value,realm,valid_from,valid_to\n"
		system   = "code,name_vi,owner,kind,level,criticality,status,depends_on\n"
		org      = "code,name_vi,kind,tier,parent,valid_from,valid_to\n"
		software = "organisation,product,cpe,purl\n"
	)
	for name, c := range map[string]struct {
		text string
		want []place
	}{
		"nothing":                   {"", []place{{1, 1, "sheet.empty"}}},
		"only blanks":               {"\ufeff \r\n ,, \r\n", []place{{1, 1, "sheet.empty"}}},
		"not an estate file":        {"a,b\n1,2\n", []place{{1, 1, "sheet.header.unknown"}}},
		"unknown column":            {"code,name_vi,kind,tier,color\n", []place{{1, 5, "sheet.column.unknown"}}},
		"misspelt column":           {"code,nmae_vi,kind,tier\n", []place{{1, 0, "sheet.column.missing"}, {1, 2, "sheet.column.unknown-near"}}},
		"missing column":            {"code,kind,tier\n", []place{{1, 0, "sheet.column.missing"}}},
		"doubled column":            {"code,name_vi,kind,tier,Code\n", []place{{1, 5, "sheet.column.twice"}}},
		"stray value":               {strings.Replace(twoWards, "city\n", "city,,x\n", 1), []place{{2, 6, "sheet.row.stray"}}},
		"quote not closed":          {twoWards + "\"26746,Phường,ward,city\n", []place{{4, 0, "sheet.csv.quote"}}},
		"windows-1258":              {"code,name_vi,kind,tier\nx,\xd0\xfd\xf2\xecng,ward,city\n", []place{{2, 3, "sheet.encoding.legacy"}}},
		"TCVN3":                     {"code,name_vi,kind,tier\nx,Ph\xad\xeang B\xd5n Th\xb5nh,ward,city\n", []place{{2, 5, "sheet.encoding.legacy"}}},
		"broken UTF-8":              {"code,name_vi,kind,tier\nx,\xff,ward,city\n", []place{{2, 3, "sheet.encoding.unknown"}}},
		"UTF-16 without mark":       {"c\x00o\x00d\x00e\x00", []place{{1, 2, "sheet.encoding.binary"}}},
		"TCVN3 font in Unicode":     {org + "x,Ph\u00adêng BÕn Thµnh,ward,city\n", []place{{2, 2, "sheet.value.tcvn3"}}},
		"old Excel":                 {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1xxxx", []place{{1, 1, "sheet.workbook.old"}}},
		"broken XLSX":               {"PK\x03\x04xxxx", []place{{1, 1, "sheet.workbook.damaged"}}},
		"required value":            {org + "x,,ward,city\n", []place{{2, 2, "sheet.value.required"}}},
		"vocabulary":                {org + "x,X,wrad,citty\n", []place{{2, 3, "sheet.value.one-of-near"}, {2, 4, "sheet.value.one-of-near"}}},
		"vocabulary, nothing near":  {org + "x,X,zzzzzz,city\n", []place{{2, 3, "sheet.value.one-of"}}},
		"own parent":                {org + "x,X,ward,city,x\n", []place{{2, 5, "sheet.value.own-parent"}}},
		"dates of two kinds":        {org + "x,X,ward,city,,01/07/2025,soon\n", []place{{2, 6, "sheet.value.date-near"}, {2, 7, "sheet.value.date"}}},
		"dates the wrong way round": {org + "x,X,ward,city,,2025-07-02,2025-07-01\n", []place{{2, 7, "sheet.value.dates"}}},
		"no such day":               {org + "x,X,ward,city,,2025-02-30\n", []place{{2, 6, "sheet.value.date"}}},
		"code of two words":         {org + "x y,X,ward,city\n", []place{{2, 1, "sheet.value.code"}}},
		"line break":                {org + "x,\"X\nY\",ward,city\n", []place{{2, 2, "sheet.value.line-break"}}},
		"control character":         {org + "x,X\x07Y,ward,city\n", []place{{2, 2, "sheet.value.control"}}},
		"formula error":             {org + "x,#REF!,ward,city\n", []place{{2, 2, "sheet.value.formula"}}},
		"long value":                {org + "x," + strings.Repeat("ơ", 1001) + ",ward,city\n", []place{{2, 2, "sheet.value.long"}}},
		"succeeds itself":           {"from,to,date,share\nx,x,2025-07-01,full\n", []place{{2, 2, "sheet.value.own-successor"}}},
		"e-mail":                    {contact + "a,A,attt@phuong,,,,\na,A,A <a@b.example>,,,,\n", []place{{2, 3, "sheet.value.email"}, {3, 3, "sheet.value.email"}}},
		"phone":                     {contact + "a,A,a@b.example,hỏi trực ban\n", []place{{2, 4, "sheet.value.phone"}}},
		"language":                  {contact + "a,A,a@b.example,,fr\n", []place{{2, 5, "sheet.value.one-of"}}},
		"order":                     {contact + "a,A,a@b.example,,,0\n", []place{{2, 6, "sheet.value.order"}}},
		"hours":                     {contact + "a,A,a@b.example,,,,Mon-Fri 7:30-17:00\na,A,b@b.example,,,,Mon-Fri 17:00-07:30\na,A,c@b.example,,,,T2-T6 07:30-17:00\n", []place{{2, 7, "sheet.value.hours"}, {3, 7, "sheet.value.hours"}, {4, 7, "sheet.value.hours"}}},
		"host bits":                 {addr + "a,prefix,198.51.100.7/24\n", []place{{2, 3, "sheet.address.host-bits"}}},
		"no prefix":                 {addr + "a,prefix,198.51.100/24\n", []place{{2, 3, "sheet.address.prefix"}}},
		"mapped":                    {addr + "a,prefix,::ffff:198.51.100.0/120\n", []place{{2, 3, "sheet.address.mapped"}}},
		"the whole Internet":        {addr + "a,prefix,0.0.0.0/0\n", []place{{2, 3, "sheet.address.everything"}}},
		"private in public":         {addr + "a,prefix,192.168.1.0/24,public\n", []place{{2, 3, "sheet.address.private"}}},
		"asn":                       {addr + "a,asn,AS0\na,asn,AS\na,asn,4294967296\n", []place{{2, 3, "sheet.address.asn"}, {3, 3, "sheet.address.asn"}, {4, 3, "sheet.address.asn"}}},
		"url":                       {addr + "a,domain,https://a.example/x\n", []place{{2, 3, "sheet.address.url"}}},
		"wildcard":                  {addr + "a,domain,*.a.example\n", []place{{2, 3, "sheet.address.wildcard"}}},
		"public suffix":             {addr + "a,domain,gov.vn\n", []place{{2, 3, "sheet.address.suffix"}}},
		"domain":                    {addr + "a,domain,a b.example\na,domain,198.51.100.1\n", []place{{2, 3, "sheet.address.domain"}, {3, 3, "sheet.address.domain"}}},
		"realm":                     {addr + "a,prefix,10.0.0.0/8,Public\na,prefix,10.0.0.0/8,a b\n", []place{{2, 4, "sheet.value.realm-public"}, {3, 4, "sheet.value.realm"}}},
		"endpoint":                  {endpoint + "a,may 1,server,\na,b,laptop,\na,c,server,10.0.0.256\n", []place{{2, 2, "sheet.value.hostname"}, {3, 3, "sheet.value.one-of"}, {4, 4, "sheet.value.ip"}}},
		"level":                     {system + "s,S,a,website,6\n", []place{{2, 5, "sheet.value.level"}}},
		"depends on itself":         {system + "s,S,a,website,,,,t s\n", []place{{2, 8, "sheet.value.own-dependency"}}},
		"depends twice":             {system + "s,S,a,website,,,,t;t\n", []place{{2, 8, "sheet.value.code-twice"}}},
		"cpe":                       {software + "a,nginx,cpe:2.3:a:nginx,\n", []place{{2, 3, "sheet.value.cpe"}}},
		"purl":                      {software + "a,nginx,,npm/x\n", []place{{2, 4, "sheet.value.purl"}}},
		"same organisation twice":   {twoWards + "26740,Phường khác,ward,city\n", []place{{4, 1, "sheet.row.twice"}}},
		"same contact twice":        {contact + "a,A,a@b.example\na,B,A@B.example\n", []place{{3, 3, "sheet.row.twice"}}},
		"same address twice":        {addr + "a,asn,AS64500,\na,asn,64500,public\n", []place{{3, 3, "sheet.row.twice"}}},
		"same host twice":           {endpoint + "a,PC1,server\na,pc1,server\nb,pc1,server\n", []place{{3, 2, "sheet.row.twice"}}},
		"JSON, not closed":          {`{"organisations":[{"code":"x"`, []place{{1, 30, "sheet.json.syntax"}}},
		"JSON, a comma too many":    {"{\"successions\":[\n {\"from\":\"a\",}]}", []place{{2, 13, "sheet.json.syntax"}}},
		"JSON, a list":              {"[]", []place{{1, 1, "sheet.json.object"}}},
		"JSON, more after it":       {`{"contacts":[]} x`, []place{{1, 17, "sheet.json.rest"}}},
		"JSON, unknown key":         {`{"wards":[{"a":[1,{}]}]}`, []place{{1, 2, "sheet.json.kind"}}},
		"JSON, no list":             {`{"contacts":{"a":1}}`, []place{{1, 13, "sheet.json.list"}}},
		"JSON, no object":           {`{"contacts":[1,["x"]]}`, []place{{1, 14, "sheet.json.row"}, {1, 16, "sheet.json.row"}}},
		"JSON, value of no kind":    {"{\"organisations\":[\n{\"code\":\"ơ\",\"name_vi\":true,\"kind\":{}}]}", []place{{2, 23, "sheet.json.value"}, {2, 35, "sheet.json.value"}}},
		"JSON, unknown column":      {`{"contacts":[{"emial":"x"}]}`, []place{{1, 15, "sheet.column.unknown-near"}}},
		"JSON, key twice":           {`{"contacts":[{"email":"x","email":"y"}]}`, []place{{1, 27, "sheet.json.twice"}}},
		"JSON, wrong value":         {"{\"systems\":[\n  {\"code\":\"s\",\"name_vi\":\"S\",\"owner\":\"a\",\"kind\":\"website\",\n   \"level\":9,\"depends_on\":[\"a b\"]}]}", []place{{3, 28, "sheet.value.code"}}},
		"JSON, wrong level":         {"{\"systems\":[\n  {\"code\":\"s\",\"name_vi\":\"S\",\"owner\":\"a\",\"kind\":\"website\",\n   \"level\":9}]}", []place{{3, 12, "sheet.value.level"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, places(one(t, c.text))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestARefusalSaysWhatToWriteInstead(t *testing.T) {
	for text, want := range map[string]string{
		"organisation,kind,value\na,prefix,198.51.100.7/24\n":     "value: “198.51.100.7/24” has host bits set; the prefix is 198.51.100.0/24.",
		"code,nmae_vi,kind,tier\n":                                "organisations has no column “nmae_vi”; did you mean “name_vi”?",
		"from,to,date,share\na,b,1/7/2025,full\n":                 "date: “1/7/2025” is not written year-month-day; did you mean 2025-07-01?",
		"from,to,date,share\na,b,2025-07-01,half\n":               "share: “half” is not allowed; the values are full, partial.",
		"organisation,hostname,kind\na,PC,server\na,pc,server\n":  "“a + pc” stands twice: in lines 2 and 3.",
		"code,name_vi,kind,tier\nx,Ph\xad\xeang B\xd5n,ward,city": "The file is not UTF-8 (byte 0xAD); it looks like TCVN3 (ABC). Save it again as “CSV UTF-8”.",
	} {
		refused := one(t, text).Refused
		if !slices.ContainsFunc(refused, func(r sheet.Refusal) bool { return r.Reason == want }) {
			t.Errorf("%q\ngot  %+v\nwant %s", text, refused, want)
		}
	}
}

func TestRefusalsSpeakBothLanguages(t *testing.T) {
	b := i18n.New()
	if err := b.Add(sheet.Texts()); err != nil {
		t.Fatal(err)
	}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
	i18ntest.Strict(t, b)
	for _, r := range one(t, "organisation,kind,value\na,prefix,198.51.100.7/24\na,site,x\n,asn,AS1\n").Refused {
		vi, en := r.Text(b.In(i18n.Vietnamese)), r.Text(b.In(i18n.English))
		if vi == en || en != r.Reason {
			t.Errorf("%q and %q", vi, en)
		}
	}
}

func TestAJSONDocumentHoldsSeveralKinds(t *testing.T) {
	sheets, err := sheet.Read("e.json", []byte(`{
 "organisations": [{"code": 26740, "name_vi": "Phường Sài Gòn", "kind": "ward", "tier": "city", "parent": null}],
 "systems": [
   {"code": "s", "name_vi": "S", "owner": "26740", "kind": "website", "level": 2, "depends_on": ["x", "y"]},
   {"code": "t", "name_vi": "T", "owner": "26740", "kind": "website", "depends_on": "x y"}]
}`))
	if err != nil || len(sheets) != 2 {
		t.Fatal(sheets, err)
	}
	if d := cmp.Diff([]sheet.Organisation{{Line: 2, Code: "26740", NameVI: "Phường Sài Gòn", Kind: "ward", Tier: "city"}}, sheets[0].Rows.Organisations); d != "" {
		t.Error(d)
	}
	want := []sheet.System{
		{Line: 4, Code: "s", NameVI: "S", Owner: "26740", Kind: "website", Level: 2, DependsOn: []string{"x", "y"}},
		{Line: 5, Code: "t", NameVI: "T", Owner: "26740", Kind: "website", DependsOn: []string{"x", "y"}},
	}
	if d := cmp.Diff(want, sheets[1].Rows.Systems); d != "" {
		t.Error(d)
	}
}

func TestAWorkbookHasASheetPerKind(t *testing.T) {
	book := excelize.NewFile()
	put := func(name, at string, value any) {
		t.Helper()
		if err := book.SetCellValue(name, at, value); err != nil {
			t.Fatal(err)
		}
	}
	style := func(at, format string) {
		t.Helper()
		id, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
		if err == nil {
			err = book.SetCellStyle("Sheet1", at, at, id)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, h := range []string{"code", "name_vi", "kind", "tier", "valid_from", "valid_to"} {
		put("Sheet1", string(rune('A'+i))+"2", h)
	}
	put("Sheet1", "A3", 26740)
	put("Sheet1", "B3", "Phường Sài Gòn")
	put("Sheet1", "C3", "ward")
	put("Sheet1", "D3", "city")
	put("Sheet1", "E3", time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC))
	style("E3", "dd/mm/yyyy")
	put("Sheet1", "F3", "2030-01-31")
	put("Sheet1", "A5", 760)
	style("A5", "00000")
	put("Sheet1", "B5", "Quận 1")
	put("Sheet1", "C5", "district")
	put("Sheet1", "D5", "city")
	if _, err := book.NewSheet("software"); err != nil {
		t.Fatal(err)
	}
	for i, h := range []string{"organisation", "hostname"} {
		put("software", string(rune('A'+i))+"1", h)
	}
	if _, err := book.NewSheet("Trống"); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	sheets, err := sheet.Read("e.xlsx", out.Bytes())
	if err != nil || len(sheets) != 2 {
		t.Fatal(sheets, err)
	}
	want := []sheet.Organisation{
		{Line: 3, Code: "26740", NameVI: "Phường Sài Gòn", Kind: "ward", Tier: "city", ValidFrom: "2025-07-01", ValidTo: "2030-01-31"},
		{Line: 5, Code: "00760", NameVI: "Quận 1", Kind: "district", Tier: "city"},
	}
	if d := cmp.Diff(want, sheets[0].Rows.Organisations); d != "" || len(sheets[0].Refused) > 0 {
		t.Error(d, sheets[0].Refused)
	}
	if d := cmp.Diff([]place{{1, 0, "sheet.column.missing"}}, places(sheets[1])); d != "" || sheets[1].Kind != sheet.Software {
		t.Error(sheets[1].Kind, d)
	}
}

func TestAWorkbookThatUnpacksWithoutEndIsRefused(t *testing.T) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]place{{1, 1, "sheet.workbook.large"}}, places(one(t, out.String()))); d != "" {
		t.Error(d)
	}
}

func TestAFileBeyondTheLimitIsAnError(t *testing.T) {
	var e *errs.Error
	if _, err := sheet.Read("x", make([]byte, sheet.MaxSize+1)); !errors.As(err, &e) || e.Code != errs.TooLarge {
		t.Error(err)
	}
}

func TestOrderPutsProvidersFirst(t *testing.T) {
	sheets := []sheet.Sheet{
		{Name: "hosts", Kind: sheet.Endpoints},
		{Name: "wards", Kind: sheet.Organisations, Rows: sheet.Rows{Organisations: []sheet.Organisation{{Code: "w", Parent: "c"}}}},
		{Name: "unread"},
		{Name: "contacts", Kind: sheet.Contacts},
		{Name: "city", Kind: sheet.Organisations, Rows: sheet.Rows{Organisations: []sheet.Organisation{{Code: "c"}}}},
		{Name: "systems", Kind: sheet.Systems},
		{Name: "heirs", Kind: sheet.Successions},
	}
	var names []string
	for _, s := range sheet.Order(sheets) {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "city wards heirs systems contacts hosts unread" {
		t.Error(got)
	}
}

// aValue draws the values of one column.
func aValue(t *rapid.T, k sheet.Kind, column, label string) string {
	draw := func(values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	switch column {
	case "code", "organisation", "owner", "from", "to", "operator", "parent", "system":
		return column + fmt.Sprint(rapid.IntRange(1, 1_000_000_000).Draw(t, label))
	case "kind":
		switch k {
		case sheet.Organisations:
			return draw(sheet.OrganisationKinds()...)
		case sheet.Systems:
			return draw(sheet.SystemKinds()...)
		case sheet.Endpoints:
			return draw(sheet.EndpointKinds()...)
		default:
			return draw(sheet.AddressKinds()...)
		}
	case "tier":
		return draw(sheet.Tiers()...)
	case "share":
		return draw(sheet.Shares()...)
	}
	return ""
}

func TestReadGivesBackWhatWriteWrote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(sheet.Kinds()).Draw(t, "kind")
		var rows sheet.Rows
		maybe := func(s, label string) string {
			if rapid.Bool().Draw(t, label) {
				return s
			}
			return ""
		}
		text := rapid.StringMatching(`[a-zA-Zàáạđơư"',;|][a-zA-Z0-9àáạđơư "',;|.-]{0,20}[a-z"]`)
		for i := range rapid.IntRange(0, 5).Draw(t, "rows") {
			v := func(column string) string { return aValue(t, kind, column, column) }
			id := fmt.Sprintf("k%d", i) // Keeps keys apart.
			words := func(label string) string { return norm.NFC.String(text.Draw(t, label)) }
			line := i + 2
			switch kind {
			case sheet.Organisations:
				rows.Organisations = append(rows.Organisations, sheet.Organisation{
					Line: line, Code: id, NameVI: words("vi"), NameEN: maybe(words("en"), "hasEN"), Kind: v("kind"),
					Parent: maybe(v("parent"), "hasParent"), Tier: v("tier"), ValidFrom: maybe("2020-02-29", "hasFrom"), ValidTo: maybe("2025-06-30", "hasTo"),
				})
			case sheet.Successions:
				rows.Successions = append(rows.Successions, sheet.Succession{Line: line, From: id, To: v("to"), Date: "2025-07-01", Share: v("share")})
			case sheet.Systems:
				rows.Systems = append(rows.Systems, sheet.System{
					Line: line, Code: id, NameVI: words("vi"), Owner: v("owner"), Kind: v("kind"), Level: rapid.IntRange(0, 5).Draw(t, "level"),
					DependsOn: strings.Fields(maybe("a b", "hasDeps")), Status: maybe("operating", "hasStatus"),
				})
			case sheet.Contacts:
				rows.Contacts = append(rows.Contacts, sheet.Contact{
					Line: line, Organisation: v("organisation"), Name: words("name"), Email: id + "@phuong.example", Phone: maybe("028 5550 0101", "hasPhone"),
					Language: maybe("en", "hasLanguage"), Order: rapid.IntRange(0, 9).Draw(t, "order"), Hours: maybe("Mon-Fri 07:30-17:00", "hasHours"), Person: maybe("yes", "isPerson"),
				})
			case sheet.Addresses:
				rows.Addresses = append(rows.Addresses, sheet.Address{
					Line: line, Organisation: id, Kind: "prefix", Value: "198.51.100.0/24", Realm: maybe("mang-1", "hasRealm"), System: maybe("s", "hasSystem"),
				})
			case sheet.Endpoints:
				rows.Endpoints = append(rows.Endpoints, sheet.Endpoint{
					Line: line, Organisation: v("organisation"), Hostname: id, Kind: v("kind"), IP: maybe("2001:db8::1", "hasIP"), OS: maybe(words("os"), "hasOS"),
				})
			case sheet.Software:
				rows.Software = append(rows.Software, sheet.SoftwareLine{
					Line: line, Organisation: id, Vendor: maybe(words("vendor"), "hasVendor"), Product: words("product"), Version: maybe("1.10", "hasVersion"),
				})
			}
		}
		sheets, err := sheet.Read("x.csv", sheet.Write(kind, rows))
		if err != nil || len(sheets) != 1 || len(sheets[0].Refused) > 0 || sheets[0].Kind != kind {
			t.Fatalf("%+v, %v", sheets, err)
		}
		if d := cmp.Diff(rows, sheets[0].Rows, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(twoWards))
	f.Add([]byte("organisation;kind;value\na;prefix;198.51.100.0/24\n"))
	f.Add([]byte("\xff\xfec\x00o\x00"))
	f.Add([]byte(`{"systems":[{"code":"s","depends_on":["a"]}],"contacts":[{}]}`))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sheets, err := sheet.Read("x", data)
		if err != nil || len(sheets) == 0 {
			t.Fatalf("%d sheets, %v", len(sheets), err)
		}
		for _, s := range sheets {
			for _, r := range s.Refused {
				if r.Line < 1 || r.Column < 0 || strings.Contains(r.Reason, "⟦") || r.Reason == "" {
					t.Fatalf("%+v", r)
				}
			}
			if s.Kind == "" || len(s.Refused) > 0 {
				continue
			}
			again, err := sheet.Read("y", sheet.Write(s.Kind, s.Rows))
			if err != nil || len(again) != 1 || len(again[0].Refused) > 0 {
				t.Fatalf("%+v, %v", again, err)
			}
			ignoreLines := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Line" }, cmp.Ignore())
			if d := cmp.Diff(s.Rows, again[0].Rows, cmpopts.EquateEmpty(), ignoreLines); d != "" {
				t.Fatal(d)
			}
		}
	})
}
