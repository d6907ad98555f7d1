package row

// A Severity is how bad a problem is. Severities compare with < and >; the zero
// Severity is "not stated".
type Severity uint8

// The severities, mildest first.
const (
	NoSeverity Severity = iota
	Info
	Low
	Medium
	High
	Critical
)

// Severities are the stated severities, gravest first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low, Info} }

// String is the word of the contract: critical, high, medium, low, info; empty
// for NoSeverity.
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Low:
		return "low"
	case Medium:
		return "medium"
	case High:
		return "high"
	case Critical:
		return "critical"
	case NoSeverity:
		return ""
	}
	return ""
}

// ParseSeverity reads a word of the contract, exactly. Any other text, the
// empty one too, is a *Refusal.
func ParseSeverity(s string) (Severity, error) {
	switch s {
	case "info":
		return Info, nil
	case "low":
		return Low, nil
	case "medium":
		return Medium, nil
	case "high":
		return High, nil
	case "critical":
		return Critical, nil
	}
	return NoSeverity, &Refusal{Fault: FaultValue, Field: "severity", Value: s}
}

// MarshalText writes the word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the word; an empty text is NoSeverity.
func (s *Severity) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*s = NoSeverity
		return nil
	}
	v, err := ParseSeverity(string(b))
	if err != nil {
		return err
	}
	*s = v
	return nil
}
