package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

const (
	bindingType = "ca-certificates"
	entryLimit  = 1024 * 1024 // bytes of one entry of a binding
)

// binding is a binding of the type; folder is where its entries are, "" where they have none.
type binding struct {
	name    string
	folder  string
	entries map[string]string
}

// readBindings returns the bindings of the type, sorted by name, from the first place that a
// variable names. Other bindings are not read beyond their type; skipped tells of those that have
// none (Service Binding specification, "Workload Projection").
func readBindings(getenv func(string) string) (found []binding, skipped []string, err error) {
	for _, name := range []string{"SERVICE_BINDING_ROOT", "CNB_BINDINGS"} {
		if root := getenv(name); root != "" {
			return fromFolder(root)
		}
	}
	if services := getenv("VCAP_SERVICES"); services != "" {
		found, err = fromServices([]byte(services))
	}
	return found, nil, err
}

func fromFolder(root string) (found []binding, skipped []string, err error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, errors.New("the bindings cannot be read: " + err.Error())
	}
	for _, entry := range entries {
		folder := filepath.Join(root, entry.Name())
		if hidden(entry.Name()) || !isFolder(folder) {
			continue
		}
		typeFile, secrets := filepath.Join(folder, "type"), folder
		if isFolder(filepath.Join(folder, "metadata")) { // the layout before that specification
			typeFile, secrets = filepath.Join(folder, "metadata", "kind"), filepath.Join(folder, "secret")
		}
		kind, err := readEntry(typeFile)
		if err != nil || strings.TrimSpace(kind) == "" {
			skipped = append(skipped, "the binding "+folder+" is not used, as it has no type")
			continue
		}
		if !strings.EqualFold(strings.TrimSpace(kind), bindingType) {
			continue
		}
		values, err := readEntries(secrets)
		if err != nil {
			return nil, nil, errors.New("the binding " + folder + " cannot be read: " + err.Error())
		}
		found = append(found, binding{entry.Name(), secrets, values})
	}
	return found, skipped, nil
}

// readEntries returns the content of each file in a folder, by name.
func readEntries(folder string) (map[string]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, entry := range entries {
		name := entry.Name()
		path := filepath.Join(folder, name)
		if hidden(name) || name == "type" || name == "provider" || isFolder(path) {
			continue
		}
		if values[name], err = readEntry(path); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func readEntry(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, entryLimit+1))
	if err == nil && len(data) > entryLimit {
		err = errors.New(path + " is larger than 1 MiB")
	}
	return string(data), err
}

// fromServices reads VCAP_SERVICES of Cloud Foundry. What it holds is never part of an error.
func fromServices(text []byte) ([]binding, error) {
	var services map[string][]struct {
		Name        string         `json:"name"`
		Credentials map[string]any `json:"credentials"`
	}
	if json.Unmarshal(text, &services) != nil {
		return nil, errors.New("VCAP_SERVICES is not the JSON of services")
	}
	var found []binding
	for label, instances := range services {
		for _, instance := range instances {
			kind, ok := instance.Credentials["type"].(string)
			if !ok || kind == "" {
				kind = label
			}
			if !strings.EqualFold(kind, bindingType) {
				continue
			}
			each := binding{name: instance.Name, entries: map[string]string{}}
			for name, value := range instance.Credentials {
				if name != "type" && name != "provider" {
					each.entries[name], _ = value.(string) // other values are no certificates either
				}
			}
			found = append(found, each)
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].name < found[j].name })
	return found, nil
}

// hidden tells whether a name is one of Kubernetes' own, as in a mounted secret.
func hidden(name string) bool { return strings.HasPrefix(name, ".") }

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
