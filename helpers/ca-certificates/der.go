package main

import "errors"

// Tags of DER, as the whole of their byte (ITU-T X.690, 8.1.2).
const (
	tagInteger         = 0x02
	tagUTF8String      = 0x0C
	tagPrintableString = 0x13
	tagTeletexString   = 0x14
	tagIA5String       = 0x16
	tagUniversalString = 0x1C
	tagBMPString       = 0x1E
	tagSequence        = 0x30
	tagSet             = 0x31
	tagVersion         = 0xA0 // [0], absent in certificates of version 1
)

const longestLength = 4 // bytes of a length

var errNotDER = errors.New("it is no X.509 certificate")

// element is an element of DER: its tag, its content, and all of its bytes.
type element struct {
	tag     byte
	content []byte
	encoded []byte
}

// parts returns the elements that an element is made of; it must have the tag.
func (e element) parts(tag byte) ([]element, error) {
	if e.tag != tag {
		return nil, errNotDER
	}
	return elements(e.content)
}

// elements returns the elements that follow each other in data.
func elements(data []byte) ([]element, error) {
	var found []element
	for len(data) > 0 {
		start, ok := contentStart(data)
		if !ok {
			return nil, errNotDER
		}
		end := start + contentLength(data)
		if end > len(data) {
			return nil, errNotDER
		}
		found = append(found, element{data[0], data[start:end], data[:end]})
		data = data[end:]
	}
	return found, nil
}

// contentStart returns where the content of the first element in data begins; ok is false where
// its tag has several bytes, or its length is none of DER.
func contentStart(data []byte) (start int, ok bool) {
	if len(data) < 2 || data[0]&0x1F == 0x1F {
		return 0, false
	}
	if data[1] < 0x80 {
		return 2, true
	}
	size := int(data[1] - 0x80)
	if size == 0 || size > longestLength || len(data) < 2+size || data[2] == 0 {
		return 0, false
	}
	return 2 + size, size > 1 || data[2] >= 0x80
}

// contentLength returns the length of the first element in data, which has one of DER.
func contentLength(data []byte) int {
	if data[1] < 0x80 {
		return int(data[1])
	}
	length := 0
	for _, digit := range data[2 : 2+int(data[1]-0x80)] {
		length = length<<8 | int(digit)
	}
	return length
}

// encode returns an element.
func encode(tag byte, content []byte) []byte {
	var digits []byte
	for length := len(content); length > 0; length >>= 8 {
		digits = append([]byte{byte(length)}, digits...)
	}
	if len(content) < 0x80 {
		return append([]byte{tag, byte(len(content))}, content...)
	}
	return append(append([]byte{tag, 0x80 + byte(len(digits))}, digits...), content...)
}
