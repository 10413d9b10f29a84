// Command migrate makes the file that holds the jobs.
package main

import (
	"flag"
	"fmt"
	"log"

	"example.com/gobp/commands/internal/settings"
	"example.com/gobp/commands/internal/store"
)

func main() {
	dryRun := flag.Bool("dry-run", false, "only say what would be made")
	flag.Parse()

	path := settings.FromEnvironment().Data
	if *dryRun {
		fmt.Printf("would make %s\n", path)
		return
	}
	made, err := store.Open(path).Migrate()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: made=%t\n", path, made)
}
