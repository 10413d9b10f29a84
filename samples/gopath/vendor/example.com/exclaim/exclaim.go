// Package exclaim ends sentences.
package exclaim

import "strings"

// Exclaim ends text with one exclamation mark.
func Exclaim(text string) string {
	return strings.TrimRight(text, ".!") + "!"
}
