package main

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vectors returns the certificates of testdata in DER by file name; each name begins with the
// hash that openssl x509 -hash gives (tests/buildpack/test_bp_subject_hash.py asks it).
func vectors(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.pem")
	if err != nil || len(files) < 10 {
		t.Fatalf("the vectors are not there: %v %v", files, err)
	}
	found := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		found[filepath.Base(file)] = block.Bytes
	}
	return found
}

func TestTheHashIsThatOfOpenSSL(t *testing.T) {
	for name, der := range vectors(t) {
		hash, err := subjectHash(der)
		if wanted, _, _ := strings.Cut(name, "-"); err != nil || hash != wanted {
			t.Errorf("%s: %s %v", name, hash, err)
		}
	}
}

func TestHalfACertificateIsAnErrorAndNothingWorse(t *testing.T) {
	for name, der := range vectors(t) {
		for end := range der {
			if _, err := subjectHash(der[:end]); err == nil {
				t.Errorf("%s: %d bytes of %d are a certificate", name, end, len(der))
			}
		}
		if _, err := subjectHash(append(der[:len(der):len(der)], 0)); err == nil {
			t.Errorf("%s: a certificate with more behind it is one", name)
		}
	}
}

func TestTextThatIsNotUnicodeIsAnError(t *testing.T) {
	for name, value := range map[string]element{
		"half a character": {tag: tagBMPString, content: []byte{0xD8, 0x00}},
		"an odd byte":      {tag: tagBMPString, content: []byte{0x00}},
		"too large":        {tag: tagUniversalString, content: []byte{0x00, 0x11, 0x00, 0x00}},
		"no UTF-8":         {tag: tagUTF8String, content: []byte{0xFF}},
	} {
		if _, err := canonicalValue(value); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzSubjectHash(f *testing.F) {
	f.Add([]byte("\x30\x84\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, der []byte) {
		hash, err := subjectHash(der)
		if (err == nil) != (len(hash) == 8) {
			t.Errorf("%x: %q %v", der, hash, err)
		}
	})
}
