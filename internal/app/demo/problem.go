package demo

import (
	"net/netip"
	"slices"
)

// A problem is something wrong at an organisation that comes, is seen day
// after day, and goes; after a while it comes again. So the city never runs
// out of troubles and never drowns in them.
type problem struct {
	report string // a report type, or one of listReport and tableReport
	number int    // among those of its report
	body   string // code of the organisation; empty: nobody's
	asset  string // what the finding's asset holds: an address, or a domain
	addr   netip.Addr
	domain string

	period  int // days from one beginning to the next
	visible int // days on which it is seen, from its beginning
	offset  int
}

// Reports that are not Shadowserver's.
const (
	listReport  = "list"
	tableReport = "table"
)

// day counts from the problem's beginning, 0 on the first day on which it is
// seen; cycle says how often it has come before.
func (p problem) day(n int) (day, cycle int) {
	return (n + p.offset) % p.period, (n + p.offset) / p.period
}

// seen tells whether reports of day n name the problem. What is nobody's is
// seen always: nobody mends it.
func (p problem) seen(n int) bool {
	if p.body == "" {
		return true
	}
	day, _ := p.day(n)
	return day < p.visible
}

// A trouble is one sort of problem: where in a network it sits and how many
// organisations have it from time to time.
type trouble struct {
	report string
	kind   string // of the finding
	at     int    // place in a body's network
	count  int
}

func troubles() []trouble {
	return []trouble{
		{"scan_rdp", "exposed-service", surfingAt, 20},
		{"scan_smb", "exposed-service", serverAt, 16},
		{"scan_telnet", "exposed-service", cameraAt, 16},
		{"scan_snmp", "amplifier", gatewayAt, 18},
		{"scan_mongodb", "exposed-service", serverAt + 1, 10},
		{"scan_exchange", "vulnerable-service", mailAt, 12},
		{"event4_sinkhole_http", "c2-contact", surfingAt + 2, 22},
		{"event4_honeypot_brute_force", "brute-force", serverAt + 2, 10},
		{"event4_ddos_participant", "malware", cameraAt + 1, 10},
		{"compromised_website", "defacement", webAt, 14},
		{"compromised_account", "leaked-account", 0, 14},
		{"blocklist", "spam", mailAt + 3, 10},
		{listReport, "scanning", surfingAt + 5, 14},
		{tableReport, "malware", surfingAt + 7, 14},
	}
}

// plan deals the problems out. The first of each report is nobody's, so that
// every source speaks every day: a source that is silent is no witness.
func (c *City) plan() []problem {
	var hurt []body
	for _, b := range c.bodies {
		if b.kind != "partner" && b.code != cityCode {
			hurt = append(hurt, b)
		}
	}
	var all []problem
	for k, t := range troubles() {
		nobody := problem{report: t.report, addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(20 + k)}), domain: "khong-cua-ai.example"}
		nobody.asset = nobody.addr.String()
		all = append(all, nobody)
		taken := map[string]bool{}
		for i := 1; i <= t.count; i++ {
			b := choose(c, hurt, t.report, i)
			for try := 0; taken[b.code] || mailless(t, b); try++ {
				b = choose(c, hurt, t.report, i, try)
			}
			taken[b.code] = true
			p := problem{
				report: t.report, number: i, body: b.code, addr: b.host(t.at), domain: b.domain(),
				period: 6 + c.roll(7, t.report, i, "period"), visible: 1 + c.roll(4, t.report, i, "visible"),
			}
			p.offset = c.roll(p.period, t.report, i, "offset")
			if t.report == "event4_sinkhole_http" && i == 1 {
				// Somebody behind the shared exit: the data centre has to find out who.
				p.body, p.addr = centreCode, netip.MustParseAddr(firstExit)
			}
			p.asset = p.addr.String()
			if t.report == "compromised_account" {
				p.asset = p.domain
			}
			all = append(all, p)
		}
	}
	return all
}

// mailless keeps mail servers to bodies that run one.
func mailless(t trouble, b body) bool {
	return (t.report == "scan_exchange" || t.report == "blocklist") && b.unit()
}

func kindOf(report string) string {
	all := troubles()
	return all[slices.IndexFunc(all, func(t trouble) bool { return t.report == report })].kind
}

// seenOn are the problems of a report on day n.
func (c *City) seenOn(report string, n int) []problem {
	var seen []problem
	for _, p := range c.problems {
		if p.report == report && p.seen(n) {
			seen = append(seen, p)
		}
	}
	return seen
}
