#!/bin/bash
# Runs one guest until it is powered off. test-vm.ts starts this script in its own mount namespace.
#
# Usage: boot.sh <root file system> <run directory>
# Prints "address <guest address>" when the network exists, and "boot" before each boot. A boot
# follows when the guest reboots, or when <run directory>/power-cut exists after the guest was killed.
set -euo pipefail

readonly BASE=$1 RUN=$2
readonly REBOOT_STATUS=133 # systemd-nspawn's exit code when the guest reboots
readonly GUEST_LINK=host0

# Own child cgroups, so that the guest's systemd can write there and leftovers can be found.
enter_cgroups() {
  local controllers path mount directory file
  while IFS=: read -r _ controllers path; do
    if [ -z "$controllers" ]; then
      mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    else
      mount=$(awk -v wanted="$controllers" '$3 == "cgroup" && index("," $4 ",", "," wanted ",") { print $2; exit }' /proc/mounts)
    fi
    directory=$mount${path%/}/$(basename "$RUN")
    [ -n "$mount" ] && mkdir -p "$directory" || continue
    echo "$directory" >> "$RUN/cgroups"
    # A new cpuset has no CPUs and accepts no process.
    for file in cpuset.cpus cpuset.mems; do
      [ ! -f "$directory/$file" ] || cat "$directory/../$file" > "$directory/$file"
    done
    echo $$ > "$directory/cgroup.procs"
  done < /proc/self/cgroup
}

# A process that only holds a new network namespace. Each boot has a new one, so that addresses and
# firewall rules end with a boot, as on a VM.
hold_network() {
  setpriv --pdeathsig KILL unshare --net sleep infinity < /dev/null > /dev/null 2>&1 &
  HOLDER=$!
  while [ "$(readlink /proc/$HOLDER/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
}

# The first free number. A pair of links ends with the guest, so an existing link is a live guest.
create_links() {
  for ((NUMBER = 1; NUMBER < 255; NUMBER++)); do
    ip link add "opspecvm$NUMBER" type veth peer name $GUEST_LINK netns $HOLDER 2> /dev/null || continue
    ip address add "10.213.$NUMBER.1/24" dev "opspecvm$NUMBER"
    ip link set "opspecvm$NUMBER" up
    echo "address 10.213.$NUMBER.2"
    return
  done
  echo "no free link" >&2
  exit 1
}

configure_network() {
  nsenter --target $HOLDER --net sh -ec "
    ip link set lo up
    ip address add 10.213.$NUMBER.2/24 dev $GUEST_LINK
    ip link set $GUEST_LINK up
    ip route add default via 10.213.$NUMBER.1"
}

enter_cgroups
mount -t tmpfs -o mode=755 tmpfs /run # systemd-nspawn's own files, which end with this namespace
mkdir /run/systemd
mount -t overlay -o "lowerdir=$BASE,upperdir=$RUN/upper,workdir=$RUN/work" overlay "$RUN/root"
hold_network
create_links

GUEST=
# systemd-nspawn turns SIGTERM into an orderly shutdown.
trap '[ -z "$GUEST" ] || kill -TERM $GUEST; touch "$RUN/stopping"' TERM
while true; do
  configure_network
  rm -f "$RUN/power-cut"
  echo boot
  # dockerd writes to /proc/sys/net. The files of Docker cannot be on an overlay.
  SYSTEMD_NSPAWN_API_VFS_WRITABLE=network setpriv --pdeathsig KILL systemd-nspawn \
    --quiet --boot --directory="$RUN/root" --machine="$(basename "$RUN")" --hostname=vm \
    --register=no --keep-unit --network-namespace-path=/proc/$HOLDER/ns/net \
    --capability=all --drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO \
    --system-call-filter='add_key keyctl bpf' \
    --bind="$RUN/docker:/var/lib/docker" --bind="$RUN/containerd:/var/lib/containerd" \
    --resolv-conf=off --timezone=off --link-journal=no --settings=no --console=pipe \
    < /dev/null &
  GUEST=$!
  echo $GUEST > "$RUN/guest.pid"
  status=0
  # A trapped signal ends `wait` before the guest ends.
  while kill -0 $GUEST 2> /dev/null; do wait $GUEST && status=0 || status=$?; done
  [ ! -e "$RUN/stopping" ] || break
  [ $status = $REBOOT_STATUS ] || [ -e "$RUN/power-cut" ] || break
  previous=$HOLDER
  hold_network
  nsenter --target $previous --net ip link set $GUEST_LINK netns $HOLDER
  kill $previous
done
