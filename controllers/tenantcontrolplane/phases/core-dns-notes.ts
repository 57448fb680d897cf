import type { CoreDnsExisting } from '#addons/coredns.ts';
import { annotations } from '#api/labels.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import { configMaps, deployments } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { Look } from '#tenant/owned-objects.ts';

/** What a tenant's users may have made of its CoreDNS, and of which versions of its objects that was read. */
export interface CoreDnsNotes {
  readonly seen: string | undefined;
  readonly existing: CoreDnsExisting;
}

const KEY = { namespace: 'kube-system', name: 'coredns' };

/** Users of a tenant scale CoreDNS and edit its Corefile: what they did is read again only where something has changed. */
export async function readCoreDns(
  { spec }: TenantControlPlane,
  client: Client,
  { versionOf, notes }: Look<CoreDnsNotes>,
  signal: AbortSignal,
): Promise<CoreDnsNotes | undefined> {
  if (spec.addons?.coreDNS === undefined) return undefined;
  const versions = [versionOf(configMaps, KEY), versionOf(deployments, KEY)];
  const seen = versions.includes(undefined) ? undefined : versions.join(' ');
  if (notes !== undefined && seen !== undefined && notes.seen === seen) return notes;
  const [configMap, deployment] = await Promise.all([
    client.get(configMaps, KEY, { signal }),
    client.get(deployments, KEY, { signal }),
  ]);
  const replicas = deployment?.spec?.replicas;
  const corefile = configMap?.data?.['Corefile'];
  const checksum = configMap?.metadata?.annotations?.[annotations.checksum];
  const existing = {
    ...(replicas === undefined ? {} : { replicas }),
    ...(corefile === undefined ? {} : { corefile }),
    ...(checksum === undefined ? {} : { checksum }),
  };
  return { seen, existing };
}
