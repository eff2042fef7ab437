#!/bin/sh
# The programs that tests and measurements start: installs what is missing where that is allowed,
# else names the one line to run. Does nothing, quickly, when all are there.
set -eu

needed=""
want() { # want COMMAND-OR-FILE PACKAGE...
    probe=$1
    shift
    case $probe in
    /*) [ -e "$probe" ] && return 0 ;;
    lib*) ldconfig -p 2>/dev/null | grep -q "$probe" && return 0 ;;
    *) command -v "$probe" >/dev/null 2>&1 && return 0 ;;
    esac
    needed="$needed $*"
}

PATH=$PATH:/usr/sbin:/sbin
want ffmpeg ffmpeg
want espeak-ng espeak-ng
want pulseaudio pulseaudio
want parec pulseaudio-utils
want libasound.so.2 libasound2
want /usr/lib/"$(uname -m)"-linux-gnu/alsa-lib/libasound_module_pcm_pulse.so libasound2-plugins
want chromium chromium
want avahi-daemon avahi-daemon
want avahi-browse avahi-utils
want dbus-daemon dbus
want ip iproute2
want nft nftables
want systemd-analyze systemd
want strace strace
want snapserver snapserver
want snapclient snapclient
want mosquitto mosquitto
want icecast2 icecast2
want nginx nginx

[ -z "$needed" ] && exit 0

line="apt-get install -y --no-install-recommends$needed"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing here (Debian's package names):$needed. Install them and run this again." >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "The tests need programs that are not here. Run this one line, then try again:" >&2
    echo "  sudo apt-get update && sudo $line" >&2
    exit 1
fi
echo "Installing:$needed"
export DEBIAN_FRONTEND=noninteractive
# A package's own start script must not start a service here: the tests start what they need. Debian asks this file,
# with systemd and without.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi
apt-get update -q >/dev/null
RUNLEVEL=1 $line >/tmp/loa-apt.log 2>&1 || { tail -n 20 /tmp/loa-apt.log >&2; exit 1; }
