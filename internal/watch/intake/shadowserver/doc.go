// Package shadowserver reads the daily reports of The Shadowserver Foundation:
// CSV files, one report type each, whose facts and meaning stand as data in
// types.tsv.
//
// # Which report
//
// The report type comes from Options.ReportType, else from the file's name
// (2026-03-01-scan_rdp-vietnam-geo.csv, with whatever stands before, behind or
// around it), else from the header by the best match of columns. A type that the
// schema does not know still goes in: its kind is read off its name, its address
// off its columns, and every row is flagged.
//
// # Whose address
//
// In reports about hosts the column is ip. In event reports src_ip is the machine
// that did something: the bot that called a sinkhole, the scanner that came to a
// honeypot, the controller that gave an attack order; either way it stands in its
// owner's network and is the owner's to clean. There are three exceptions: in
// honeypot_ddos_target the victim is dst_ip; in honeypot_ddos_amp src_ip is the
// victim whose address was forged; in sinkhole_http_referer the machine in
// question is the website that sent visitors, http_referer_ip.
//
// # What it becomes
//
//	sinkhole reports             c2-contact          malware family
//	DDoS bots and controllers    malware             malware family
//	DDoS targets                 ids-alert           ddos-target
//	honeypot scans, darknet      scanning            malware family, else what was scanned
//	honeypot brute force         brute-force         service attacked
//	scan_*, population_*         exposed-service     port/protocol
//	  UDP services that reflect  amplifier           port/protocol
//	  with a known hole          vulnerable-service  CVE from the tag, else port/protocol
//	  tag eol and no CVE         end-of-life         port/protocol
//	  tag webshell               malware             webshell
//	compromised website          defacement          malware family or category
//	  category phishing          phishing            phishing
//	compromised device, sandbox  malware             malware family
//	malware and spam URLs        malware, spam       URL
//	compromised account          leaked-account      malware family; asset is the e-mail's domain,
//	                                                 so that no person's address becomes a key
//	ransomware victim            data-leak           group
//	blocklist                    spam, or what the reason says
//
// types.tsv has the line of each of the 170 types. A malware family is lower
// case with hyphens, the first of several, without the prefix avalanche-: infection
// "avalanche-andromeda" and family "andromeda" are one thing.
//
// # How bad, and since when
//
// Severity is the row's own word, else the report type's default, else the
// kind's. Shadowserver's times are UTC; Options.Zone is for resellers who write
// another.
package shadowserver
