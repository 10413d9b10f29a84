package main

import (
	"encoding/pem"
	"errors"
	"sort"
	"strconv"
	"strings"
)

const (
	pemBegin  = "-----BEGIN "
	pemLabel  = "CERTIFICATE"
	justThese = ": put certificates in PEM, and nothing else, into the binding"
)

// certificate is a certificate in DER, and its subject as OpenSSL hashes it.
type certificate struct {
	der     string
	subject string
}

// readCertificates returns the certificates of all bindings, each once. An error names the entry
// that holds anything else, but shows nothing of it.
func readCertificates(bindings []binding) ([]certificate, error) {
	var found []certificate
	seen := map[string]bool{}
	for _, each := range bindings {
		names := make([]string, 0, len(each.entries))
		for name := range each.entries {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			certificates, err := parsePEM([]byte(each.entries[name]))
			if err != nil {
				where := strconv.Quote(name) + " in the binding " + strconv.Quote(each.name)
				return nil, errors.New(where + " " + err.Error())
			}
			for _, certificate := range certificates {
				if !seen[certificate.der] {
					seen[certificate.der] = true
					found = append(found, certificate)
				}
			}
		}
	}
	return found, nil
}

// parsePEM returns the certificates of a text; what is around the blocks is a comment.
func parsePEM(text []byte) ([]certificate, error) {
	var found []certificate
	begins := strings.Count(string(text), pemBegin)
	if begins == 0 && len(text) > 2 && text[0] == 0x30 && text[1] > 0x80 && text[1] < 0x85 {
		return nil, errors.New("is in DER, not in PEM: convert it with openssl x509 -inform der")
	}
	if begins == 0 {
		return nil, errors.New("holds no certificate in PEM" + justThese)
	}
	for range make([]struct{}, begins) {
		block, rest := pem.Decode(text)
		switch {
		case block == nil:
			return nil, errors.New("has a PEM block that is not whole" + justThese)
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, errors.New("holds a private key: only certificates belong there")
		case block.Type != pemLabel:
			return nil, errors.New("holds a " + strings.ToLower(block.Type) + ", no certificate" + justThese)
		}
		hash, err := subjectHash(block.Bytes)
		if err != nil {
			return nil, errors.New("has a certificate that cannot be read: " + err.Error())
		}
		found = append(found, certificate{string(block.Bytes), hash})
		text = rest
	}
	return found, nil
}
