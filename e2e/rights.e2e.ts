import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import type { PolicyRule } from '#api/core/policy-rule.ts';
import type { AuditedRequest } from '#lab/cluster/audit.ts';
import { openTools, type Tools } from '#lab/tools.ts';
import { compareRights, type RightsComparison, type UsedRight } from '#test/rbac-usage.ts';
import * as manager from '#test/lab/manager.ts';

/** Rights that no suite here needs, and who does. */
const neededElsewhere: readonly { readonly rights: RegExp; readonly why: string }[] = [
  {
    rights: /\.infrastructure\.cluster\.x-k8s\.io$/,
    why: 'the lab has one infrastructure provider',
  },
  {
    rights: /^update \S+\/finalizers\./,
    why: 'asked for by the admission plugin OwnerReferencesPermissionEnforcement, not by a request',
  },
  {
    rights: /^delete (?:secrets|configmaps|services|(?:deployments|statefulsets)\.apps)\b/,
    why: 'a part of a control plane or store that is switched off; what is deleted as a whole goes by garbage collection',
  },
  {
    rights: / (?:poddisruptionbudgets\.policy|networkpolicies\.networking\.k8s\.io)\b/,
    why: 'control planes of several replicas, stores that are deleted',
  },
  {
    rights: / (?:ingresses\.networking|gateways\.gateway\.networking|tlsroutes\.gateway\.networking)\.k8s\.io$/,
    why: 'control planes behind an Ingress or a Gateway, which the lab does not have',
  },
  { rights: /^patch machinedeployments\./, why: 'MachineDeployments that ask to follow the control plane' },
  { rights: /kubeconfiggenerators/, why: 'KubeconfigGenerators' },
  { rights: /^update secrets in /, why: 'certificates that are renewed, months from now' },
  { rights: /^patch events\./, why: 'Events that repeat' },
];

/**
 * Judges the audit log of all suites that ran before, since the lab was made: its name puts it behind them. By itself, on a
 * lab in which nothing has happened, it finds much that is not needed.
 */
suite('the rights of the manager, after all suites', { concurrency: 1 }, () => {
  const { signal } = new AbortController();
  let lab: Tools;
  let requests: readonly AuditedRequest[];
  let comparison: RightsComparison;

  before(async () => {
    lab = await openTools({ signal, report: () => undefined });
    requests = await manager.managerRequests(lab, new Date(0));
    const namespace = manager.managerNamespace;
    comparison = compareRights(
      {
        cluster: await rulesOf('clusterrole', 'kamaji-system-manager'),
        role: { namespace, rules: await rulesOf('role', 'kamaji-manager', '-n', namespace) },
      },
      requests.flatMap(rightsNeeded),
    );
  });

  test('nothing that it wanted to do was refused to it', async () => {
    const since = await presentSince();
    const refused = requests.filter(({ code, time }) => code === 403 && time >= since);
    assert.deepEqual(refused.map(manager.describeRequest), []);
    assert.deepEqual(comparison.ungranted, [], 'allowed by roles that are not ours');
  });

  test('each of them is needed here, or somewhere else for a reason', () => {
    assert.deepEqual(
      comparison.unused.filter((line) => !neededElsewhere.some(({ rights }) => rights.test(line))),
      [],
    );
  });

  async function rulesOf(...role: readonly string[]): Promise<readonly PolicyRule[]> {
    return JSON.parse(await lab.kubectl(['get', ...role, '-o', 'jsonpath={.rules}']));
  }

  /** When the present version of the manager was installed: earlier ones may have lacked rights that they needed. */
  async function presentSince(): Promise<Date> {
    const ofManager = ['-n', manager.managerNamespace, '-l', manager.managerSelector];
    const times = 'jsonpath={.items[*].metadata.creationTimestamp}';
    const created = (await lab.kubectl(['get', 'replicasets', ...ofManager, '-o', times])).split(' ');
    return new Date(created.toSorted().at(-1) ?? 0);
  }
});

/** An apply that makes an object needs the right to create it as well (Kubernetes: server-side apply). */
function rightsNeeded({ verb, code, subresource, ...request }: AuditedRequest): readonly UsedRight[] {
  if (request.resource === '' || code === 403) return [];
  const resource = subresource === '' ? request.resource : `${request.resource}/${subresource}`;
  const verbs = verb === 'patch' && code === 201 ? [verb, 'create'] : [verb];
  return verbs.map((one) => ({ ...request, resource, verb: one }));
}
