package estate

import (
	"strconv"
	"strings"

	"tocsin/internal/base/errs"
)

// ID is what people call a record that has no code: C12 a contact, A12 an
// address, H12 an endpoint (a host), P12 a line of software (a product).
type ID string

func contactID(n int64) ID { return ID("C" + number10(n)) }

func addressID(n int64) ID { return ID("A" + number10(n)) }

func endpointID(n int64) ID { return ID("H" + number10(n)) }

func softwareID(n int64) ID { return ID("P" + number10(n)) }

// number reads the number of an id with the given letter. Anything else is
// NotFound: a wrong id names nothing.
func (id ID) number(letter string) (int64, error) {
	rest, ok := strings.CutPrefix(string(id), letter)
	n, err := strconv.ParseInt(rest, 10, 64)
	if !ok || err != nil || n < 1 || number10(n) != rest {
		return 0, errs.New(errs.NotFound, "%q: no such record", string(id))
	}
	return n, nil
}

// keyed joins the parts of a key. Values hold no tab, so keys are never the
// same for other parts.
func keyed(parts ...string) string { return strings.Join(parts, "\t") }
