package main

import (
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// writableFolders returns where a folder may be made, in the order to try: with a read-only root
// file system some of them are often writable still.
func writableFolders(getenv func(string) string) []string {
	folders := []string{"/tmp", "/dev/shm", "/var/tmp", "/run"}
	if chosen := getenv("TMPDIR"); chosen != "" {
		folders = append([]string{chosen}, folders...)
	}
	return folders
}

// writeTrustStore writes certificates to a new folder in the first of some that can be written to,
// and returns its path. A file's name is the hash of the subject and a number, for subjects of one
// hash (c_rehash of OpenSSL); Go's programs read files of any name.
func writeTrustStore(certificates []certificate, places []string) (string, error) {
	var failed error
	for _, place := range places {
		folder, err := os.MkdirTemp(place, "ca-certificates-")
		if err != nil {
			failed = err
			continue
		}
		if failed = fill(folder, certificates); failed == nil {
			return folder, nil
		}
		os.RemoveAll(folder) // a full file system, perhaps: the next may have room
	}
	return "", failed
}

// fill writes files that every user can read, as the process may change to another one.
func fill(folder string, certificates []certificate) error {
	if err := os.Chmod(folder, 0o755); err != nil {
		return err
	}
	taken := map[string]int{}
	for _, each := range certificates {
		path := filepath.Join(folder, each.subject+"."+strconv.Itoa(taken[each.subject]))
		taken[each.subject]++
		text := pem.EncodeToMemory(&pem.Block{Type: pemLabel, Bytes: []byte(each.der)})
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
		if err := os.Chmod(path, 0o644); err != nil { // whatever the umask
			return err
		}
	}
	return nil
}

// bindingFolders returns the folders of the bindings themselves, in which Go's programs read all
// files; cause is why there is no better one.
func bindingFolders(bindings []binding, cause error) (string, error) {
	var folders []string
	for _, each := range bindings {
		if each.folder == "" {
			return "", errors.New("no folder can be written to (TMPDIR, /tmp): " + cause.Error())
		}
		folders = append(folders, each.folder)
	}
	return strings.Join(folders, ":"), nil
}
