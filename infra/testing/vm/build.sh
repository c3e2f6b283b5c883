#!/bin/bash
# Builds the root file system of test VMs: Debian with systemd, sshd, Docker and HAProxy, as root.
#
# Usage: build.sh <directory>
# The directory appears when it is complete. Packages come from the mirror of this machine's apt.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

readonly TARGET=$1
readonly SUITE=bookworm
# debootstrap resolves only simple dependencies, so apt installs the rest.
readonly FIRST=systemd,systemd-sysv,dbus,openssh-server,iproute2,ca-certificates
readonly REST="libpam-systemd procps iptables docker.io haproxy sqlite3 curl sudo busybox-static"

ROOT=$(mktemp -d "$TARGET.XXXXXX")
trap 'rm -rf --one-file-system "$ROOT"' EXIT
chmod 755 "$ROOT"

mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 '/debian/\?$')
debootstrap --variant=minbase --include=$FIRST $SUITE "$ROOT" "$mirror"

# The build starts no service and needs no synchronous writes.
printf '#!/bin/sh\nexit 101\n' > "$ROOT/usr/sbin/policy-rc.d"
chmod 755 "$ROOT/usr/sbin/policy-rc.d"
echo force-unsafe-io > "$ROOT/etc/dpkg/dpkg.cfg.d/unsafe-io"
unshare --mount --propagation private bash -euc '
  mount -t proc proc "$1/proc"
  chroot "$1" apt-get update
  chroot "$1" apt-get install --yes --no-install-recommends $2
  chroot "$1" apt-get clean' - "$ROOT" "$REST"
rm "$ROOT/usr/sbin/policy-rc.d" "$ROOT/etc/dpkg/dpkg.cfg.d/unsafe-io"
rm -rf "$ROOT"/var/lib/apt/lists/* "$ROOT"/etc/ssh/ssh_host_* "$ROOT"/usr/share/{doc,man}/*

# The user of Oracle's and Canonical's images.
chroot "$ROOT" useradd --create-home --shell /bin/bash ubuntu
echo 'ubuntu ALL=(ALL) NOPASSWD: ALL' > "$ROOT/etc/sudoers.d/ubuntu"
printf 'PasswordAuthentication no\nUseDNS no\n' > "$ROOT/etc/ssh/sshd_config.d/test-vm.conf"

# systemd-nspawn mounts cgroup v1 controllers read-only, and dockerd writes to them.
cat > "$ROOT/etc/systemd/system/writable-cgroups.service" <<'UNIT'
[Unit]
Description=Make cgroup mounts writable, as they are on a VM
DefaultDependencies=no
Before=docker.service containerd.service sysinit.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for m in /sys/fs/cgroup /sys/fs/cgroup/*; do if mountpoint -q $m; then mount -o remount,bind,rw $m; fi; done'

[Install]
WantedBy=sysinit.target
UNIT
chroot "$ROOT" systemctl --quiet enable writable-cgroups ssh docker containerd
chroot "$ROOT" systemctl --quiet disable haproxy
chroot "$ROOT" systemctl --quiet mask console-getty getty@ apt-daily.timer apt-daily-upgrade.timer
mv --no-target-directory "$ROOT" "$TARGET"
