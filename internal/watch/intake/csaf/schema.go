package csaf

import "maps"

// schema is the shape of a CSAF document of a version, after the JSON schemas of
// CSAF 2.0 (OASIS Standard with errata 01, csaf_json_schema.json) and CSAF 2.1
// (schema/csaf.json).
func schema(v21 bool) *shape {
	s := grammar{v21: v21}
	product := s.fullProductName()
	branches := s.branches(product)
	document := s.document()
	root := object(map[string]*shape{
		"$schema":         uri(),
		"document":        document,
		"product_tree":    s.tree(product, branches),
		"vulnerabilities": list(s.vulnerability()),
		"x_extensions":    s.extensions(),
	}, "document")
	if v21 {
		root.required = []string{"$schema", "document"}
		root.fields["$schema"].words = []string{"https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json"}
		closeAll(root, map[*shape]bool{})
		return root
	}
	delete(root.fields, "x_extensions")
	return root
}

// closeAll makes every object of a schema refuse members that it does not name,
// but those whose content other schemas describe.
func closeAll(s *shape, done map[*shape]bool) {
	if s == nil || done[s] {
		return
	}
	done[s] = true
	if s.kind == '{' && s.test == "" && s.fields != nil {
		s.closed = true
	}
	closeAll(s.items, done)
	for _, f := range s.fields {
		closeAll(f, done)
	}
}

type grammar struct{ v21 bool }

// pick is a for CSAF 2.0 and b for CSAF 2.1.
func pick[T any](g grammar, a, b T) T {
	if g.v21 {
		return b
	}
	return a
}

// with adds fields that only CSAF 2.1 knows.
func (g grammar) with(s *shape, fields map[string]*shape) *shape {
	if g.v21 {
		maps.Copy(s.fields, fields)
	}
	return s
}

func (g grammar) extensions() *shape {
	return distinct(object(nil))
}

const (
	versionPattern = `^(0|[1-9][0-9]*)$|^((0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?)$`
	langPattern    = `^(([A-Za-z]{2,3}(-[A-Za-z]{3}(-[A-Za-z]{3}){0,2})?|[A-Za-z]{4,8})(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(-[A-WY-Za-wy-z0-9](-[A-Za-z0-9]{2,8})+)*(-[Xx](-[A-Za-z0-9]{1,8})+)?|[Xx](-[A-Za-z0-9]{1,8})+|[Ii]-[Dd][Ee][Ff][Aa][Uu][Ll][Tt]|[Ii]-[Mm][Ii][Nn][Gg][Oo])$`
	cpe23Pattern   = `cpe:2\.3:[aho*\-](:(((\?*|\*?)([a-zA-Z0-9\-._]|(\\[\\*?!"#$%&'()+,/:;<=>@\[\]^` + "`" + `{|}~]))+(\?*|\*?))|[*\-])){5}(:(([a-zA-Z]{2,3}(-([a-zA-Z]{2}|[0-9]{3}))?)|[*\-]))(:(((\?*|\*?)([a-zA-Z0-9\-._]|(\\[\\*?!"#$%&'()+,/:;<=>@\[\]^` + "`" + `{|}~]))+(\?*|\*?))|[*\-])){4}`
	cpe22Pattern   = `[cC][pP][eE]:/[AHOaho]?(:[A-Za-z0-9._\-~%]*){0,6}`
	uuidPattern    = `^(([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})|([0]{8}-([0]{4}-){3}[0]{12})|([f]{8}-([f]{4}-){3}[f]{12}))$`
	cvePattern     = `^CVE-[0-9]{4}-[0-9]{4,}$`
)

func (g grammar) acknowledgments() *shape {
	return list(object(map[string]*shape{
		"names": list(text()), "organization": text(), "summary": text(), "urls": list(uri()),
	}).atLeast(1))
}

func (g grammar) notes() *shape {
	return list(g.with(object(map[string]*shape{
		"audience": text(), "title": text(), "text": text(),
		"category": word("description", "details", "faq", "general", "legal_disclaimer", "other", "summary"),
	}, "category", "text"), map[string]*shape{"group_ids": g.groups(), "product_ids": g.products()}))
}

func (g grammar) references() *shape {
	return list(object(map[string]*shape{
		"category": word("external", "self"), "summary": text(), "url": uri(),
	}, "summary", "url"))
}

func (g grammar) groups() *shape   { return distinct(text()) }
func (g grammar) products() *shape { return distinct(text()) }
func (g grammar) version() *shape  { return like(versionPattern) }
func (g grammar) lang() *shape     { return like(langPattern) }

func (g grammar) publisher() *shape {
	categories := []string{"coordinator", "discoverer", "other", "translator", "user", "vendor"}
	if g.v21 {
		categories = append(categories, "multiplier")
	}
	return object(map[string]*shape{
		"category": word(categories...), "contact_details": text(), "issuing_authority": text(), "name": text(), "namespace": uri(),
	}, "category", "name", "namespace")
}

func (g grammar) document() *shape {
	distribution := object(map[string]*shape{
		"text": text(),
		"tlp": object(map[string]*shape{
			"label": pick(g, word("AMBER", "GREEN", "RED", "WHITE"), word("AMBER", "AMBER+STRICT", "CLEAR", "GREEN", "RED")),
			"url":   uri(),
		}, "label"),
	}).atLeast(1)
	g.with(distribution, map[string]*shape{
		"sharing_group": object(map[string]*shape{"id": like(uuidPattern), "name": text()}, "id"),
	})
	required := []string{"category", "csaf_version", "publisher", "title", "tracking"}
	if g.v21 {
		distribution.required = []string{"tlp"}
		required = append(required, "distribution")
	}
	return g.with(object(map[string]*shape{
		"acknowledgments":    g.acknowledgments(),
		"aggregate_severity": object(map[string]*shape{"namespace": uri(), "text": text()}, "text"),
		"category":           like(`^[^\s\-_.](.*[^\s\-_.])?$`).atLeast(1),
		"csaf_version":       pick(g, word("2.0"), word("2.1")),
		"distribution":       distribution,
		"lang":               g.lang(),
		"notes":              g.notes(),
		"publisher":          g.publisher(),
		"references":         g.references(),
		"source_lang":        g.lang(),
		"title":              text(),
		"tracking": object(map[string]*shape{
			"aliases":              distinct(text()),
			"current_release_date": instant(),
			"generator": object(map[string]*shape{
				"date":   instant(),
				"engine": object(map[string]*shape{"name": text(), "version": text()}, "name"),
			}, "engine"),
			"id":                   like(`^\S(.*\S)?$`).atLeast(1),
			"initial_release_date": instant(),
			"revision_history": list(object(map[string]*shape{
				"date": instant(), "legacy_version": text(), "number": g.version(), "summary": text(),
			}, "date", "number", "summary")),
			"status":  word("draft", "final", "interim"),
			"version": g.version(),
		}, "current_release_date", "id", "initial_release_date", "revision_history", "status", "version"),
	}, required...), map[string]*shape{"license_expression": text(), "x_extensions": g.extensions()})
}

func (g grammar) fullProductName() *shape {
	// The pattern of CSAF 2.0 is anchored at one end of each alternative only, a
	// known issue that 2.1 mends.
	cpe := pick(g, `^(`+cpe23Pattern+`)|(`+cpe22Pattern+`)$`, `^(`+cpe23Pattern+`|`+cpe22Pattern+`)$`)
	several := pick(g, list, distinct)
	helper := object(map[string]*shape{
		"cpe": like(cpe).atLeast(5),
		"hashes": several(object(map[string]*shape{
			"file_hashes": several(object(map[string]*shape{
				"algorithm": pick(g, text(), like(`^[0-9a-z][0-9a-z-]*$`)),
				"value":     like(pick(g, `^[0-9a-fA-F]{32,}$`, `^[0-9a-f]{32,}$`)),
			}, "algorithm", "value")),
			"filename": text(),
		}, "file_hashes", "filename")),
		"model_numbers":  distinct(text()),
		"sbom_urls":      several(uri()),
		"serial_numbers": distinct(text()),
		"skus":           several(text()),
		"x_generic_uris": several(object(map[string]*shape{"namespace": uri(), "uri": uri()}, "namespace", "uri")),
	}).atLeast(1)
	if g.v21 {
		helper.fields["purls"] = distinct(uriLike(`^pkg:[a-z][a-z0-9.\-]*/.+`).atLeast(7))
	} else {
		helper.fields["purl"] = uriLike(`^pkg:[A-Za-z.\-+][A-Za-z0-9.\-+]*/.+`).atLeast(7)
	}
	return g.with(object(map[string]*shape{
		"name": text(), "product_id": text(), "product_identification_helper": helper,
	}, "name", "product_id"), map[string]*shape{"x_extensions": g.extensions()})
}

func (g grammar) branches(product *shape) *shape {
	categories := []string{
		"architecture", "host_name", "language", "patch_level", "product_family", "product_name",
		"product_version", "product_version_range", "service_pack", "specification", "vendor",
	}
	categories = append(categories, pick(g, "legacy", "platform"))
	branch := object(map[string]*shape{"category": word(categories...), "name": text(), "product": product}, "category", "name").exactly(3)
	all := list(branch)
	branch.fields["branches"] = all
	return all
}

func (g grammar) tree(product, branches *shape) *shape {
	kinds := word("default_component_of", "external_component_of", "installed_on", "installed_with", "optional_component_of")
	tree := object(map[string]*shape{
		"branches":           branches,
		"full_product_names": list(product),
		"product_groups": list(object(map[string]*shape{
			"group_id": text(), "product_ids": distinct(text()).atLeast(2), "summary": text(),
		}, "group_id", "product_ids")),
	}).atLeast(1)
	if g.v21 {
		tree.fields["product_paths"] = list(object(map[string]*shape{
			"beginning_product_reference": text(), "full_product_name": product,
			"subpaths": list(object(map[string]*shape{"category": kinds, "next_product_reference": text()}, "category", "next_product_reference")),
		}, "beginning_product_reference", "full_product_name", "subpaths"))
		return tree
	}
	tree.fields["relationships"] = list(object(map[string]*shape{
		"category": kinds, "full_product_name": product, "product_reference": text(), "relates_to_product_reference": text(),
	}, "category", "full_product_name", "product_reference", "relates_to_product_reference"))
	return tree
}

func (g grammar) vulnerability() *shape {
	ids := func(s *shape) *shape {
		s.fields["group_ids"], s.fields["product_ids"] = g.groups(), g.products()
		return s
	}
	only21 := func(s *shape) *shape {
		if g.v21 {
			return ids(s)
		}
		return s
	}
	status := object(map[string]*shape{
		"first_affected": g.products(), "first_fixed": g.products(), "fixed": g.products(), "known_affected": g.products(),
		"known_not_affected": g.products(), "last_affected": g.products(), "recommended": g.products(), "under_investigation": g.products(),
	}).atLeast(1)
	g.with(status, map[string]*shape{"unknown": g.products()})
	remedies := []string{"mitigation", "no_fix_planned", "none_available", "vendor_fix", "workaround"}
	if g.v21 {
		remedies = append(remedies, "fix_planned", "optional_patch")
	}
	v := object(map[string]*shape{
		"acknowledgments": g.acknowledgments(),
		"cve":             like(cvePattern),
		"discovery_date":  instant(),
		"flags": distinct(ids(object(map[string]*shape{
			"date": instant(),
			"label": word("component_not_present", "inline_mitigations_already_exist", "vulnerable_code_cannot_be_controlled_by_adversary",
				"vulnerable_code_not_in_execute_path", "vulnerable_code_not_present"),
		}, "label"))),
		"ids": distinct(only21(object(map[string]*shape{"system_name": text(), "text": text()}, "system_name", "text"))),
		"involvements": distinct(only21(g.with(object(map[string]*shape{
			"date": instant(), "party": word("coordinator", "discoverer", "other", "user", "vendor"),
			"status": word("completed", "contact_attempted", "disputed", "in_progress", "not_contacted", "open"), "summary": text(),
		}, "party", "status"), map[string]*shape{"contact": text()}))),
		"notes":          g.notes(),
		"product_status": status,
		"references":     g.references(),
		"remediations": list(ids(object(map[string]*shape{
			"category": word(remedies...), "date": instant(), "details": text(), "entitlements": list(text()), "url": uri(),
			"restart_required": object(map[string]*shape{
				"category": word("connected", "dependencies", "machine", "none", "parent", "service", "system", "vulnerable_component", "zone"),
				"details":  text(),
			}, "category"),
		}, "category", "details"))),
		"threats": list(ids(object(map[string]*shape{
			"category": word("exploit_status", "impact", "target_set"), "date": instant(), "details": text(),
		}, "category", "details"))),
		"title": text(),
	}).atLeast(1)
	cwe := map[string]*shape{"id": like(`^CWE-[1-9]\d{0,5}$`), "name": text()}
	if !g.v21 {
		v.fields["cwe"] = object(cwe, "id", "name")
		v.fields["release_date"] = instant()
		v.fields["scores"] = list(object(map[string]*shape{
			"cvss_v2": cvss2(), "cvss_v3": cvss3(), "products": g.products(),
		}, "products").atLeast(2))
		return v
	}
	cwe["name"] = like(`^[^\s\-_.](.*[^\s\-_.])?$`).atLeast(1)
	cwe["version"] = like(`^[1-9]\d*\.([0-9]|([1-9]\d+))(\.\d+)?$`)
	v.fields["cwes"] = distinct(object(cwe, "id", "name", "version"))
	v.fields["disclosure_date"] = instant()
	v.fields["first_known_exploitation_dates"] = distinct(ids(object(map[string]*shape{
		"date": instant(), "exploitation_date": instant(),
	}, "date", "exploitation_date").atLeast(3)))
	share := `^((0\.([0-9])+)|(1\.0+))$`
	v.fields["metrics"] = distinct(object(map[string]*shape{
		"content": object(map[string]*shape{
			"cvss_v2": cvss2(), "cvss_v3": cvss3(), "cvss_v4": cvss4(),
			"epss":                        object(map[string]*shape{"percentile": like(share), "probability": like(share), "timestamp": instant()}, "percentile", "probability", "timestamp"),
			"qualitative_severity_rating": word("critical", "high", "low", "medium", "none"),
			"ssvc_v2":                     ssvc(),
			"x_extensions":                g.extensions(),
		}).atLeast(1),
		"products": g.products(), "source": uri(),
	}, "content", "products"))
	v.fields["x_extensions"] = g.extensions()
	return v
}

// ssvc is what test 6.1.46 asks of a list of selections (CERT/CC, SSVC selection
// list 2.0.0).
func ssvc() *shape {
	value := object(map[string]*shape{"key": text(), "name": text()}, "key")
	return object(map[string]*shape{
		"selections": list(object(map[string]*shape{
			"namespace": text(), "key": text(), "version": text(), "values": list(value),
		}, "namespace", "key", "version", "values")),
		"target_ids": distinct(text()),
		"timestamp":  instant(),
	}, "selections", "timestamp").by("6.1.46")
}
