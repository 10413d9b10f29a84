#!/bin/sh
# Installs {{ program }}, built by {{ url }}.
#
# PREFIX       programs go to $PREFIX/bin; /usr/local for root, else ~/.local
# GOBP_OS      platform by Go's name, such as linux, where it is not this machine's
# GOBP_ARCH    processor by Go's name, such as arm64
# GOBP_TOKEN   token of the build service, where it wants one
set -eu

program={{ quoted(program) }}
url={{ quoted(url) }}
query={% if program.package %}{{ quoted("?package=" ~ program.package) }}{% else %}''{% endif %}


fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

say() {
  printf '%s\n' "$*" >&2
}

has() {
  command -v "$1" >/dev/null 2>&1
}

platform() {
  os=${GOBP_OS:-$(uname -s | tr '[:upper:]' '[:lower:]')}
  case $os in
    sunos) os=solaris ;;
    mingw* | msys* | cygwin* | windows_nt) os=windows ;;
  esac
  arch=${GOBP_ARCH:-$(uname -m)}
  case $arch in
    x86_64) arch=amd64 ;;
    aarch64) arch=arm64 ;;
    i?86 | x86) arch=386 ;;
    armv*) arch=arm ;;
    loongarch64) arch=loong64 ;;
  esac
}

# Files, and no arguments, have the token: everybody on this machine can read arguments.
prepare() {
  if has curl; then
    client=curl
    {
      printf 'silent\nshow-error\nfail\nlocation\nretry = 3\n'
      if [ -n "${GOBP_TOKEN:-}" ]; then
        printf 'header = "Authorization: Bearer %s"\n' "$GOBP_TOKEN"
      fi
    } >"$work/client"
  elif has wget; then
    client=wget
    if [ -n "${GOBP_TOKEN:-}" ]; then
      printf 'header = Authorization: Bearer %s\n' "$GOBP_TOKEN" >"$work/client"
    else
      : >"$work/client"
    fi
  else
    fail "neither curl nor wget is installed"
  fi
}

# fetch URL FILE [post]
fetch() {
  if [ "$client" = curl ]; then
    if [ "${3:-}" ]; then
      curl --config "$work/client" --data '' --output "$2" -- "$1"
    else
      curl --config "$work/client" --output "$2" -- "$1"
    fi
  elif [ "${3:-}" ]; then
    WGETRC=$work/client wget -q -O "$2" --post-data= -- "$1"
  else
    WGETRC=$work/client wget -q -O "$2" -- "$1"
  fi || fail "no answer from $1"
}

fact() {
  sed -n "s/^$1 //p" "$work/answer"
}

# Has the program built if nobody had, and waits for it.
obtain() {
  fetch "$url/$os/$arch$query" "$work/answer"
  if [ "$(fact state)" = missing ]; then
    say "$program is not built for $os/$arch yet: asking for it"
    fetch "$url/$os/$arch$query" "$work/answer" post
    say "building: $(fact page)"
  fi
  while :; do
    case $(fact state) in
      queued | running) ;;
      *) break ;;
    esac
    sleep 2
    fetch "$(fact again)" "$work/answer"
  done
  case $(fact state) in
    succeeded) ;;
    missing | refused) fail "$program for $os/$arch: $(fact text)" ;;
    *) fail "$program for $os/$arch: $(fact state): $(fact text) (see $(fact page))" ;;
  esac
}

sum() {
  if has sha256sum; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 "$1" | sed 's/.* //'
  else
    fail "neither sha256sum, shasum nor openssl is there to check the download with"
  fi
}

download() {
  wanted=$(fact sha256)
  [ -n "$wanted" ] || fail "the build gave no archive (see $(fact page))"
  fetch "$(fact url)" "$work/archive.tar.gz"
  got=$(sum "$work/archive.tar.gz")
  [ "$got" = "$wanted" ] || fail "the download's sha256 is $got and should be $wanted: nothing is installed"
}

place() {
  mkdir "$work/files"
  tar -xzf "$work/archive.tar.gz" -C "$work/files"
  if [ "$(id -u)" = 0 ]; then prefix=${PREFIX:-/usr/local}; else prefix=${PREFIX:-$HOME/.local}; fi
  mkdir -p "$prefix/bin" || fail "cannot make $prefix/bin: set PREFIX to a folder of yours"
  # Moving into place is all or nothing, and works while the program runs.
  find "$work/files" -type f -perm -100 -exec sh -c '
    set -eu
    for file do
      name=${file##*/}
      cp "$file" "$0/.$name.$$"
      chmod 755 "$0/.$name.$$"
      mv -f "$0/.$name.$$" "$0/$name"
      printf "%s\n" "$0/$name"
    done
  ' "$prefix/bin" {} + >"$work/installed" || fail "cannot write to $prefix/bin: set PREFIX to a folder of yours"
  [ -s "$work/installed" ] || fail "there is no program in the archive (see $(fact page))"
  version=$(fact version)
  while IFS= read -r file; do
    say "installed $file ($version, sha256 checked)"
  done <"$work/installed"
  case :$PATH: in
    *":$prefix/bin:"*) ;;
    *) say "note: $prefix/bin is not in PATH" ;;
  esac
}

# All is in functions, so that half of a script does nothing.
main() {
  umask 022
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  platform
  prepare
  obtain
  download
  place
}

main
