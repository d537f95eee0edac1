#!/bin/sh
# The Debian packages that the tests and benchmarks use: real firmware to roll out, a load generator, Mosquitto to measure
# beside, nginx, PostgreSQL's server and the update client SWUpdate, which the tests start on folders of their own,
# zchunk for delta updates, and Chromium with a font that has Chinese, in which the tests look at the console.
# As root it installs what is missing; otherwise it says what to install and fails.
set -eu

packages="chromium fonts-wqy-microhei mosquitto nginx-light opensbi postgresql seabios swupdate u-boot-qemu wrk zchunk"
# Node builds the console (20.19 or newer; Debian 12 has 18, so it has to come from elsewhere there) and runs the vendor's
# Node SDK in the story tests.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    packages="$packages nodejs npm"
fi

if ! command -v dpkg-query >/dev/null; then
    echo "The tests need these packages of Debian, and this is not Debian: $packages" >&2
    exit 1
fi

missing=""
for package in $packages; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "The tests need packages that are not installed. As root: apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

# A server of the system's own, started at once and at every boot, is not what somebody asks for who runs tests.
without_cluster=/etc/postgresql-common/createcluster.d/whimbrel-tests.conf
case "$missing " in
*" postgresql "*)
    trap 'rm -f "$without_cluster"' EXIT
    mkdir -p "${without_cluster%/*}"
    echo "create_main_cluster = false" >"$without_cluster"
    ;;
esac

echo "installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # one word per package is meant
apt-get install -y -qq --no-install-recommends $missing >/dev/null

# Nor should nginx, Mosquitto and SWUpdate, which are started on folders of their own.
units=""
case "$missing " in *" mosquitto "*) units="mosquitto.service" ;; esac
case "$missing " in *" nginx-light "*) units="$units nginx.service" ;; esac
case "$missing " in *" swupdate "*) units="$units swupdate.socket swupdate.service swupdate-progress.service" ;; esac
if [ -n "$units" ] && command -v systemctl >/dev/null; then
    # shellcheck disable=SC2086  # one word per unit is meant
    systemctl --quiet disable $units 2>/dev/null || true
    if [ -d /run/systemd/system ]; then
        # shellcheck disable=SC2086
        systemctl stop $units
    fi
fi
