// Command ca-certificates has a process of an image trust the certificates of its bindings.
//
// The launcher runs it before each start (buildpack specification, "exec.d"): it reads bindings of
// type ca-certificates, writes their certificates to a folder in which OpenSSL and Go look them
// up, and names that folder in SSL_CERT_DIR. Without such bindings it does nothing.
package main

import (
	"os"
	"strconv"
)

const outputDescriptor = 3 // where the launcher reads variables

func main() {
	if err := run(os.Getenv, os.Stderr); err != nil {
		os.Stderr.WriteString("ca-certificates: " + err.Error() + "\n")
		os.Exit(1)
	}
}

// run does all of the work; what a user should know goes to log, as standard output is the app's.
func run(getenv func(string) string, log *os.File) error {
	bindings, skipped, err := readBindings(getenv)
	if err != nil {
		return err
	}
	for _, reason := range skipped {
		log.WriteString("ca-certificates: Warning: " + reason + "\n")
	}
	certificates, err := readCertificates(bindings)
	if err != nil || len(certificates) == 0 {
		return err
	}
	folder, err := writeTrustStore(certificates, writableFolders(getenv))
	if err != nil {
		folder, err = bindingFolders(bindings, err)
		if err != nil {
			return err
		}
		log.WriteString("ca-certificates: Warning: no folder can be written to (TMPDIR, /tmp): " +
			"Go programs trust the certificates, programs with OpenSSL do not\n")
	}
	output := os.NewFile(outputDescriptor, "file descriptor 3")
	if err := writeVariables(output, variables(getenv, folder, exists)); err != nil {
		return err
	}
	log.WriteString("Added " + strconv.Itoa(len(certificates)) +
		" additional CA certificate(s) to system truststore\n")
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
