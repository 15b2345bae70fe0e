#!/usr/bin/env bash
# Makes what is released, in dist/: one static program, its completions and manual pages, an archive and its checksum.
# `ci/release.sh` alone makes all of it; the Dockerfile and cargo-deb take what they need from there.
#
# The program is linked with glibc's static libraries: it needs no file of the machine it runs on. Names are looked up
# by glibc itself in /etc/hosts and by DNS (since 2.34 that needs no shared library); other services of nsswitch.conf
# (LDAP, mDNS) are not asked. TLS trusts the authorities in the machine's own files or in SSL_CERT_FILE; an image made
# FROM scratch has neither, so that they are mounted, or --tlscacert is given.
set -euo pipefail
cd "$(dirname "$0")/.."

target=x86_64-unknown-linux-gnu
most=15000000
version=$(cargo metadata --no-deps --format-version 1 | sed -n 's/.*"name":"overlock","version":"\([^"]*\)".*/\1/p')

# With --target the flags are for the program alone, and not for what runs while it is built. It aborts where it would
# unwind, so that tables for that are a twentieth of it for nothing. Packed, the places that it relocates as it starts
# take a thirtieth of half a megabyte (binutils 2.38 and glibc 2.36 on can).
RUSTFLAGS="-C target-feature=+crt-static -C force-unwind-tables=no -C link-arg=-Wl,-z,pack-relative-relocs" \
  cargo build --profile dist --locked --target "$target" --target-dir target/static --bin overlock

rm -rf dist
mkdir -p dist/completions dist/man
cp "target/static/$target/dist/overlock" dist/overlock
size=$(stat -c %s dist/overlock)
if [ "$size" -gt "$most" ]; then
  echo "the program has $size bytes, more than $most" >&2
  exit 1
fi
dist/overlock completions bash >dist/completions/overlock
dist/overlock completions zsh >dist/completions/_overlock
dist/overlock completions fish >dist/completions/overlock.fish
dist/overlock man --out dist/man

archive=overlock-$version-x86_64-linux.tar.gz
tar --create --gzip --owner 0 --group 0 --file "dist/$archive" -C dist overlock completions man -C .. \
  LICENSE-MIT LICENSE-APACHE
(cd dist && sha256sum "$archive" >"$archive.sha256")
echo "dist/$archive: the program has $size bytes" >&2
