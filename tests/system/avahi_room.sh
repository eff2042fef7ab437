#!/bin/sh
# Runs inside a network and mount namespace of its own: one network card, an agent, a message bus and Avahi;
# prints what avahi-browse sees. Arguments: FOLDER AGENT-COMMAND.
set -eu
folder=$1
agent=$2
PATH=$PATH:/usr/sbin:/sbin

ip link set lo up
ip link add loa0 type veth peer name loa1
ip addr add 10.77.0.1/24 dev loa0
ip link set loa0 up
ip link set loa1 up
ip route add 224.0.0.0/4 dev loa0
mkdir -p /run/avahi-daemon
mount -t tmpfs tmpfs /run/avahi-daemon

cat > "$folder/bus.conf" <<CONF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=$folder/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/>
  </policy>
</busconfig>
CONF
cat > "$folder/avahi.conf" <<CONF
[server]
host-name=listener
use-ipv4=yes
use-ipv6=no
allow-interfaces=loa0
enable-dbus=yes
CONF
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$folder/bus"

timeout 60 dbus-daemon --config-file="$folder/bus.conf" --nofork --nopidfile > "$folder/bus.log" 2>&1 &
bus=$!
waited=0
while [ ! -S "$folder/bus" ] && [ $waited -lt 100 ]; do sleep 0.1; waited=$((waited + 1)); done
timeout 60 avahi-daemon -f "$folder/avahi.conf" --no-drop-root --no-chroot --no-rlimits > "$folder/avahi.log" 2>&1 &
avahi=$!
timeout 60 "$agent" run --state-dir "$folder/state" --name "Cổng chào" --output null \
    --mdns-interfaces 10.77.0.1 > "$folder/agent.log" 2>&1 &
box=$!
trap 'kill $box $avahi $bus 2>/dev/null || true; wait' EXIT

waited=0
while [ $waited -lt 20 ]; do
    if avahi-browse -rtp _loa-agent._tcp > "$folder/seen" 2> "$folder/browse.log" && grep -q '^=' "$folder/seen"; then
        cat "$folder/seen"
        exit 0
    fi
    sleep 0.5
    waited=$((waited + 1))
done
echo "Avahi saw no agent:" >&2
cat "$folder/browse.log" "$folder/avahi.log" "$folder/agent.log" >&2
exit 1
