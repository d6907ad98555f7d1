package sbom_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/base/devdata"
	"tocsin/internal/base/errs"
	"tocsin/internal/city/estate/sbom"
)

func TestBothFormatsGiveTheSameLines(t *testing.T) {
	owner := sbom.Owner{Organisation: "P-A", Hostname: "may-01", System: "HT-A"}
	for name, text := range map[string]string{
		"CycloneDX JSON": `{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":{"component":{"type":"application","name":"portal","version":"3.1","supplier":{"name":"Example Soft"}}},
			"components":[{"type":"library","group":"org.example","name":"gate","version":"1.4","purl":"pkg:maven/org.example/gate@1.4","cpe":"cpe:2.3:a:example:gate:1.4:*:*:*:*:*:*:*",
			"components":[{"type":"library","name":"inner","version":"2"}]},{"type":"cryptographic-asset","name":"AES"}]}`,
		"CycloneDX XML": `<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1"><metadata><component type="application"><supplier><name>Example Soft</name></supplier><name>portal</name><version>3.1</version></component></metadata>
			<components><component type="library"><group>org.example</group><name>gate</name><version>1.4</version><cpe>cpe:2.3:a:example:gate:1.4:*:*:*:*:*:*:*</cpe><purl>pkg:maven/org.example/gate@1.4</purl>
			<components><component type="library"><name>inner</name><version>2</version></component></components></component><component type="cryptographic-asset"><name>AES</name></component></components></bom>`,
		"SPDX": `{"spdxVersion":"SPDX-2.3","packages":[{"name":"portal","versionInfo":"3.1","supplier":"Organization: Example Soft (a@example.example)"},
			{"name":"gate","versionInfo":"1.4","supplier":"Organization: org.example","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:maven/org.example/gate@1.4"},{"referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a:example:gate:1.4:*:*:*:*:*:*:*"}]},
			{"name":"inner","versionInfo":"2"},{"name":""}]}`,
	} {
		b, err := sbom.Read([]byte(text), owner)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(b.Lines) != 3 || b.LeftOut != 1 {
			t.Fatalf("%s: %+v", name, b)
		}
		portal, gate, inner := b.Lines[0], b.Lines[1], b.Lines[2]
		if portal.Vendor != "Example Soft" || portal.Product != "portal" || portal.Version != "3.1" || portal.Hostname != "may-01" || portal.System != "HT-A" {
			t.Errorf("%s: %+v", name, portal)
		}
		if gate.Vendor != "org.example" || gate.PURL != "pkg:maven/org.example/gate@1.4" || !strings.HasPrefix(gate.CPE, "cpe:2.3:a:example:gate") {
			t.Errorf("%s: %+v", name, gate)
		}
		if inner.Vendor != "inner" || inner.Organisation != "P-A" {
			t.Errorf("%s: %+v", name, inner)
		}
	}
}

func TestTwoVersionsOnOneMachineAreTwoLines(t *testing.T) {
	b, err := sbom.Read([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.4","components":[
		{"type":"library","name":"minimist","version":"0.0.8"},{"type":"library","name":"minimist","version":"1.2.5"},{"type":"library","name":"minimist","version":"0.0.8"}]}`), sbom.Owner{})
	if err != nil || len(b.Lines) != 2 || b.Lines[1].Product != "minimist (1.2.5)" || b.Lines[1].Version != "1.2.5" {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestWhatIsNoBillIsRefused(t *testing.T) {
	for _, text := range []string{"", "name,version", "{}", "<html/>", `{"bomFormat":"CycloneDX","components":[`, "<bom"} {
		if _, err := sbom.Read([]byte(text), sbom.Owner{}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheSharedBillsAreRead(t *testing.T) {
	root := devdata.Dir(t)
	if root == "" {
		t.Skip("the development data is not here")
	}
	lines := map[string]int{}
	err := filepath.WalkDir(filepath.Join(root, "scanners", "cyclonedx"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || (!strings.HasSuffix(path, ".json") && !strings.HasSuffix(path, ".xml")) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b, err := sbom.Read(text, sbom.Owner{Organisation: "P-A"})
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		lines[filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path)] = len(b.Lines)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := lines["laravel-7.12.0/bom.1.4.json"]; n != 63 { // 62 components and the application itself
		t.Errorf("laravel has %d lines, want 63: %v", n, lines)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"bomFormat":"CycloneDX","components":[{"name":"a"}]}`))
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component><name>a</name></component></components></bom>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := sbom.Read(data, sbom.Owner{})
		if err == nil && b.Format == "" {
			t.Error("read, but of no format")
		}
	})
}
