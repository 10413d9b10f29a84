package main

import (
	"errors"
	"os"
	"strings"
	"unicode/utf8"
)

// Where systems keep their certificates; the first file there is, and all folders, as in Go's
// crypto/x509. Either variable, once set, takes the system's own place away, so they name it.
var (
	systemFiles = []string{
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/ssl/cert.pem",
	}
	systemFolders = []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}
)

// variable is a variable of the process to be launched.
type variable struct{ name, value string }

// variables returns what to set so that certificates in a folder are trusted besides all others.
func variables(getenv func(string) string, folder string, exists func(string) bool) []variable {
	var folders []string
	if present := getenv("SSL_CERT_DIR"); present != "" {
		folders = []string{present}
	} else {
		for _, path := range systemFolders {
			if exists(path) {
				folders = append(folders, path)
			}
		}
	}
	set := []variable{{"SSL_CERT_DIR", strings.Join(append(folders, folder), ":")}}
	if getenv("SSL_CERT_FILE") != "" {
		return set
	}
	for _, path := range systemFiles {
		if exists(path) {
			return append(set, variable{"SSL_CERT_FILE", path})
		}
	}
	return set
}

// writeVariables writes variables in TOML.
func writeVariables(file *os.File, variables []variable) error {
	var text strings.Builder
	for _, each := range variables {
		if !utf8.ValidString(each.value) {
			return errors.New(each.name + " is not UTF-8")
		}
		text.WriteString(each.name + " = " + quote(each.value) + "\n")
	}
	if _, err := file.WriteString(text.String()); err != nil {
		return errors.New("the launcher is not there: " + err.Error())
	}
	return nil
}

// quote returns a text as a basic string of TOML.
func quote(text string) string {
	const digits = "0123456789ABCDEF"
	var quoted strings.Builder
	quoted.WriteByte('"')
	for _, char := range text {
		switch {
		case char == '"' || char == '\\':
			quoted.WriteByte('\\')
			quoted.WriteRune(char)
		case char < ' ' || char == 0x7F:
			quoted.WriteString(`\u00` + string(digits[char>>4]) + string(digits[char&0xF]))
		default:
			quoted.WriteRune(char)
		}
	}
	quoted.WriteByte('"')
	return quoted.String()
}
