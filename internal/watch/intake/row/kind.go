package row

// A Kind says what sort of problem a finding is (HOUSE §6). The set is closed:
// rules, texts and figures are written per kind.
type Kind string

// The kinds of findings.
const (
	C2Contact         Kind = "c2-contact"         // our machine talks to a malware controller
	Malware           Kind = "malware"            // our machine carries or serves malicious code
	ExposedService    Kind = "exposed-service"    // a service that should not face the Internet does
	VulnerableService Kind = "vulnerable-service" // a service with a known hole faces the Internet
	VulnerableProduct Kind = "vulnerable-product" // an advisory fits software that we have
	Phishing          Kind = "phishing"           // our machine serves a phishing page
	Defacement        Kind = "defacement"         // our website was changed by somebody else
	DataLeak          Kind = "data-leak"          // our data are where they should not be
	LeakedAccount     Kind = "leaked-account"     // credentials of our domain are abroad
	Scanning          Kind = "scanning"           // our machine probes others
	BruteForce        Kind = "brute-force"        // our machine guesses others' passwords
	Spam              Kind = "spam"               // our machine sends spam, or is listed as a sender
	Amplifier         Kind = "amplifier"          // our service reflects denial-of-service traffic
	IDSAlert          Kind = "ids-alert"          // an attack on our machine was seen
	EndOfLife         Kind = "end-of-life"        // software without support faces the Internet
	ServiceDown       Kind = "service-down"       // a service that must not stop, stopped
	SilentSource      Kind = "silent-source"      // a source stopped talking
	NoContact         Kind = "no-contact"         // an organisation has nobody to warn
)

// Kinds are all kinds, in the order of HOUSE §6.
func Kinds() []Kind {
	return []Kind{
		C2Contact, Malware, ExposedService, VulnerableService, VulnerableProduct,
		Phishing, Defacement, DataLeak, LeakedAccount, Scanning, BruteForce, Spam,
		Amplifier, IDSAlert, EndOfLife, ServiceDown, SilentSource, NoContact,
	}
}

// ParseKind reads a kind as it is written in HOUSE §6. Any other text is a
// *Refusal.
func ParseKind(s string) (Kind, error) {
	for _, k := range Kinds() {
		if string(k) == s {
			return k, nil
		}
	}
	return "", &Refusal{Fault: FaultValue, Field: "kind", Value: s}
}

// Valid says whether k is one of Kinds.
func (k Kind) Valid() bool {
	_, err := ParseKind(string(k))
	return err == nil
}

// Severity is how bad a problem of this kind is when neither its row nor its
// report type says so.
func (k Kind) Severity() Severity {
	switch k {
	case C2Contact, Defacement, ServiceDown:
		return Critical
	case Malware, VulnerableService, VulnerableProduct, Phishing, DataLeak,
		LeakedAccount, BruteForce, EndOfLife:
		return High
	case ExposedService, Scanning, Amplifier, IDSAlert, SilentSource, NoContact:
		return Medium
	case Spam:
		return Low
	}
	return Medium
}

// Classification is the RSIT class of the kind, for sources that name none.
func (k Kind) Classification() Classification {
	switch k {
	case C2Contact, Malware:
		return "malicious-code:infected-system"
	case ExposedService:
		return "vulnerable:potentially-unwanted-accessible"
	case VulnerableService, VulnerableProduct, EndOfLife:
		return "vulnerable:vulnerable-system"
	case Phishing:
		return "fraud:phishing"
	case Defacement:
		return "intrusions:application-compromise"
	case DataLeak:
		return "information-content-security:data-leak"
	case LeakedAccount:
		return "intrusions:unprivileged-account-compromise"
	case Scanning:
		return "information-gathering:scanner"
	case BruteForce:
		return "intrusion-attempts:brute-force"
	case Spam:
		return "abusive-content:spam"
	case Amplifier:
		return "vulnerable:ddos-amplifier"
	case IDSAlert:
		return "intrusion-attempts:ids-alert"
	case ServiceDown:
		return "availability:outage"
	case SilentSource, NoContact:
		return "other:other"
	}
	return "other:undetermined"
}

// A Classification is a class of the Reference Security Incident Taxonomy,
// written taxonomy:type. Sources may use types of their own under a taxonomy
// (Shadowserver's other:blocklist): only the form is held.
type Classification string

// ParseClassification reads taxonomy:type in lower-case letters, digits and
// hyphens. Any other text is a *Refusal.
func ParseClassification(s string) (Classification, error) {
	colon := -1
	for i := range len(s) {
		c := s[i]
		switch {
		case c == ':' && colon < 0 && i > 0:
			colon = i
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
		default:
			return "", &Refusal{Fault: FaultValue, Field: "classification", Value: s}
		}
	}
	if colon < 0 || colon == len(s)-1 {
		return "", &Refusal{Fault: FaultValue, Field: "classification", Value: s}
	}
	return Classification(s), nil
}
