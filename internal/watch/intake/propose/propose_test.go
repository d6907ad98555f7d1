package propose_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"tocsin/internal/watch/intake/csvmap"
	"tocsin/internal/watch/intake/propose"
	"tocsin/internal/watch/intake/row"
)

func TestColumnsAreToldByNameAndByContent(t *testing.T) {
	for name, x := range map[string]struct {
		sample string
		want   map[string]string
		layout string
	}{
		"ours": {
			"Thời gian;Địa chỉ IP;Cổng;Mã độc;Mức độ;Ghi chú\n20/11/2026 08:15;203.0.113.7;443;Emotet;Cao;x\n19/11/2026 23:59;203.0.113.8;80;Qakbot;Nghiêm trọng;y\n",
			map[string]string{"at": "Thời gian", "ip": "Địa chỉ IP", "port": "Cổng", "discriminator": "Mã độc", "severity": "Mức độ"},
			"02/01/2006 15:04",
		},
		"by content": {
			"a,b,c\n2026-11-20T08:15:00Z,203.0.113.7,http://a.example/x\n2026-11-20T09:15:00Z,203.0.113.9,http://b.example/x\n",
			map[string]string{"at": "a", "ip": "b", "url": "c"},
			"",
		},
		"a name that lies": {
			"ip,address,when\nweb-1,203.0.113.7,1763629200\nweb-2,203.0.113.8,1763629300\n",
			map[string]string{"ip": "address", "at": "when"},
			"unix",
		},
		"json lines": {
			"{\"src\":{\"ip\":\"203.0.113.7\",\"port\":443},\"seen\":\"2026-11-20T08:15:00Z\",\"tags\":[\"a\",\"b\"]}\n{\"src\":{\"ip\":\"203.0.113.8\"},\"seen\":\"2026-11-20T08:16:00Z\"}\n",
			map[string]string{"ip": "src.ip", "port": "src.port", "at": "seen"},
			"",
		},
		"american": {
			"date,ip\n11/20/2026 08:15,203.0.113.7\n11/21/2026 08:15,203.0.113.7\n",
			map[string]string{"at": "date", "ip": "ip"},
			"01/02/2006 15:04",
		},
	} {
		s, err := propose.Read([]byte(x.sample))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := propose.Propose(s)
		if !maps.Equal(got.Columns, x.want) || got.Layout != x.layout {
			t.Errorf("%s: %v layout %q, want %v layout %q", name, got.Columns, got.Layout, x.want, x.layout)
		}
		mapping, err := s.Mapping(got)
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, mapping)
			continue
		}
		seen, err := propose.Preview(t.Context(), []byte(x.sample), s, mapping, csvmap.Options{Kind: row.Malware, Zone: time.UTC}, 20)
		if err != nil || len(seen) != 2 && name != "x" {
			t.Errorf("%s: %v %d rows", name, err, len(seen))
		}
		for _, r := range seen {
			if r.Bad != nil {
				t.Errorf("%s: line %d: %+v", name, r.Line, r.Bad)
			}
		}
	}
}

func TestWordsOfSeverityBecomeOurs(t *testing.T) {
	s, err := propose.Read([]byte("ip,mức độ\n203.0.113.7,Cao\n203.0.113.8,Thấp\n"))
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := s.Mapping(propose.Propose(s))
	if err != nil {
		t.Fatal(err)
	}
	seen, err := propose.Preview(t.Context(), []byte("ip,mức độ\n203.0.113.7,Cao\n203.0.113.8,Thấp\nnonsense,Cao\n"), s, mapping, csvmap.Options{Kind: row.Malware, At: time.Now()}, 20)
	if err != nil || len(seen) != 3 || seen[0].Row.Severity != row.High || seen[1].Row.Severity != row.Low || seen[2].Bad == nil {
		t.Errorf("%v %+v\n%s", err, seen, mapping)
	}
}

func TestAListInsideAnObjectIsFound(t *testing.T) {
	s, err := propose.Read([]byte(`{"version":1,"events":[{"ip":"203.0.113.7","time":"2026-11-20T00:00:00Z"}]}`))
	if err != nil || s.Path != "events" || len(s.Columns) != 2 {
		t.Errorf("%v %+v", err, s)
	}
}

func TestASampleIsCutAtTheEndOfALine(t *testing.T) {
	long := "ip\n" + strings.Repeat("203.0.113.7\n", propose.Bytes/10)
	if got := propose.Cut([]byte(long)); len(got) > propose.Bytes || got[len(got)-1] != '\n' {
		t.Errorf("%d bytes, ends with %q", len(got), got[len(got)-1])
	}
	for _, text := range []string{"", "{", "[1,2]"} {
		if s, err := propose.Read([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, s)
		}
	}
}
