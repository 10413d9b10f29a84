"""The files of the Buildpack API as frozen types, one module a spec file; no effects."""
