// Package settings reads what all commands are configured by.
package settings

import (
	"cmp"
	"os"
)

// Settings say where to listen and where jobs are kept.
type Settings struct {
	Address string
	Data    string
}

// FromEnvironment reads PORT and DATA.
func FromEnvironment() Settings {
	return Settings{
		Address: ":" + cmp.Or(os.Getenv("PORT"), "8080"),
		Data:    cmp.Or(os.Getenv("DATA"), "/tmp/jobs.json"),
	}
}
