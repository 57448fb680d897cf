#!/bin/bash
# Makes kubelet's parent group where systemd has not: kubelet refuses to start when it is missing.
set -euo pipefail

root=/sys/fs/cgroup
if [[ -f $root/cgroup.controllers ]]; then
  read -ra controllers <"$root/cgroup.controllers"
  for parent in "$root" "$root/kubelet"; do
    mkdir -p "$parent/kubelet"
    # One by one: a controller that cannot be enabled must not keep the others off.
    for controller in "${controllers[@]}"; do
      echo "+$controller" >"$parent/cgroup.subtree_control" 2>/dev/null || true
    done
  done
  rmdir "$root/kubelet/kubelet" 2>/dev/null || true
else
  mkdir -p "$root/systemd/kubelet"
fi
