#!/usr/bin/env bash
# Makes what is released, in dist/: one static program, its completions and manual pages, an archive and its checksum,
# a Debian package, and a wheel and source distribution for PyPI.
#
#   ci/release.sh              all of it, for this machine's architecture
#   ci/release.sh program      the program alone; its path is printed
#   ci/release.sh tag v1.2.3   fails unless this is the version of everything here that names one
#   ci/release.sh sums DIR     SHA256SUMS of the files in DIR
#   ci/release.sh notes        what CHANGELOG.md says of this version
#
# OVERLOCK_PROFILE=dev makes all of it without the optimisation that takes minutes; OVERLOCK_DIST names another folder.
# Wheels are made by maturin where it is on the PATH, or is named by MATURIN; otherwise it is said that there are none.
#
# The program is linked with glibc's static libraries: it needs no file of the machine it runs on. Names are looked up
# by glibc itself in /etc/hosts and by DNS (since 2.34 that needs no shared library); other services of nsswitch.conf
# (LDAP, mDNS) are not asked. TLS trusts the authorities in the machine's own files or in SSL_CERT_FILE; an image made
# FROM scratch has neither, so that they are mounted, or --tlscacert is given.
set -euo pipefail
cd "$(dirname "$0")/.."

most=15000000
cargo=${CARGO:-cargo}
profile=${OVERLOCK_PROFILE:-dist}
level=9
[ "$profile" = dist ] || level=1
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
# Files of equal content are packed as equal bytes: nothing is dated later than the commit. Cargo is not told: it would
# build crates with C in them anew for each commit.
commit_date=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
# Nor is it told of another cargo that this is run by, for the same reason.
unset SOURCE_DATE_EPOCH CARGO_MANIFEST_DIR CARGO_MANIFEST_PATH "${!CARGO_PKG_@}"

# What cargo is told, by whoever calls it. With --target the flags are for the program alone, and not for what runs while
# it is built.
settle() {
  target=$("${RUSTC:-rustc}" -vV | sed -n 's/^host: //p')
  case $target in
    x86_64-*-linux-*) architecture=x86_64 debian=amd64 ;;
    aarch64-*-linux-*) architecture=aarch64 debian=arm64 ;;
    *) echo "a release is made for Linux on x86_64 and aarch64, not for $target" >&2; exit 2 ;;
  esac
  export CARGO_TARGET_DIR=$PWD/target/static
  RUSTFLAGS="-C target-feature=+crt-static"
  built=$CARGO_TARGET_DIR/$target/$profile/overlock
  if [ "$profile" = dev ]; then
    built=$CARGO_TARGET_DIR/$target/debug/overlock
    # Nobody steps through it, and what is not written is not waited for.
    export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_STRIP=symbols CARGO_INCREMENTAL=0
  else
    # It aborts where it would unwind, so that tables for that are a twentieth of it for nothing.
    RUSTFLAGS+=" -C force-unwind-tables=no"
    # Packed, the places that it relocates as it starts take a thirtieth of half a megabyte (binutils 2.38 and glibc 2.36
    # on can; for other architectures binutils learned it later).
    [ "$architecture" != x86_64 ] || RUSTFLAGS+=" -C link-arg=-Wl,-z,pack-relative-relocs"
  fi
  export RUSTFLAGS
}

program() {
  "$cargo" build --quiet --profile "$profile" --locked --target "$target" --bin overlock
}

# A tar archive of the same bytes for the same files.
archive() {
  tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$commit_date" "$@" | gzip --no-name "-$level"
}

# The same program as the archive's: cargo builds nothing anew for maturin. Nothing of the machine is linked to it, so
# that it fits every Linux, whichever C library that has.
wheels() {
  local maturin=${MATURIN:-maturin} wheel
  if ! command -v "$maturin" >/dev/null; then
    echo "no wheel: maturin is not on the PATH (pip install maturin wheel)" >&2
    return
  fi
  (cd python && "$maturin" build --quiet --profile "$profile" --locked --target "$target" \
    --compatibility manylinux2014 --out "$dist")
  wheel=$(ls "$dist"/overlock_cli-*.whl)
  SOURCE_DATE_EPOCH=$commit_date "$(dirname "$(command -v "$maturin")")/python" -m wheel tags --remove \
    --platform-tag "+musllinux_1_1_$architecture" "$wheel" >/dev/null
  # It looks for a manifest beside the pyproject.toml first, says that there is none, and takes the one that is named there.
  (cd python && "$maturin" sdist --out "$dist")
}

everything() {
  settle
  program
  dist=${OVERLOCK_DIST:-$PWD/dist}
  rm -rf "$dist"
  mkdir -p "$dist/completions" "$dist/man"
  cp "$built" "$dist/overlock"
  local size file
  size=$(stat -c %s "$dist/overlock")
  if [ "$profile" != dev ] && [ "$size" -gt "$most" ]; then
    echo "the program has $size bytes, more than $most" >&2
    exit 1
  fi
  "$dist/overlock" completions bash >"$dist/completions/overlock"
  "$dist/overlock" completions zsh >"$dist/completions/_overlock"
  "$dist/overlock" completions fish >"$dist/completions/overlock.fish"
  "$dist/overlock" man --out "$dist/man"
  file=overlock-$version-$architecture-linux.tar.gz
  archive --directory "$dist" overlock completions man --directory "$PWD" LICENSE-MIT LICENSE-APACHE >"$dist/$file"
  (cd "$dist" && sha256sum "$file" >"$file.sha256")
  SOURCE_DATE_EPOCH=$commit_date ci/deb.sh "$dist" "$version" "$debian" "$level"
  wheels
  echo "$dist: the program has $size bytes" >&2
}

tag() {
  local named=${1#v} file
  if [ "$named" != "$version" ]; then
    echo "the tag is $1, and Cargo.toml says $version" >&2
    exit 1
  fi
  # Who pins a version takes it from one of these.
  for file in pyproject.toml .pre-commit-hooks.yaml templates/overlock.yml; do
    if ! grep --quiet --fixed-strings "$version" "$file"; then
      echo "$file does not name $version" >&2
      exit 1
    fi
  done
  if [ -z "$(notes)" ]; then
    echo "CHANGELOG.md has no section \"## $version\"" >&2
    exit 1
  fi
}

notes() {
  awk -v version="$version" '/^## / { inside = $2 == version; next } inside' CHANGELOG.md
}

case ${1-} in
  "") everything ;;
  program) settle; program; echo "$built" ;;
  tag) tag "${2:?the tag}" ;;
  notes) notes ;;
  sums) cd "${2:?the folder}"; rm -f SHA256SUMS; sums=$(sha256sum -- *); echo "$sums" >SHA256SUMS ;;
  *) echo "usage: ci/release.sh [program | tag TAG | sums DIR | notes]" >&2; exit 2 ;;
esac
