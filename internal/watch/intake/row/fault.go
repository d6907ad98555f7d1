package row

import (
	"strings"
	"unicode/utf8"
)

// A Fault is why something was refused. The set is closed: the catalogues say
// each in the reader's language under row.fault.FAULT.
type Fault string

// The faults.
const (
	FaultQuote     Fault = "quote"          // quotation marks do not follow RFC 4180
	FaultTruncated Fault = "truncated"      // the file ends inside the record
	FaultLong      Fault = "too-long"       // the record is longer than the limit in Detail
	FaultWidth     Fault = "width"          // Value columns where the header has Detail
	FaultNUL       Fault = "nul"            // a NUL byte
	FaultUTF8      Fault = "utf8"           // bytes that are not UTF-8
	FaultColumn    Fault = "missing-column" // the header lacks the essential column Field
	FaultEmpty     Fault = "empty"          // the essential Field has no value
	FaultTime      Fault = "time"           // not an instant
	FaultIP        Fault = "ip"             // not an IP address
	FaultPrefix    Fault = "prefix"         // not an address prefix
	FaultDomain    Fault = "domain"         // not a domain name
	FaultHost      Fault = "host"           // not a host name
	FaultURL       Fault = "url"            // not an absolute URL
	FaultProduct   Fault = "product"        // not a product name
	FaultEmail     Fault = "email"          // not an e-mail address
	FaultHash      Fault = "hash"           // not an MD5, SHA-1 or SHA-256
	FaultNumber    Fault = "number"         // not a number, or beyond its range
	FaultValue     Fault = "value"          // not one of the words that Field may hold
	FaultUnclear   Fault = "unclear"        // neither address, network, domain, URL nor hash
	FaultSeveral   Fault = "several"        // more than one value on a line
	FaultNotAsset  Fault = "not-an-asset"   // a hash where one of our addresses is asked for
	FaultJSON      Fault = "json"           // not well-formed JSON; Detail says where
	FaultYAML      Fault = "yaml"           // not well-formed YAML; Detail says where
	FaultCSAF      Fault = "csaf"           // breaks mandatory tests of CSAF; Detail lists them
	FaultCVE       Fault = "cve"            // not a CVE identifier
	FaultMissing   Fault = "missing"        // an object lacks the property Field
	FaultForm      Fault = "form"           // Value of the property Field is not as the standard wants it: Detail
	FaultPattern   Fault = "pattern"        // a pattern breaks the grammar; Detail says where
)

// Faults are all faults.
func Faults() []Fault {
	return []Fault{
		FaultQuote, FaultTruncated, FaultLong, FaultWidth, FaultNUL, FaultUTF8,
		FaultColumn, FaultEmpty, FaultTime, FaultIP, FaultPrefix, FaultDomain,
		FaultHost, FaultURL, FaultProduct, FaultEmail, FaultHash, FaultNumber,
		FaultValue, FaultUnclear, FaultSeveral, FaultNotAsset,
		FaultJSON, FaultYAML, FaultCSAF, FaultCVE, FaultMissing, FaultForm, FaultPattern,
	}
}

// A Refusal is the error of everything here that reads a value: what is wrong,
// in which field, with which datum.
type Refusal struct {
	Fault  Fault
	Column int    // number of the field in its record from 1, 0 when it has none
	Field  string // name of the field, empty when it has none
	Value  string // the datum
	Detail string // what would have been right, or where it broke
}

// Error is the reason in English, for logs and for JSON.
func (r *Refusal) Error() string {
	var b strings.Builder
	if r.Field != "" {
		b.WriteString(r.Field + ": ")
	}
	b.WriteString(r.text())
	if r.Detail != "" && r.Fault != FaultWidth && r.Fault != FaultLong {
		b.WriteString(" (" + r.Detail + ")")
	}
	return b.String()
}

func (r *Refusal) text() string {
	v := `"` + Clip(r.Value, 120) + `"`
	switch r.Fault {
	case FaultQuote:
		return "quotation marks do not follow RFC 4180"
	case FaultTruncated:
		return "the file ends in the middle of this record"
	case FaultLong:
		return "the record is longer than " + r.Detail + " bytes"
	case FaultWidth:
		return r.Value + " columns, the header has " + r.Detail
	case FaultNUL:
		return "contains a NUL byte"
	case FaultUTF8:
		return "is not UTF-8"
	case FaultColumn:
		return "the essential column is missing from the header"
	case FaultEmpty:
		return "has no value"
	case FaultTime:
		return v + " is not a time"
	case FaultIP:
		return v + " is not an IP address"
	case FaultPrefix:
		return v + " is not an address prefix"
	case FaultDomain:
		return v + " is not a domain name"
	case FaultHost:
		return v + " is not a host name"
	case FaultURL:
		return v + " is not an absolute URL"
	case FaultProduct:
		return v + " is not a product name"
	case FaultEmail:
		return v + " is not an e-mail address"
	case FaultHash:
		return v + " is not an MD5, SHA-1 or SHA-256"
	case FaultNumber:
		return v + " is not a number in range"
	case FaultValue:
		return v + " is not one of the known words"
	case FaultUnclear:
		return v + " is neither an address, a network, a domain, a URL nor a hash"
	case FaultSeveral:
		return v + " holds more than one value"
	case FaultNotAsset:
		return v + " cannot be one of our addresses"
	case FaultJSON:
		return "is not well-formed JSON"
	case FaultYAML:
		return "is not well-formed YAML"
	case FaultCSAF:
		return "breaks mandatory tests of CSAF"
	case FaultCVE:
		return v + " is not a CVE identifier"
	case FaultMissing:
		return "the property is missing"
	case FaultForm:
		return v + " is not as the standard wants it"
	case FaultPattern:
		return "the pattern breaks the grammar"
	}
	return string(r.Fault)
}

// Clip makes any bytes fit for a text column: valid UTF-8 without NUL, at most
// limit bytes, an ellipsis where it was cut.
func Clip(s string, limit int) string {
	cut := len(s) > limit
	if cut {
		s = s[:limit]
		for len(s) > 0 {
			if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n != 1 || len(s) < limit-utf8.UTFMax {
				break
			}
			s = s[:len(s)-1]
		}
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\u2400")
	}
	if cut {
		s += "…"
	}
	return s
}
