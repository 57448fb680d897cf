import type { Applier } from '#runtime/client/applier.ts';
import type { Clock } from '#runtime/clock.ts';
import type { EventRecorder } from '#runtime/telemetry/events.ts';
import type { TenantPool } from '#tenant/pool.ts';
import type { ContestedReplicas } from './contested-replicas.ts';
import type { InfrastructureKinds } from './infrastructure-kinds.ts';
import type { JoinTokens } from './join-tokens.ts';
import type { StatusPace } from './status-pace.ts';

/** What passes work with, beside what they read. */
export interface Tools {
  readonly applier: Applier;
  readonly tenantPool: Pick<TenantPool, 'client'>;
  readonly tokens: JoinTokens;
  readonly infrastructureKinds: InfrastructureKinds;
  readonly skipInfraClusterPatch: boolean;
  readonly crossNamespaceKubeconfigs: boolean;
  readonly clock: Clock;
  readonly pace: StatusPace;
  readonly contested: ContestedReplicas;
  readonly events: Pick<EventRecorder, 'record'>;
}
