"""The GOPROXY protocol, without effects (https://go.dev/ref/mod#goproxy-protocol)."""
