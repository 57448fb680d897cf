import { join } from 'node:path';

/** Flags of etcd: one member, plain HTTP. */
export function etcdArguments(directory: string, endpoint: string, peer: string): string[] {
  return [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${endpoint}`,
    `--advertise-client-urls=${endpoint}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // The data die with the test: no reason to wait for a disk.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

/** Flags of kube-apiserver; the files it names lie in `directory`. */
export function apiServerArguments(directory: string, etcdEndpoint: string, port: number): string[] {
  const file = (name: string): string => join(directory, name);
  return [
    `--etcd-servers=${etcdEndpoint}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    // The endpoint of the Service `kubernetes` must not be a loopback address.
    '--endpoint-reconciler-type=none',
    `--client-ca-file=${file('ca.crt')}`,
    `--tls-cert-file=${file('apiserver.crt')}`,
    `--tls-private-key-file=${file('apiserver.key')}`,
    `--service-account-key-file=${file('sa.pub')}`,
    `--service-account-signing-key-file=${file('sa.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC',
    // Without a controller that makes them, Pods would be refused for want of a ServiceAccount.
    '--disable-admission-plugins=ServiceAccount',
    '--allow-privileged=true',
    '--enable-priority-and-fairness=false',
    '--profiling=false',
  ];
}

/** Flags that write every selected request to `logPath`. */
export function auditArguments(directory: string, logPath: string): string[] {
  return [
    `--audit-policy-file=${join(directory, 'audit-policy.json')}`,
    `--audit-log-path=${logPath}`,
    // A request is answered only when its line is written, so a test never reads too early.
    '--audit-log-mode=blocking-strict',
    // In MiB; by default it begins a new file after 100, which a thousand tenants fill.
    '--audit-log-maxsize=10000',
  ];
}

/** Flags of kube-controller-manager with nothing but the named controllers. */
export function controllerManagerArguments(directory: string, controllers: readonly string[]): string[] {
  return [
    `--kubeconfig=${join(directory, 'kubeconfig')}`,
    `--controllers=${controllers.join(',')}`,
    '--leader-elect=false',
    '--secure-port=0',
    // Its default of 20 requests a second would be what a test with many objects waits for.
    '--kube-api-qps=1000',
    '--kube-api-burst=1000',
    `--service-account-private-key-file=${join(directory, 'sa.key')}`,
    `--root-ca-file=${join(directory, 'ca.crt')}`,
  ];
}
