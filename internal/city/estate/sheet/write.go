package sheet

import (
	"bytes"
	"encoding/csv"
)

// Write gives the records of kind k as a CSV file that Read takes and that
// Excel opens with its Vietnamese intact: UTF-8 with mark, comma, CRLF. Read
// gives the same records back; their lines count from 2.
func Write(k Kind, rows Rows) []byte {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	if err := w.WriteAll(append([][]string{columnNames(k)}, rows.table(k)...)); err != nil {
		panic("sheet: a buffer takes every write: " + err.Error())
	}
	return out.Bytes()
}
