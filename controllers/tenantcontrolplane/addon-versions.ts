import { VersionOverridesError, versionOverrides } from '#addons/version-overrides.ts';
import type { AddonVersions } from '#addons/versions.ts';
import { addonVersions } from '#addons/versions.ts';
import type { TenantControlPlane } from '#api/kamaji/v1alpha1/tenant-control-plane.ts';
import type { ConfigMap, Deployment } from '#runtime/client/builtin.ts';

/** The ConfigMap beside the manager in which an installation chooses versions of addons. */
export const ADDON_VERSIONS = 'kamaji-addon-versions';

/** The versions of a control plane's addons. */
export interface ChosenVersions {
  readonly versions: AddonVersions;
  /** Why the installation's choice is not known; what runs is then left as it is. */
  readonly problem?: string;
}

/** The installation's choice over the table of versions; without a readable one, what runs in the pods already stays. */
export function chosenVersions(
  { spec }: TenantControlPlane,
  configMap: ConfigMap | undefined,
  deployment: Deployment | undefined,
): ChosenVersions {
  const { version } = spec.kubernetes;
  const table = addonVersions(version);
  try {
    return { versions: { ...table, ...versionOverrides(configMap?.data ?? {}, version) } };
  } catch (error) {
    if (!(error instanceof VersionOverridesError)) throw error;
    const { namespace = '', name = '' } = configMap?.metadata ?? {};
    const konnectivity = runningTunnel(deployment) ?? table.konnectivity;
    return {
      versions: { ...table, konnectivity },
      problem: `ConfigMap ${namespace}/${name}: ${error.message}: correct it; until then the addons stay as they are`,
    };
  }
}

function runningTunnel(deployment: Deployment | undefined): string | undefined {
  const containers = deployment?.spec?.template.spec?.containers ?? [];
  const { image = '' } = containers.find(({ name }) => name === 'konnectivity-server') ?? {};
  return /:([^:/@]+)$/u.exec(image)?.[1];
}
