package regime

// A Mark says how sure a rule is. The first four are those of the project's
// study of the law; the page of rules shows them beside each rule, so that a
// person checks what is not Verified before the city relies on it.
type Mark string

// The marks.
const (
	Verified Mark = "V" // read in the source named
	Press    Mark = "P" // known from the press or a third party only
	General  Mark = "G" // general knowledge, not verified
	Inferred Mark = "I" // follows from verified text
	Default  Mark = "D" // Tocsin's own choice, no law: a city may change it freely
	City     Mark = "C" // the city changed it
)

// A Source says where a rule comes from.
type Source struct {
	Citation string `json:"citation"` // In Vietnamese, by article.
	Mark     Mark   `json:"mark"`
}

func (m Mark) sound() bool {
	switch m {
	case Verified, Press, General, Inferred, Default, City:
		return true
	}
	return false
}
