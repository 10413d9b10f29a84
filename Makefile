# Two commands do everything: `make demo` and `make test`. `make help` lists the others.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test lint integration integration-apps integration-servers bench package runtime runtime-lock catalog reference lock setup clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/runtime.done ## build the sample web app to an OCI image, start it, ask it
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python samples/demo.py

test: $(VENV)/dev.done ## run the unit tests (under a minute, no network)
	@$(BIN)/pytest tests -m "not slow" -n auto --dist loadfile

lint: $(VENV)/dev.done ## check style, types and the import contract
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

integration: integration-apps integration-servers ## run the tests with real tools; what is not there is skipped, and said

integration-apps: $(VENV)/dev.done ## run those tests of integration that build apps
	@$(BIN)/python -m release.runtime build || echo "no ./runtime: the tests that need it will fail or be skipped"
	@$(BIN)/pytest integration -rs -m "not modules and not builds"

integration-servers: $(VENV)/dev.done ## run those of the module proxy and the build service, which may run beside the others
	@work=$$(mktemp -d /var/tmp/gobp-servers.XXXXXX); \
	  $(BIN)/pytest tests integration -rs -m "slow or modules or builds" --basetemp="$$work" --hypothesis-profile=thorough; \
	  status=$$?; chmod -R u+rwX "$$work"; rm -rf "$$work"; exit $$status

bench: $(VENV)/dev.done ## measure detect, and gobp beside its peers where they are there
	@$(BIN)/python -m bench

runtime: $(VENV)/dev.done ## make ./runtime, the interpreter that build images without Python need
	@$(BIN)/python -m release.runtime build

runtime-lock: $(VENV)/dev.done ## renew the versions of the interpreter's packages
	@$(BIN)/python -m release.runtime lock

catalog: $(VENV)/dev.done ## renew the Go releases in buildpack.toml
	@$(BIN)/python -m release.catalog

# OFFLINE_GO="1.26.8 1.25.14", or default: also packages with these versions of Go in them; then
# ARCHES=amd64 leaves the other architecture out, OFFLINE_SEED=1 adds the compiled standard library.
# PUBLISH=registry/name:tag pushes the package for all architectures.
package: runtime ## make dist/: the buildpack as a folder and as gobp.cnb
	@$(BIN)/python -m release.package $(if $(OFFLINE_GO),--offline-go "$(OFFLINE_GO)") \
	  $(if $(ARCHES),--offline-architectures "$(ARCHES)") $(if $(OFFLINE_SEED),--offline-seed) \
	  $(if $(PUBLISH),--publish "$(PUBLISH)")

reference: $(VENV)/dev.done ## write the generated pages of docs/ and the tables of README.md anew
	@$(BIN)/python -m release.reference
	@$(BIN)/python -m release.failures
	@$(BIN)/python -m release.settings_pages

lock: $(VENV)/dev.done ## renew requirements/*.txt (pip-tools)
	@$(PIP) install pip-tools
	@for name in runtime services dev; do $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe \
	  --strip-extras --no-emit-find-links --no-emit-index-url --no-emit-options \
	  --output-file requirements/$$name.txt requirements/$$name.in; done

setup: $(VENV)/dev.done ## install what the checks and tests need

clean: ## remove what these commands made
	rm -rf build dist runtime $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gobp needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian: apt-get install python3-venv)"; rm -rf $(VENV); exit 1; }

$(VENV)/runtime.done: $(VENV)/bin/python requirements/runtime.txt
	@echo "Installing what gobp needs (requirements/runtime.txt)"
	@$(PIP) install --require-hashes -r requirements/runtime.txt
	@touch $@

$(VENV)/dev.done: $(VENV)/runtime.done requirements/dev.txt pyproject.toml
	@echo "Installing what the checks and tests need (requirements/dev.txt)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
