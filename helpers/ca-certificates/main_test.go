package main

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// environment is a process environment of these variables alone.
func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// write makes files below a folder, by path.
func write(t *testing.T, root string, files map[string]string) string {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// aCertificate returns one of the vectors in PEM.
func aCertificate(t *testing.T, name string) string {
	t.Helper()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: vectors(t)[name]}))
}

const (
	root     = "506215f7-one-name.pem"
	sameName = "506215f7-one-name-version-1.pem"
	other    = "b1422e0b-teletex.pem"
)

func TestBindingsAreReadInBothLayouts(t *testing.T) {
	folder := write(t, t.TempDir(), map[string]string{
		"new/type":             "CA-Certificates\n",
		"new/provider":         "me",
		"new/a.pem":            "A",
		"new/..data/a.pem":     "hidden",
		"new/.hidden":          "hidden",
		"old/metadata/kind":    "ca-certificates",
		"old/metadata/tags":    "x",
		"old/secret/b":         "B",
		"other/type":           "netrc",
		"other/netrc":          "secret",
		"typeless/ca.pem":      "C",
		".hidden/type":         "ca-certificates",
		".hidden/hidden":       "hidden",
		"a-file-is-no-binding": "x",
	})

	found, skipped, err := readBindings(environment(map[string]string{"CNB_BINDINGS": folder}))

	if err != nil || len(found) != 2 || len(skipped) != 1 || !strings.Contains(skipped[0], "typeless") {
		t.Fatal(found, skipped, err)
	}
	if found[0].name != "new" || len(found[0].entries) != 1 || found[0].entries["a.pem"] != "A" {
		t.Error(found[0])
	}
	if found[1].name != "old" || len(found[1].entries) != 1 || found[1].entries["b"] != "B" {
		t.Error(found[1])
	}
}

func TestTheFirstPlaceThatIsNamedIsTheOnlyOne(t *testing.T) {
	variables := map[string]string{
		"SERVICE_BINDING_ROOT": filepath.Join(t.TempDir(), "none"),
		"CNB_BINDINGS":         write(t, t.TempDir(), map[string]string{"a/type": "ca-certificates"}),
		"VCAP_SERVICES":        "not json",
	}
	for _, wanted := range []int{0, 1} {
		found, _, err := readBindings(environment(variables))
		if err != nil || len(found) != wanted {
			t.Error(found, err)
		}
		delete(variables, "SERVICE_BINDING_ROOT")
	}
}

func TestServicesOfCloudFoundryAreBindings(t *testing.T) {
	services := `{"user-provided": [
		{"name": "b", "credentials": {"type": "ca-certificates", "provider": "x", "ca": "B", "n": 1}},
		{"name": "secret", "credentials": {"password": "hunter2"}}],
		"CA-Certificates": [{"name": "a", "credentials": {"ca": "A"}}]}`

	found, err := fromServices([]byte(services))

	if err != nil || len(found) != 2 || found[0].entries["ca"] != "A" || found[1].entries["ca"] != "B" {
		t.Error(found, err)
	}
	if value, there := found[1].entries["n"]; len(found[1].entries) != 2 || !there || value != "" {
		t.Error(found[1])
	}
}

func TestServicesThatAreNoneAreNotShown(t *testing.T) {
	_, err := fromServices([]byte(`{"a": "hunter2"`))

	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

func TestABundleIsSplitAndEachCertificateCountsOnce(t *testing.T) {
	bundle := "# mine\n" + aCertificate(t, root) + "and\n" + aCertificate(t, other) + "the end"
	bindings := []binding{
		{name: "x", entries: map[string]string{"b": bundle, "a": aCertificate(t, other)}},
	}

	found, err := readCertificates(bindings)

	if err != nil || len(found) != 2 || found[0].subject != "b1422e0b" || found[1].subject != "506215f7" {
		t.Error(found, err)
	}
}

func TestWhatIsNoCertificateIsNamedAndNotShown(t *testing.T) {
	good := aCertificate(t, root)
	block := func(label string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: []byte("hunter2")}))
	}
	for text, wanted := range map[string]string{
		"":                                     "holds no certificate in PEM",
		"hunter2":                              "holds no certificate in PEM",
		"\x30\x82\x01hunter2":                  "is in DER",
		good[:100]:                             "not whole",
		good + good[:100]:                      "not whole",
		good[:100] + good:                      "not whole",
		block("PRIVATE KEY"):                   "holds a private key",
		good + block("RSA PRIVATE KEY"):        "holds a private key",
		block("X509 CRL"):                      "holds a x509 crl",
		block("CERTIFICATE"):                   "cannot be read",
		strings.Replace(good, "MIH", "M*H", 1): "not whole",
	} {
		bindings := []binding{{name: "b", entries: map[string]string{"e\n": text}}}
		_, err := readCertificates(bindings)
		if err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("%q: %v", text, err)
		} else if !strings.HasPrefix(err.Error(), `"e\n" in the binding "b" `) ||
			strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "aHVudGVyMg") {
			t.Error(err)
		}
	}
}

func TestTheStoreHasANumberForEachSubjectOfOneHash(t *testing.T) {
	place := t.TempDir()
	certificates, err := parsePEM([]byte(aCertificate(t, root) + aCertificate(t, sameName) + aCertificate(t, other)))
	if err != nil {
		t.Fatal(err)
	}

	folder, err := writeTrustStore(certificates, []string{filepath.Join(place, "none"), place})

	if err != nil || filepath.Dir(folder) != place {
		t.Fatal(folder, err)
	}
	for name, wanted := range map[string]string{"506215f7.0": root, "506215f7.1": sameName, "b1422e0b.0": other} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || string(text) != aCertificate(t, wanted) {
			t.Error(name, string(text), err)
		}
		if info, _ := os.Stat(filepath.Join(folder, name)); info.Mode() != 0o644 {
			t.Error(info.Mode())
		}
	}
	if info, _ := os.Stat(folder); info.Mode().Perm() != 0o755 {
		t.Error(info.Mode())
	}
}

func TestWithoutAPlaceToWriteTheBindingsThemselvesAreTheStore(t *testing.T) {
	_, cause := writeTrustStore(nil, []string{filepath.Join(t.TempDir(), "none")})
	if cause == nil {
		t.Fatal("a folder was made in one that is not there")
	}

	folders, err := bindingFolders([]binding{{folder: "/b/one"}, {folder: "/b/two"}}, cause)

	if err != nil || folders != "/b/one:/b/two" {
		t.Error(folders, err)
	}
	if _, err := bindingFolders([]binding{{name: "vcap"}}, cause); err == nil {
		t.Error("a binding without folder is one")
	}
}

func TestTheSystemsCertificatesStayTrusted(t *testing.T) {
	debian := func(path string) bool { return strings.HasPrefix(path, "/etc/ssl/certs") }
	none := func(string) bool { return false }
	for _, each := range []struct {
		env    map[string]string
		exists func(string) bool
		wanted string
	}{
		{nil, debian, "SSL_CERT_DIR=/etc/ssl/certs:/new SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt "},
		{nil, none, "SSL_CERT_DIR=/new "},
		{map[string]string{"SSL_CERT_DIR": "/mine", "SSL_CERT_FILE": "/file"}, debian, "SSL_CERT_DIR=/mine:/new "},
	} {
		found := ""
		for _, variable := range variables(environment(each.env), "/new", each.exists) {
			found += variable.name + "=" + variable.value + " "
		}
		if found != each.wanted {
			t.Error(found)
		}
	}
}

func TestATextIsQuotedAsInTOML(t *testing.T) {
	if found := quote("a\"b\\c\n\x7fé"); found != `"a\"b\\c\u000A\u007Fé"` {
		t.Error(found)
	}
	if writeVariables(os.Stderr, []variable{{"X", "\xff"}}) == nil {
		t.Error("a value that is not UTF-8 is written")
	}
}
