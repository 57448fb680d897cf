#!/bin/bash
# First process of a node container: prepares what the engine leaves otherwise than a machine would, then becomes systemd.
set -euo pipefail

mount --make-rshared /
# systemd takes a writable /sys for a machine of its own and starts udev.
mount -o remount,ro /sys

if [[ ! -f /sys/fs/cgroup/cgroup.controllers ]]; then
  # kind waits for this line, word for word.
  echo 'INFO: detected cgroup v1'
  mount --make-rprivate /sys/fs/cgroup
  # kubelet's parent groups must be mount points of their own in every hierarchy: cAdvisor and runc look for them there.
  findmnt --list --noheadings --uniq --types cgroup --output TARGET | while read -r hierarchy; do
    for group in kubelet kubelet.slice; do
      directory=$hierarchy/$group
      mkdir -p "$directory"
      if [[ -f $hierarchy/cpuset.cpus ]]; then
        # A new cpuset is empty, and nothing may join it so.
        for resource in cpus mems; do cat "$hierarchy/cpuset.$resource" >"$directory/cpuset.$resource"; done
      fi
      mount --bind "$directory" "$directory"
    done
  done
fi

# Pods cannot use the engine's resolver, which listens on this container's loopback; CoreDNS would take it for itself.
gateway=$(ip -4 route show default | awk '{print $3; exit}')
{
  echo "nameserver ${gateway:-127.0.0.1}"
  grep -v '^nameserver' /etc/resolv.conf || true
} >/etc/kubernetes/resolv.conf

[[ -s /etc/machine-id ]] || systemd-machine-id-setup
exec "$@"
