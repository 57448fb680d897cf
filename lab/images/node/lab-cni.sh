#!/bin/bash
# The pod network of the lab: gives this node's pods the addresses of its podCIDR and keeps routes to the other nodes' pods.
# Reads Nodes with kubelet's own credential, which may watch them (ClusterRole system:node), so nothing runs in the cluster.
# IPv4 only.
set -uo pipefail

kubeconfig=/etc/kubernetes/kubelet.conf
configuration=/etc/cni/net.d/10-lab.conflist
authority=/run/lab-cni/ca.crt
chain=LAB-CNI
name=$(hostname)
declare -A subnets addresses

field() { kubectl --kubeconfig "$kubeconfig" config view --raw --minify --output "jsonpath=$1"; }

watch_nodes() {
  local server certificate key
  server=$(field '{.clusters[0].cluster.server}') || return
  field '{.clusters[0].cluster.certificate-authority-data}' | base64 --decode >"$authority" || return
  certificate=$(field '{.users[0].user.client-certificate}') || return
  key=$(field '{.users[0].user.client-key}') || return
  # Without a resourceVersion the watch starts with an ADDED event for each Node there is.
  curl --silent --fail --no-buffer --cacert "$authority" --cert "$certificate" --key "$key" --keepalive-time 20 \
    "$server/api/v1/nodes?watch=true&timeoutSeconds=1800" |
    jq --unbuffered --raw-output 'select(.object.kind == "Node") | [
      .type,
      .object.metadata.name,
      (.object.spec.podCIDR // ""),
      ([.object.status.addresses[]? | select(.type == "InternalIP") | .address | select(contains(":") | not)] | first // "")
    ] | join("|")'
}

write_configuration() {
  local wanted
  wanted=$(jq --null-input --compact-output --arg subnet "$1" '{
    cniVersion: "0.4.0",
    name: "lab",
    plugins: [
      {
        type: "ptp",
        ipMasq: false,
        ipam: {
          type: "host-local",
          # Gone when the node starts anew, as its pods are.
          dataDir: "/run/lab-cni/addresses",
          ranges: [[{subnet: $subnet}]],
          routes: [{dst: "0.0.0.0/0"}]
        }
      },
      {type: "portmap", capabilities: {portMappings: true}}
    ]
  }')
  [[ -f $configuration && $(<"$configuration") == "$wanted" ]] && return
  printf '%s\n' "$wanted" >"$configuration.new" && mv "$configuration.new" "$configuration"
}

# Pods keep their address among the nodes and other pods of this cluster; everyone else sees the node's.
write_masquerade() {
  local own=$1 node
  {
    echo '*nat'
    echo ":$chain - [0:0]"
    for node in "${!subnets[@]}"; do
      [[ -n ${subnets[$node]} ]] && echo "-A $chain -d ${subnets[$node]} -j RETURN"
      [[ -n ${addresses[$node]} ]] && echo "-A $chain -d ${addresses[$node]} -j RETURN"
    done
    echo "-A $chain -d 224.0.0.0/4 -j RETURN"
    echo "-A $chain -j MASQUERADE"
    echo COMMIT
  } | iptables-restore --wait --noflush
  iptables --wait --table nat --check POSTROUTING -s "$own" -j "$chain" 2>/dev/null ||
    iptables --wait --table nat --append POSTROUTING -s "$own" -j "$chain"
}

forget() {
  [[ -n ${subnets[$1]:-} && $1 != "$name" ]] && ip route delete "${subnets[$1]}" 2>/dev/null
  unset "subnets[$1]" "addresses[$1]"
}

mkdir -p /run/lab-cni /etc/cni/net.d
until [[ -s $kubeconfig ]]; do sleep 0.5; done
while true; do
  while IFS='|' read -r event node subnet address; do
    if [[ $event == DELETED ]]; then
      forget "$node"
      continue
    fi
    # Heartbeats change nothing here.
    [[ ${subnets[$node]:-} == "$subnet" && ${addresses[$node]:-} == "$address" ]] && continue
    [[ ${subnets[$node]:-$subnet} != "$subnet" ]] && forget "$node"
    subnets[$node]=$subnet
    addresses[$node]=$address
    if [[ $node == "$name" ]]; then
      [[ -n $subnet ]] && write_configuration "$subnet"
    elif [[ -n $subnet && -n $address ]]; then
      ip route replace "$subnet" via "$address"
    fi
    [[ -n ${subnets[$name]:-} ]] && write_masquerade "${subnets[$name]}"
  done < <(watch_nodes)
  # The next watch tells of all Nodes again. Routes of those deleted meanwhile do no harm: their subnet is nobody's.
  subnets=() addresses=()
  sleep 1
done
