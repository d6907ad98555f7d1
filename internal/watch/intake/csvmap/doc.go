// Package csvmap reads CSV of any layout by a declared mapping, a JSON file that
// says which column is what:
//
//	{
//	  "delimiter": ";",                 "," ";" "|" or "tab"; absent: told by the first line
//	  "comment": "#",                   lines that begin with it are passed over
//	  "header": true,                   the default; false: columns are "1", "2" …,
//	  "columns": ["when", "who"],       or have these names
//	  "path": "data.items",             of JSON alone (package jsonl): where the records are
//	  "fields": {
//	    "at":       {"column": "Thời gian", "layouts": ["02/01/2006 15:04"], "zone": "Asia/Ho_Chi_Minh"},
//	    "ip":       {"column": "IP"},
//	    "port":     {"column": "Cổng"},
//	    "kind":     {"column": "Loại", "values": {"bot": "c2-contact"}, "default": "malware"},
//	    "severity": {"value": "high"},
//	    "discriminator": {"columns": ["port", "proto"], "join": "/"}
//	  }
//	}
//
// The fields are those of row.Row:
//
//	at              when it was seen; absent: the time of the document
//	asset           the thing in danger as text of the contract (ip:…, domain:…)
//	ip domain host  the same from a column of one kind; of several the first, in
//	url email       this order, with a value counts; email gives its domain,
//	product         url its own asset
//	indicator       a pattern instead of an asset: the rows are indicators
//	indicator_type  ipv4 ipv6 cidr domain url sha256 sha1 md5; absent: by its looks
//	kind            of the finding; absent: the source's
//	severity        critical high medium low info; absent: the kind's
//	classification  RSIT taxonomy:type; absent: the kind's
//	discriminator   malware family, port/protocol, CVE; absent: port/protocol, else the kind
//	realm asn hostname port protocol confidence cause
//
// A field takes its text from one column, from several columns joined by join (a
// blank), or is the constant value. values turns texts into others, in any case of
// letters; a text that is not in it stands as it is, unless default is given:
// default stands for it and for an empty text. layouts are times in Go's form
// (2006-01-02 15:04:05), tried in turn, or "unix" and "unixms"; without layouts
// the forms of row.Instant are read. zone is of times that name none; absent: the
// source's.
//
// Names of columns match without regard to case and surrounding blanks. A column
// that the file lacks is flagged; where it is all there is of the time or the
// asset, every row goes to quarantine.
package csvmap
