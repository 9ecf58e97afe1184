#!/bin/sh
# Runs a command of the README on a bare Debian 12: a chroot with Node, npm, gcc, g++ and make, and nothing else that we
# need. Each run starts from the same state and leaves nothing but the unpacked system in .cache/bare-debian.
#
#     tools/bare-debian.sh root|user|nohome npm test
#
# root: in a folder that only root can enter, HOME empty; user: a new user without rights; nohome: one without a home.
# Needs root, debootstrap, git and a Linux kernel with overlayfs. What is run is the last commit.
set -eu

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
who=$1; shift
case $who in root | user | nohome) ;; *) usage ;; esac

if [ "${RUVECTOR_BARE_DEBIAN:-}" != inside ]; then
  # Mounts are private to this process and end with it.
  RUVECTOR_BARE_DEBIAN=inside exec unshare --mount --propagation private "$0" "$who" "$@"
fi

root=$(cd "$(dirname "$0")/.." && pwd)
cache=$root/.cache/bare-debian
base=$cache/rootfs
packages=gcc,g++,make

if [ ! -e "$base/usr/bin/make" ]; then
  echo "debootstrap bookworm" >&2
  mkdir -p "$cache"
  rm -rf "$base.new"
  debootstrap --variant=minbase --include="$packages" bookworm "$base.new" >&2
  rm -rf "$base.new"/var/lib/apt/lists/* "$base.new"/var/cache/apt/archives/*.deb
  mv "$base.new" "$base"
fi

mkdir -p "$cache/run"
work=$(mktemp -d "$cache/run/XXXXXX")
trap 'umount -R "$work/merged" 2>/dev/null; rm -rf "$work"' EXIT
mkdir "$work/upper" "$work/work" "$work/merged"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" "$work/merged"
system=$work/merged

# Node and npm of this machine, and its way to the registry: certificates and settings of npm for everybody.
node=$(node -p 'fs.realpathSync(process.execPath)')
npm=$(dirname "$(dirname "$(realpath "$(command -v npm)")")")
cp "$node" "$system/usr/bin/node"
mkdir -p "$system/usr/lib/node_modules"
cp -R "$npm" "$system/usr/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$system/usr/bin/npm"
cp -L /etc/resolv.conf "$system/etc/resolv.conf"
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  mkdir -p "$system/etc/ssl/certs"
  cp -L /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/"
fi

mount -t proc proc "$system/proc"
mount -t tmpfs -o mode=755 tmpfs "$system/dev"
for device in null zero full random urandom tty; do
  : >"$system/dev/$device"
  mount --bind "/dev/$device" "$system/dev/$device"
done
mkdir "$system/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$system/dev/shm"
for link in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
  ln -s "${link#*:}" "$system/dev/${link%%:*}"
done

case $who in
  root) drop='' place=/opt/closed home=$place-home ;;
  user) drop=ada home=/srv/$drop place=$home/closed ;;
  nohome) drop=ada home=/nonexistent place=/srv/closed ;;
esac
[ -z "$drop" ] || chroot "$system" useradd --home-dir "$home" "$drop"
[ "$who" = nohome ] || mkdir -p "$system$home"
mkdir -p "$system$place"
git clone -q "$root" "$system$place/ruvector"
chmod 700 "$system$place"
if [ -n "$drop" ]; then
  chroot "$system" chown -R "$drop" "$place"
  [ "$who" = nohome ] || chroot "$system" chown "$drop" "$home"
fi

set -- env -i "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" "HOME=$home" "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt" \
  sh -c 'cd "$1/ruvector" && shift && exec "$@"' sh "$place" "$@"
[ -z "$drop" ] || set -- setpriv --reuid "$drop" --regid "$drop" --clear-groups "$@"
status=0
chroot "$system" "$@" </dev/null || status=$?
exit $status
