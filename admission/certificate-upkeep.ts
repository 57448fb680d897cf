import { MANAGER_CERTIFICATE } from '#api/manager-service.ts';
import type { Cache, Informer } from '#runtime/cache/informer.ts';
import type { Secret, ValidatingWebhookConfiguration } from '#runtime/client/builtin.ts';
import { secrets, validatingWebhookConfigurations } from '#runtime/client/builtin.ts';
import type { Client } from '#runtime/client/client.ts';
import type { KubeObject, ObjectKey, Resource } from '#runtime/client/resource.ts';
import { secretData, secretText } from '#runtime/client/secret-data.ts';
import type { Clock } from '#runtime/clock.ts';
import type { ControllerOptions, ReconcileContext, Result } from '#runtime/controller/reconciler.ts';
import { channelSource, watchSource } from '#runtime/controller/sources.ts';
import type { ReviewServer } from '#runtime/server/review-server.ts';
import type { Issuer, ServerNames, ServingMaterial } from './serving-certificate.ts';
import { planServing } from './serving-certificate.ts';
import { WEBHOOK_CONFIGURATION } from './webhooks.ts';

const FIELD_MANAGER = 'kamaji-admission';

// More than timers can count, and often enough to notice a clock that was set.
const LONGEST_WAIT_MS = 24 * 3_600_000;

export interface UpkeepOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  /** All serve the same certificate; its authorities are also those of tenants' client certificates. */
  readonly servers: readonly Pick<ReviewServer<never, never>, 'setCertificate'>[];
  readonly issuer: Issuer;
  readonly names: ServerNames;
  /** Of the manager. */
  readonly namespace: string;
  /** Whether the webhook configuration is this installation's to keep. Default true. */
  readonly ownsWebhooks?: boolean;
}

/**
 * Keeps the serving certificate in its Secret, serves it, and keeps the webhook configuration trusting it. To be run in
 * every replica, also in those that do not lead, with a client that may write there: whoever is first writes the Secret, and
 * the others serve what it says. Declares informers: call before the cache starts.
 */
export function certificateUpkeep(options: UpkeepOptions): ControllerOptions {
  const { cache, namespace } = options;
  const key: ObjectKey = { namespace, name: MANAGER_CERTIFICATE };
  const secret = cache.informer(secrets, { namespace, fieldSelector: `metadata.name=${MANAGER_CERTIFICATE}` });
  const configuration =
    options.ownsWebhooks === false
      ? undefined
      : cache.informer(validatingWebhookConfigurations, { fieldSelector: `metadata.name=${WEBHOOK_CONFIGURATION}` });
  const start = channelSource();
  start.trigger(key);
  const upkeep = new Upkeep(options, key, secret, configuration);
  return {
    name: 'webhook-certificate',
    concurrency: 1,
    sources: [
      start,
      watchSource(secret, { map: () => [key] }),
      ...(configuration === undefined ? [] : [watchSource(configuration, { map: () => [key] })]),
    ],
    reconcile: (_key, context) => upkeep.pass(context),
  };
}

class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #key: ObjectKey;
  readonly #secret: Informer<Secret>;
  readonly #configuration: Informer<ValidatingWebhookConfiguration> | undefined;
  #served: string | undefined;

  constructor(
    options: UpkeepOptions,
    key: ObjectKey,
    secret: Informer<Secret>,
    configuration: Informer<ValidatingWebhookConfiguration> | undefined,
  ) {
    this.#options = options;
    this.#key = key;
    this.#secret = secret;
    this.#configuration = configuration;
  }

  async pass({ client, signal, log }: ReconcileContext): Promise<Result> {
    const { clock, issuer, names } = this.#options;
    const now = new Date(clock.now());
    const live = this.#secret.get(this.#key);
    const present = live === undefined ? undefined : materialOf(live);
    const { material, dueAt } = await planServing({ present, names, now, issuer });
    if (present === undefined || !isSame(present, material)) {
      await this.#write(client, live, material, signal);
      log.info('webhook certificates renewed', { dueAt });
    }
    this.#serve(material);
    await this.#inject(client, material, signal);
    return { requeueAfterMs: Math.min(dueAt.getTime() - now.getTime(), LONGEST_WAIT_MS) };
  }

  #serve({ serving, bundlePem }: ServingMaterial): void {
    const shown = serving.certificatePem + bundlePem;
    if (this.#served === shown) return;
    for (const server of this.#options.servers) {
      server.setCertificate({ ...serving, clientAuthoritiesPem: bundlePem });
    }
    this.#served = shown;
  }

  /** Another replica's being first is a conflict, and the pass that follows takes over what that one wrote. */
  async #write(
    client: Client,
    live: Secret | undefined,
    material: ServingMaterial,
    signal: AbortSignal,
  ): Promise<void> {
    const { serving, bundlePem, authorityKeyPem } = material;
    const data = secretData({
      'tls.crt': serving.certificatePem,
      'tls.key': serving.privateKeyPem,
      'ca.crt': bundlePem,
      'ca.key': authorityKeyPem,
    });
    if (live === undefined) {
      await client.create(secrets, { metadata: { ...this.#key }, type: 'kubernetes.io/tls', data }, { signal });
    } else {
      await client.replace(secrets, { ...live, data }, { signal });
    }
  }

  async #inject(client: Client, { bundlePem }: ServingMaterial, signal: AbortSignal): Promise<void> {
    const live = this.#configuration?.get({ name: WEBHOOK_CONFIGURATION });
    const caBundle = Buffer.from(bundlePem).toString('base64');
    const webhooks = live?.webhooks ?? [];
    if (webhooks.every((one) => one.clientConfig.caBundle === caBundle)) return;
    const trusting = webhooks.map(({ name }) => ({ name, clientConfig: { caBundle } }));
    await client.apply(
      trustOfConfigurations,
      { metadata: { name: WEBHOOK_CONFIGURATION }, webhooks: trusting },
      { fieldManager: FIELD_MANAGER, signal },
    );
  }
}

/** Of a ValidatingWebhookConfiguration the fields that are ours; all others are those of whoever installed it. */
type Trust = KubeObject & { webhooks: { name: string; clientConfig: { caBundle: string } }[] };
const { group, version, kind, plural, namespaced } = validatingWebhookConfigurations;
const trustOfConfigurations: Resource<Trust> = { group, version, kind, plural, namespaced };

function materialOf(secret: Secret): ServingMaterial {
  const text = (key: string): string => secretText(secret, key) ?? '';
  return {
    bundlePem: text('ca.crt'),
    authorityKeyPem: text('ca.key'),
    serving: { certificatePem: text('tls.crt'), privateKeyPem: text('tls.key') },
  };
}

function isSame(one: ServingMaterial, other: ServingMaterial): boolean {
  return (
    one.bundlePem === other.bundlePem &&
    one.authorityKeyPem === other.authorityKeyPem &&
    one.serving.certificatePem === other.serving.certificatePem &&
    one.serving.privateKeyPem === other.serving.privateKeyPem
  );
}
