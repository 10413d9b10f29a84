// The oracle answers, with the rules of the Go that compiled it, what gobp.golang answers itself.
// Each line of input is a JSON list of an operation and its arguments, each line of output a JSON
// list of results.
package main

import (
	"bufio"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/version"
	"os"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

func orError(value string, err error) []any {
	return []any{value, err == nil}
}

func unhex(text string) []byte {
	data, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

func answer(question []string) []any {
	first := question[1]
	second := question[len(question)-1]
	switch question[0] {
	case "compare":
		return []any{version.Compare(first, second)}
	case "valid":
		return []any{version.IsValid(first)}
	case "canonical":
		return []any{module.CanonicalVersion(first)}
	case "major":
		return []any{semver.Major(first)}
	case "check-path":
		return []any{module.CheckPath(first) == nil}
	case "check-import-path":
		return []any{module.CheckImportPath(first) == nil}
	case "check":
		return []any{module.Check(first, second) == nil}
	case "escape-path":
		return orError(module.EscapePath(first))
	case "unescape-path":
		return orError(module.UnescapePath(first))
	case "escape-version":
		return orError(module.EscapeVersion(first))
	case "unescape-version":
		return orError(module.UnescapeVersion(first))
	case "sign": // seed, message -> public key, signature, all in hex
		private := ed25519.NewKeyFromSeed(unhex(first))
		public := private.Public().(ed25519.PublicKey)
		return []any{hex.EncodeToString(public), hex.EncodeToString(ed25519.Sign(private, unhex(second)))}
	case "verify": // public key, message, signature, all in hex
		return []any{ed25519.Verify(unhex(first), unhex(question[2]), unhex(question[3]))}
	case "split":
		prefix, major, ok := module.SplitPathVersion(first)
		return []any{prefix, major, ok}
	}
	panic("unknown question: " + question[0])
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var question []string
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			panic(err)
		}
		line, err := json.Marshal(answer(question))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
}
