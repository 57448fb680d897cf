import type { Core } from './core.ts';
import { json } from './exchange.ts';
import type { Answer } from './exchange.ts';
import type { RequestInfo } from './request.ts';
import { apiVersionOf } from './served-kind.ts';
import type { ServedKind } from './served-kind.ts';

const version = { major: '1', minor: '35', gitVersion: 'v1.35.4', platform: 'linux/amd64' };

/** Answers paths that name no resource: health, version, discovery. */
export function nonResource(core: Core, { path }: RequestInfo): Answer {
  const kinds = core.registry.all();
  switch (path.replace(/\/$/, '')) {
    case '/readyz':
    case '/livez':
    case '/healthz':
      return { code: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' };
    case '/version':
      return json(200, JSON.stringify(version));
    case '/api':
      return json(200, JSON.stringify({ kind: 'APIVersions', versions: ['v1'] }));
    case '/apis':
      return json(200, JSON.stringify(groupList(kinds)));
  }
  const [, root, group = '', inGroup = ''] = path.split('/');
  const groupVersion = root === 'api' ? group : `${group}/${inGroup}`;
  const served = kinds.filter((kind) => apiVersionOf(kind) === groupVersion);
  if (served.length === 0) return { code: 404, contentType: 'text/plain', body: '404 page not found\n' };
  const resources = served.flatMap(resourcesOf);
  return json(200, JSON.stringify({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources }));
}

function groupList(kinds: readonly ServedKind[]): object {
  const groups = Map.groupBy(
    kinds.filter(({ group }) => group !== ''),
    ({ group }) => group,
  );
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [...groups].map(([name, members]) => {
      const versions = [...new Set(members.map(({ version }) => version))];
      const entries = versions.map((one) => ({ groupVersion: `${name}/${one}`, version: one }));
      return { name, versions: entries, preferredVersion: entries[0] };
    }),
  };
}

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

function resourcesOf(kind: ServedKind): readonly object[] {
  const { plural, singular, namespaced } = kind;
  const entry = (suffix: string, of: string, allowed: readonly string[]): object => ({
    name: `${plural}${suffix}`,
    singularName: suffix === '' ? singular : '',
    namespaced,
    kind: of,
    verbs: allowed,
  });
  return [
    entry('', kind.kind, verbs),
    ...(kind.status ? [entry('/status', kind.kind, ['get', 'patch', 'update'])] : []),
    ...(kind.scale === undefined ? [] : [entry('/scale', 'Scale', ['get', 'patch', 'update'])]),
  ];
}
