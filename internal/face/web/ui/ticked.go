package ui

import (
	"net/http"
	"net/url"
	"strings"
)

// Ticked is what a bulk bar sent to its preview: the ticked keys, or All with
// the filters that choose the rows. The preview shows the effect and carries
// the same on in Preview.Act.Fields.
type Ticked struct {
	Keys    []string
	All     bool
	Filters url.Values // the list's address: for All, and for going back
}

// TickedIn reads a request of a bulk bar, GET or POST.
func TickedIn(r *http.Request) Ticked {
	_ = r.ParseForm() // A malformed part is left out; what is there is used.
	t := Ticked{Keys: r.Form["id"], All: r.Form.Get("all") == "1", Filters: url.Values{}}
	for name, values := range r.Form {
		if inner, ok := strings.CutPrefix(name, "f."); ok {
			t.Filters[inner] = values
		}
	}
	return t
}

// Fields are the same again, for the form that does the act.
func (t Ticked) Fields() url.Values {
	v := url.Values{}
	if t.All {
		v.Set("all", "1")
	} else if len(t.Keys) > 0 {
		v["id"] = t.Keys
	}
	for name, values := range t.Filters {
		v["f."+name] = values
	}
	return v
}
