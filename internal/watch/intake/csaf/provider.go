package csaf

import "regexp"

// provider is the shape of provider-metadata.json, after
// provider_json_schema.json of CSAF 2.0 and schema/provider.json of 2.1.
func provider(v21 bool) *shape {
	g := grammar{v21: v21}
	jsonURL := func() *shape { return uriLike(`\.json$`) }
	feed := object(map[string]*shape{
		"summary":   {kind: '"'},
		"tlp_label": pick(g, word("UNLABELED", "WHITE", "GREEN", "AMBER", "RED"), word("AMBER", "AMBER+STRICT", "CLEAR", "GREEN", "RED")),
		"url":       jsonURL(),
	}, "tlp_label", "url")
	distribution := object(map[string]*shape{
		"rolie": object(map[string]*shape{
			"categories": distinct(jsonURL()), "services": distinct(jsonURL()), "feeds": distinct(feed),
		}, "feeds"),
	}).atLeast(1)
	key := object(map[string]*shape{"fingerprint": like(`^[0-9a-fA-F]{40,}$`), "url": uri()}, "url")
	s := object(map[string]*shape{
		"canonical_url":              uriLike(`/provider-metadata\.json$`),
		"distributions":              distinct(distribution),
		"last_updated":               instant(),
		"list_on_CSAF_aggregators":   truth(),
		"mirror_on_CSAF_aggregators": truth(),
		"metadata_version":           pick(g, word("2.0"), word("2.1")),
		"public_openpgp_keys":        list(key).atLeast(0),
		"publisher":                  g.publisher(),
		"role":                       word("csaf_publisher", "csaf_provider", "csaf_trusted_provider"),
	}, "canonical_url", "last_updated", "list_on_CSAF_aggregators", "mirror_on_CSAF_aggregators", "metadata_version", "publisher", "role")
	if !v21 {
		distribution.fields["directory_url"] = uri()
		return s
	}
	distribution.fields["directory"] = object(map[string]*shape{
		"tlp_label": word("AMBER", "AMBER+STRICT", "CLEAR", "GREEN", "RED"), "url": uri(),
	}, "tlp_label", "url")
	feed.fields["last_updated"] = instant()
	feed.required = append(feed.required, "last_updated")
	key.required = []string{"fingerprint", "url"}
	return dated21(s, "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/provider.json")
}

// aggregator is the shape of aggregator.json, after aggregator_json_schema.json
// of CSAF 2.0 with errata 01 and schema/aggregator.json of 2.1.
func aggregator(v21 bool) *shape {
	g := grammar{v21: v21}
	providerURL := func() *shape { return uriLike(`/provider-metadata\.json$`) }
	metadata := object(map[string]*shape{
		"last_updated": instant(), "publisher": g.publisher(),
		"role": word("csaf_publisher", "csaf_provider", "csaf_trusted_provider"), "url": providerURL(),
	}, "last_updated", "publisher", "url")
	if v21 {
		metadata.required = append(metadata.required, "role")
	}
	mirrors := distinct(providerURL())
	s := object(map[string]*shape{
		"aggregator": object(map[string]*shape{
			"category": word("aggregator", "lister"), "contact_details": text(), "issuing_authority": text(), "name": text(), "namespace": uri(),
		}, "category", "name", "namespace"),
		"aggregator_version": pick(g, word("2.0"), word("2.1")),
		"canonical_url":      uriLike(`/aggregator\.json$`),
		"csaf_providers":     distinct(object(map[string]*shape{"metadata": metadata, "mirrors": mirrors}, "metadata")),
		"csaf_publishers": distinct(object(map[string]*shape{
			"metadata": metadata, "mirrors": mirrors, "update_interval": text(),
		}, "metadata", "mirrors", "update_interval")),
		"last_updated": instant(),
	}, "aggregator", "aggregator_version", "canonical_url", "csaf_providers", "last_updated")
	if v21 {
		return dated21(s, "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/aggregator.json")
	}
	return s
}

// dated21 adds what all lists of CSAF 2.1 have.
func dated21(s *shape, schema string) *shape {
	s.fields["$schema"] = word(schema)
	s.fields["maintained_from"], s.fields["maintained_until"] = instant(), instant()
	s.required = append([]string{"$schema"}, s.required...)
	closeAll(s, map[*shape]bool{})
	return s
}

// rolieFeed is the shape of a ROLIE feed as CSAF 2.0 §7.1.15 asks for it. What
// stands in an entry besides is its publisher's.
func rolieFeed() *shape {
	link := object(map[string]*shape{"href": uri(), "rel": {kind: '"'}}, "href")
	entry := object(map[string]*shape{
		"id": text(), "title": text(), "updated": instant(), "published": instant(), "link": list(link),
		"content": object(map[string]*shape{"src": uri(), "type": text()}, "src", "type"),
	}, "id", "updated", "content")
	return object(map[string]*shape{
		"feed": object(map[string]*shape{
			"id": text(), "title": text(), "updated": instant(), "link": list(link), "entry": list(entry).atLeast(0),
		}, "id", "updated", "entry"),
	}, "feed")
}

// rolieService is the shape of a ROLIE service document, CSAF 2.0 §7.1.16.
func rolieService() *shape {
	return object(map[string]*shape{
		"service": object(map[string]*shape{
			"workspace": list(object(map[string]*shape{
				"title":      text(),
				"collection": list(object(map[string]*shape{"title": text(), "href": uri()}, "title", "href")),
			}, "title", "collection")),
		}, "workspace"),
	}, "service")
}

// rolieCategory is the shape of a ROLIE category document, CSAF 2.0 §7.1.17.
func rolieCategory() *shape {
	return object(map[string]*shape{
		"categories": object(map[string]*shape{
			"category": list(object(map[string]*shape{"term": text(), "scheme": {kind: '"', pattern: regexp.MustCompile(`.`)}}, "term")),
		}, "category"),
	}, "categories")
}
