#!/usr/bin/env bash
# Packs what ci/release.sh made as a Debian package: the same bytes for the same files. The static program depends on no
# package.
# usage: ci/deb.sh DIST VERSION ARCHITECTURE [LEVEL]     (Debian's name of it; of compression, 9 by default)
set -euo pipefail
cd "$(dirname "$0")/.."
dist=$1 version=$2 architecture=$3
if ! command -v dpkg-deb >/dev/null; then
  echo "no Debian package: dpkg-deb is not on the PATH" >&2
  exit 0
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
umask 022
chmod 755 "$root"
put() { install -D --mode "$1" "$2" "$root/$3"; }
put 755 "$dist/overlock" usr/bin/overlock
put 644 "$dist/completions/overlock" usr/share/bash-completion/completions/overlock
put 644 "$dist/completions/_overlock" usr/share/zsh/vendor-completions/_overlock
put 644 "$dist/completions/overlock.fish" usr/share/fish/vendor_completions.d/overlock.fish
for page in "$dist"/man/*.1; do
  put 644 "$page" "usr/share/man/man1/${page##*/}"
done
put 644 README.md usr/share/doc/overlock/README.md
put 644 CHANGELOG.md usr/share/doc/overlock/changelog
gzip --no-name -9 "$root"/usr/share/man/man1/*.1 "$root/usr/share/doc/overlock/changelog"
cat LICENSE-MIT - LICENSE-APACHE >"$root/usr/share/doc/overlock/copyright" <<<$'\nor, as you like:\n'

mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<END
Package: overlock
Version: $version
Architecture: $architecture
Maintainer: The Overlock authors <overlock@users.noreply.github.com>
Section: admin
Priority: optional
Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f 1)
Homepage: https://github.com/overlock/overlock
Description: audits the locks of state directories that containers share
 Reads compose files, scripts and running containers, and tells which of them
 share a state directory without a lock that all of them see.
END
(cd "$root" && find usr -type f -print0 | sort --zero-terminated | xargs --null md5sum >DEBIAN/md5sums)
dpkg-deb --root-owner-group -Zxz "-z${4:-9}" --build "$root" "$dist/overlock_${version}_$architecture.deb" >/dev/null
