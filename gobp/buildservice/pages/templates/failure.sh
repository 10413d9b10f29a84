#!/bin/sh
printf 'error: %s\n' {{ quoted(text) }} >&2
exit 1
