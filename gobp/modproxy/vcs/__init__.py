"""Modules straight from their repositories, as the go command takes them with GOPROXY=direct."""
