package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"sort"
	"unicode/utf8"
)

// subjectHash returns the hash, eight hexadecimal digits, by which OpenSSL finds a certificate in
// a folder: the beginning of a SHA-1 over the subject's canonical form, DER in which all text is
// UTF-8, in lower case, with single spaces (OpenSSL's manual of c_rehash and X509_NAME_hash; RFC
// 5280, 4.1 and 7.1). Its twin is gobp/buildpack/ca_certificates/subject_hash.py.
func subjectHash(certificate []byte) (string, error) {
	sets, err := subjectSets(certificate)
	if err != nil {
		return "", err
	}
	canonical := sha1.New()
	for _, set := range sets {
		encoded, err := canonicalSet(set)
		if err != nil {
			return "", err
		}
		canonical.Write(encoded)
	}
	sum := canonical.Sum(nil)
	return hex.EncodeToString([]byte{sum[3], sum[2], sum[1], sum[0]}), nil
}

// subjectSets returns the sets of names of a certificate's subject.
func subjectSets(certificate []byte) ([]element, error) {
	outer, err := elements(certificate)
	if err != nil || len(outer) != 1 {
		return nil, errNotDER
	}
	parts, err := outer[0].parts(tagSequence)
	if err != nil || len(parts) == 0 {
		return nil, errNotDER
	}
	fields, err := parts[0].parts(tagSequence)
	if err != nil {
		return nil, err
	}
	if len(fields) > 0 && fields[0].tag == tagVersion {
		fields = fields[1:]
	}
	if len(fields) < 5 || fields[0].tag != tagInteger {
		return nil, errNotDER
	}
	for _, field := range fields[1:5] { // signature algorithm, issuer, validity, subject
		if field.tag != tagSequence {
			return nil, errNotDER
		}
	}
	return elements(fields[4].content)
}

// canonicalSet returns a set of names in canonical form; DER sorts the elements of a set.
func canonicalSet(set element) ([]byte, error) {
	names, err := set.parts(tagSet)
	if err != nil {
		return nil, err
	}
	encoded := make([][]byte, len(names))
	for i, name := range names {
		parts, err := name.parts(tagSequence)
		if err != nil || len(parts) != 2 {
			return nil, errNotDER
		}
		value, err := canonicalValue(parts[1])
		if err != nil {
			return nil, err
		}
		encoded[i] = encode(tagSequence, bytes.Join([][]byte{parts[0].encoded, value}, nil))
	}
	sort.Slice(encoded, func(i, j int) bool { return bytes.Compare(encoded[i], encoded[j]) < 0 })
	return encode(tagSet, bytes.Join(encoded, nil)), nil
}

// canonicalValue returns text in lower case, with single spaces, as UTF-8; other values as they are.
func canonicalValue(value element) ([]byte, error) {
	var text []byte
	var err error
	switch value.tag {
	case tagUTF8String:
		if text = value.content; !utf8.Valid(text) {
			err = errNotDER
		}
	case tagPrintableString, tagTeletexString, tagIA5String:
		text, err = fromUnits(value.content, 1)
	case tagBMPString:
		text, err = fromUnits(value.content, 2)
	case tagUniversalString:
		text, err = fromUnits(value.content, 4)
	default:
		return value.encoded, nil
	}
	if err != nil {
		return nil, err
	}
	text = bytes.Join(bytes.FieldsFunc(text, isSpace), []byte(" "))
	for i, char := range text {
		if 'A' <= char && char <= 'Z' { // ASCII alone, as it must be
			text[i] = char + 'a' - 'A'
		}
	}
	return encode(tagUTF8String, text), nil
}

func isSpace(char rune) bool { return char == ' ' || '\t' <= char && char <= '\r' }

// fromUnits returns text as UTF-8 whose characters are numbers of some bytes each.
func fromUnits(units []byte, size int) ([]byte, error) {
	if len(units)%size != 0 {
		return nil, errNotDER
	}
	var text []byte
	for ; len(units) > 0; units = units[size:] {
		var char uint32
		for _, part := range units[:size] {
			char = char<<8 | uint32(part)
		}
		if char > utf8.MaxRune || !utf8.ValidRune(rune(char)) {
			return nil, errNotDER
		}
		text = utf8.AppendRune(text, rune(char))
	}
	return text, nil
}
