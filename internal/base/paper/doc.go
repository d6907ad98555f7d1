// Package paper lays out official papers: one Document becomes a DOCX and a PDF
// of the same geometry, and Sheets become an XLSX workbook.
//
// The layout is that of Decree 30/2020/NĐ-CP, Appendix I: A4 upright, the nine
// components in their cells, sizes and styles. A Document with a Kind is a
// named-type paper (báo cáo, thông báo); one without is a letter (công văn),
// whose abstract stands under its number. English papers keep the geometry.
//
// The package is pure and knows no words: every text, the national title and
// the "Kính gửi:" too, comes in as data (Head, Words). The same Document gives
// the same bytes, whenever and wherever it is set.
//
//	Document ─ compose ─┬─ docx: paragraphs with named styles
//	                    └─ layout ─ strips ─ paginate ─ pages ─ pdf
package paper
