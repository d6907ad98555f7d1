package csaf

import (
	"slices"
	"time"
)

// resolve works out what several tests and the advisory ask for.
func (d *document) resolve() {
	if d.Tree != nil {
		d.branches(d.Tree.Branches, "/product_tree/branches", nil, nil)
		for i := range d.Tree.Names {
			d.products = append(d.products, placed{product: &d.Tree.Names[i], path: index("/product_tree/full_product_names", i)})
		}
		for i := range d.Tree.Relationships {
			r := &d.Tree.Relationships[i]
			d.products = append(d.products, placed{product: &r.Product, path: index("/product_tree/relationships", i) + "/full_product_name", on: r})
		}
		for i := range d.Tree.Paths {
			p := &d.Tree.Paths[i]
			d.products = append(d.products, placed{product: &p.Product, path: index("/product_tree/product_paths", i) + "/full_product_name", along: p})
		}
		d.members = make(map[string][]string, len(d.Tree.Groups))
		for _, g := range d.Tree.Groups {
			d.members[g.ID] = append(d.members[g.ID], g.Products...)
		}
	}
	for i, r := range d.Head.Tracking.Revisions {
		// The schema has told of what is no date; the zero time sorts first.
		at, _ := time.Parse(time.RFC3339Nano, r.Date)
		d.revisions = append(d.revisions, dated{r, at, i})
	}
	slices.SortStableFunc(d.revisions, func(a, b dated) int {
		if n := a.at.Compare(b.at); n != 0 {
			return n
		}
		return compareVersions(a.Number, b.Number)
	})
	for i := range d.Vulnerabilities {
		of := map[string]map[string]bool{}
		for status, ids := range d.Vulnerabilities[i].Status {
			for _, id := range ids {
				if of[id] == nil {
					of[id] = map[string]bool{}
				}
				of[id][status] = true
			}
		}
		d.statuses = append(d.statuses, of)
	}
}

func (d *document) branches(list []branch, path string, categories, names []string) {
	for i := range list {
		b := &list[i]
		here := index(path, i)
		above := append(slices.Clip(categories), b.Category)
		called := append(slices.Clip(names), b.Name)
		if b.Product != nil {
			d.products = append(d.products, placed{product: b.Product, path: here + "/product", categories: above, names: called})
		}
		d.branches(b.Branches, here+"/branches", above, called)
	}
}

// eachBranch calls do with every branch.
func (d *document) eachBranch(do func(b *branch, path string)) {
	var walk func(list []branch, path string)
	walk = func(list []branch, path string) {
		for i := range list {
			here := index(path, i)
			do(&list[i], here)
			walk(list[i].Branches, here+"/branches")
		}
	}
	if d.Tree != nil {
		walk(d.Tree.Branches, "/product_tree/branches")
	}
}

// of are the products that something is about, those of its groups too.
func (d *document) of(c concern) map[string]bool {
	out := make(map[string]bool, len(c.Products))
	for _, id := range c.Products {
		out[id] = true
	}
	for _, g := range c.Groups {
		for _, id := range d.members[g] {
			out[id] = true
		}
	}
	return out
}
