// Package shout makes text loud.
package shout

import (
	"strings"

	"example.com/exclaim"
)

// Shout returns text in capitals, with an exclamation mark.
func Shout(text string) string {
	return exclaim.Exclaim(strings.ToUpper(text))
}
