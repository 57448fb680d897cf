#!/bin/bash
# The pod network of the lab, made by each node for itself, so that nothing runs or is applied in the cluster: the node's pods
# get addresses of its podCIDR, and the nodes of one cluster share a VXLAN on which each answers ARP for its own pods.
# Reads with kubelet's credential what that may read: its own Node, Services, and kubeadm's configuration. IPv4 only.
set -euo pipefail

kubeconfig=/etc/kubernetes/kubelet.conf
configuration=/etc/cni/net.d/10-lab.conflist
link=lab0

ask() { kubectl --kubeconfig "$kubeconfig" --request-timeout 5s "$@"; }

# Words, one a line, up to the first that looks like an IPv4 subnet.
first_subnet() { tr -s ', "' '\n' | grep -m1 -E '^[0-9]+(\.[0-9]+){3}/[0-9]+$'; }

retry() { until "$@" 2>/dev/null; do sleep 0.5; done; }

node_subnet() { ask get node "$(hostname)" --output 'jsonpath={.spec.podCIDRs[*]}' | first_subnet; }

cluster_subnet() {
  ask --namespace kube-system get configmap kubeadm-config --output 'jsonpath={.data.ClusterConfiguration}' |
    grep 'podSubnet:' | first_subnet
}

cluster_uid() { ask --namespace default get service kubernetes --output 'jsonpath={.metadata.uid}' | grep .; }

retry test -s "$kubeconfig"
node=$(retry node_subnet)
cluster=$(retry cluster_subnet)
key=$(retry cluster_uid | sha256sum)

# Clusters on one network are told apart by what is unique in each and never changes, the UID of their first Service: of its
# hash, 24 bits name the VXLAN and 16 its multicast group.
if ! ip link show "$link" >/dev/null 2>&1; then
  uplink=$(ip -4 route show default | awk '{print $5; exit}')
  group=239.192.$((16#${key:6:2})).$((16#${key:8:2}))
  ip link add "$link" type vxlan id $((16#${key:0:6})) group "$group" dev "$uplink" dstport 4789 ttl 1
fi
mtu=$(<"/sys/class/net/$link/mtu")
echo 1 >"/proc/sys/net/ipv4/conf/$link/proxy_arp"
# In jiffies; the default makes the first packet to a pod wait up to 0.8 s.
echo 0 >"/proc/sys/net/ipv4/neigh/$link/proxy_delay"
# The subnet's own address, which no pod gets: what this node itself sends to pods elsewhere comes from it.
ip address replace "${node%/*}/32" dev "$link"
ip link set "$link" up
ip route replace "$cluster" dev "$link" src "${node%/*}"
# Pods that are gone; those that are there have routes of their own.
ip route replace unreachable "$node"

# Nothing that a pod sends finds its way by the default route. Told so at once, and not by silence, it tries again at once: a pod
# that starts before kube-proxy has made the Services would else wait half a minute for its first connection to one.
for rule in "20000 lookup main suppress_prefixlength 0" "20001 unreachable"; do
  read -r priority action <<<"$rule"
  ip rule delete priority "$priority" 2>/dev/null || true
  # shellcheck disable=SC2086 -- several words
  ip rule add priority "$priority" from "$node" $action
done

# Outside of the pod network nobody knows a way back to pods.
masquerade=(POSTROUTING -s "$node" ! -d "$cluster" -j MASQUERADE)
iptables --wait --table nat --check "${masquerade[@]}" 2>/dev/null ||
  iptables --wait --table nat --append "${masquerade[@]}"

# Last, because it makes the node ready.
mkdir -p "${configuration%/*}"
jq --null-input --arg subnet "$node" --argjson mtu "$mtu" '{
  cniVersion: "0.4.0",
  name: "lab",
  plugins: [
    {
      type: "ptp",
      mtu: $mtu,
      ipMasq: false,
      ipam: {
        type: "host-local",
        # Gone when the node starts anew, as its pods are.
        dataDir: "/run/lab-cni",
        ranges: [[{subnet: $subnet}]],
        routes: [{dst: "0.0.0.0/0"}]
      }
    },
    {type: "portmap", capabilities: {portMappings: true}}
  ]
}' >"$configuration.new"
mv "$configuration.new" "$configuration"
