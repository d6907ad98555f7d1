package cli

import (
	"net/url"
	"strings"

	"tocsin/internal/base/errs"
)

type quarantineRelease struct {
	ID  string   `arg:"" name:"id"`
	Set []string `sep:"none" placeholder:"COLUMN=VALUE"`
	waiting
}

// Run puts a quarantined row right and lets it in.
func (c *quarantineRelease) Run(s *session) error {
	set, err := parseSet(c.Set)
	if err != nil {
		return err
	}
	if err := s.act("/quarantine/"+url.PathEscape(c.ID)+"/release", map[string]any{"set": set}); err != nil {
		return err
	}
	return c.settle(s)
}

// parseSet reads COLUMN=VALUE, once for a column. The value is everything behind
// the first equals sign, as it is.
func parseSet(words []string) (map[string]string, error) {
	set := make(map[string]string, len(words))
	for _, w := range words {
		column, value, ok := strings.Cut(w, "=")
		if column = strings.TrimSpace(column); !ok || column == "" {
			return nil, errs.New(errs.Usage, "--set %q: want COLUMN=VALUE", w)
		}
		if _, twice := set[column]; twice {
			return nil, errs.New(errs.Usage, "--set: column %q twice", column)
		}
		set[column] = value
	}
	return set, nil
}
