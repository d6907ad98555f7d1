package sheet_test

import (
	"fmt"
	"testing"

	"tocsin/internal/city/estate/sheet"
)

// BenchmarkRead reads the endpoints of a large city.
func BenchmarkRead(b *testing.B) {
	var rows sheet.Rows
	for i := range 200_000 {
		rows.Endpoints = append(rows.Endpoints, sheet.Endpoint{
			Organisation: fmt.Sprint("o", i%5000), Hostname: fmt.Sprint("may-", i), Kind: "workstation",
			IP: fmt.Sprintf("192.168.%d.%d", i/250%250, i%250), Realm: "mang", OS: "Windows 11",
		})
	}
	data := sheet.Write(sheet.Endpoints, rows)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if sheets, err := sheet.Read("e.csv", data); err != nil || sheets[0].Rows.Len() != 200_000 {
			b.Fatal(err)
		}
	}
}
