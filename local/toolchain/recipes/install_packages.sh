#!/bin/sh
# install_packages.sh PACKAGE...   installs Debian packages; run as root.
# The platform runs their servers with its own addresses and data, so the installation must not start them: a
# policy-rc.d that exits with 101 forbids it. It exists during the installation only; a foreign one is kept.
set -eu

policy=/usr/sbin/policy-rc.d
mark='# written by the aura toolchain for the time of an installation'

forbid_starts() {
    grep -qsF "$mark" "$policy" && rm -f "$policy"      # left by a run that was killed
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        trap 'exit 130' INT TERM HUP
        printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
        chmod 755 "$policy"
    fi
}

forbid_starts
export DEBIAN_FRONTEND=noninteractive
options='-y -q --no-install-recommends -o DPkg::Lock::Timeout=600'
# A new machine has no package lists, an old one has outdated lists: fetch them only after a failure.
# shellcheck disable=SC2086
apt-get install $options "$@" || { apt-get update -q && apt-get install $options "$@"; }
