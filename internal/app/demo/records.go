package demo

import (
	"fmt"
	"maps"
	"net/netip"
	"strconv"
	"time"
)

// record writes down one sighting of a problem in the columns of its report.
func (c *City) record(p problem, n int, at time.Time) map[string]string {
	switch p.report {
	case "event4_sinkhole_http":
		family := choose(c, botFamilies(), "family", p.number)
		return c.bot(botSighting{
			src: p.addr, at: at, family: family, controller: fmt.Sprintf("192.0.2.%d", 100+p.number),
			host: fmt.Sprintf("cc%d-%s.example", p.number, family), n: n, words: []any{"bot", p.number},
		})
	case "event4_honeypot_brute_force":
		r := c.event(p.addr, at, n, p.number)
		r["dst_port"], r["service"], r["infection"], r["severity"] = "22", "ssh", "ssh-brute-force", "critical"
		r["start_time"], r["username"], r["password"] = stamp(at), "root", "123456"
		return r
	case "event4_ddos_participant":
		r := c.event(p.addr, at, n, p.number)
		r["infection"], r["family"], r["tag"] = "mirai", "mirai", "mirai"
		r["attack"], r["duration"], r["domain_source"] = "udp-flood", strconv.Itoa(30+c.roll(300, "duration", p.number, n)), "honeypot"
		return r
	case "compromised_account":
		return map[string]string{
			"timestamp": stamp(at), "email": choose(c, []string{"van-thu", "tiep-dan", "ke-toan", "mot-cua"}, "account", p.number) + "@" + p.domain,
			"infection": choose(c, []string{"lumma", "redline", "vidar"}, "stealer", p.number), "severity": "critical",
			"source_url": "https://dang-nhap." + p.domain + "/", "service": "dang-nhap." + p.domain, "tag": "stealer",
			"detail": "Thông tin đăng nhập xuất hiện trong nhật ký mã độc",
		}
	case "blocklist":
		r := host(p.addr, at, "low")
		r["source"], r["reason"] = "demo-spam-list", "spam"
		return r
	}
	r := host(p.addr, at, "")
	maps.Copy(r, c.service(p))
	return r
}

func botFamilies() []string {
	return []string{"andromeda", "sality", "ramnit", "virut", "nymaim", "conficker", "necurs", "qsnatch", "gamarue", "pykspa"}
}

// host is what all reports about hosts say.
func host(addr netip.Addr, at time.Time, severity string) map[string]string {
	return map[string]string{
		"timestamp": stamp(at), "severity": severity, "ip": addr.String(), "asn": "64500", "geo": "VN",
		"region": "HO CHI MINH CITY", "city": "HO CHI MINH CITY", "tag": "demo",
	}
}

// service is what a scan adds.
func (c *City) service(p problem) map[string]string {
	open := func(protocol, port, tag, severity string) map[string]string {
		return map[string]string{"protocol": protocol, "port": port, "tag": tag, "severity": severity, "hostname": p.domain}
	}
	var r map[string]string
	switch p.report {
	case "scan_rdp":
		r = open("tcp", "3389", "rdp", "high")
		r["subject_common_name"], r["rdp_protocol"] = "may-tram-"+strconv.Itoa(p.number), "RDP"
	case "scan_smb":
		r = open("tcp", "445", "smb", "high")
		r["smb_version_string"], r["smb_major_number"], r["smb_minor_number"] = "SMB 2.1", "2", "1"
	case "scan_telnet":
		r = open("tcp", "23", "telnet", "medium")
		r["banner"] = "Camera login:"
	case "scan_snmp":
		r = open("udp", "161", "snmp", "high")
		r["community"], r["version"], r["sysdesc"] = "public", "2", "Router"
		r["response_size"], r["amplification"] = "1180", "13.72"
	case "scan_mongodb":
		r = open("tcp", "27017", "mongodb", "high")
		r["version"], r["visible_databases"] = "4.4.6", "ho-so, admin, local"
	case "scan_exchange":
		r = open("tcp", "443", "exchange;"+choose(c, []string{"cve-2023-36439", "cve-2024-21410", "cve-2024-26198"}, "cve", p.number), "critical")
		r["version"], r["servername"], r["url"] = "15.2.1258.12", "THU", "https://thu."+p.domain+"/owa/"
	case "compromised_website":
		r = open("tcp", "443", "demo", "critical")
		r["http_host"], r["url"], r["category"] = p.domain, "https://"+p.domain+"/tin-tuc/", "webshell"
		r["family"], r["detected_since"] = choose(c, []string{"godzilla", "seo-spam", "chen-quang-cao"}, "site", p.number), ""
		r["application"], r["status"] = "https", "compromised"
	default:
		panic("demo: no rows for " + p.report)
	}
	return r
}

// event is what all event reports say.
func (c *City) event(src netip.Addr, at time.Time, n, number int) map[string]string {
	return map[string]string{
		"timestamp": stamp(at), "protocol": "tcp", "src_ip": src.String(), "src_port": strconv.Itoa(20000 + c.roll(40000, "port", number, n)),
		"src_asn": "64500", "src_geo": "VN", "src_region": "HO CHI MINH CITY", "src_city": "HO CHI MINH CITY", "severity": "high",
		"dst_ip": fmt.Sprintf("192.0.2.%d", 90+number%9), "dst_port": "443", "dst_asn": "64499", "dst_geo": "US",
	}
}

// A botSighting is a call to a sinkhole.
type botSighting struct {
	src              netip.Addr
	at               time.Time
	family           string
	controller, host string
	n                int
	words            []any
}

func (c *City) bot(s botSighting) map[string]string {
	r := c.event(s.src, s.at, s.n, c.roll(1000, s.words...))
	r["dst_ip"], r["dst_port"], r["severity"] = s.controller, "80", "critical"
	r["infection"], r["family"], r["tag"] = s.family, s.family, "demo"
	r["http_host"], r["http_url"], r["http_agent"] = s.host, "/gate.php", "Mozilla/5.0"
	return r
}
