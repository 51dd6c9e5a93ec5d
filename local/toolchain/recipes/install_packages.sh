#!/bin/sh
# install_packages.sh PACKAGE...   installs Debian packages; run as root.
# Their servers are run by the platform, on its own addresses and data, so none may start by itself on installation:
# a policy-rc.d that answers 101 forbids it. It is there only meanwhile; one that somebody else put there stays.
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
# A fresh machine has no package lists, an old one outdated lists: only then fetch them.
# shellcheck disable=SC2086
apt-get install $options "$@" || { apt-get update -q && apt-get install $options "$@"; }
