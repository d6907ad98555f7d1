// Package i18n speaks Vietnamese and English. It holds the catalogues of all
// rooms, writes numbers, dates and durations as each language writes them in
// the city's time zone, and makes the two keys under which Vietnamese text is
// stored beside itself: Fold for searching and SortKey for ordering.
//
// A room embeds a folder texts with vi.json and en.json (or NAME.vi.json and
// NAME.en.json when one file grows too long), flat objects from key to text:
//
//	{
//	  "finding.title": "Vấn đề tại {asset}",
//	  "finding.count": {"one": "{n} finding", "other": "{n} findings"}
//	}
//
// A placeholder is a name in braces; a brace itself is written twice.
// Vietnamese has no plural, so a plain text serves there beside an English
// plural of the same key.
package i18n
