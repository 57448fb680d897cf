/** One import or re-export in a source file. */
export interface Import {
  /** Path of the importing file from the repository's root. */
  readonly file: string;
  readonly specifier: string;
  /** `import type` or `export type`: gone when the program runs. */
  readonly typeOnly: boolean;
}

interface Room {
  /** Rooms, folders (`runtime/client/`) or files this room may import, their values too. */
  readonly values?: readonly string[];
  /** As `values`, but types only. */
  readonly types?: readonly string[];
  /** Packages whose values this room may import; `*` for every one. Types of packages are free for everyone. */
  readonly packages?: readonly string[];
}

// Constants of api/ that load no schema: the vocabulary that "api (types)" comprises.
const vocabulary = ['api/labels.ts', 'api/kinds.ts', 'api/manager-service.ts', 'api/kamaji/v1alpha1/defaults.ts'];
const product = [
  'api',
  'controllers',
  'admission',
  'controlplane',
  'pki',
  'bootstrap',
  'addons',
  'datastore',
  'tenant',
];

/** The arrows of the design. A room that is not named here may import nothing of ours. */
const rooms: Readonly<Record<string, Room>> = {
  main: { values: [...product, 'runtime'], packages: ['node:*', 'commander', 'winston'] },
  controllers: {
    values: ['api', 'controlplane', 'pki', 'bootstrap', 'addons', 'datastore', 'tenant', 'runtime'],
    types: ['admission'],
    packages: ['node:*', 'semver', 'yaml', 'ipaddr.js'],
  },
  admission: { values: ['api', 'controlplane', 'runtime'], packages: ['node:*', 'semver', 'ipaddr.js'] },
  controlplane: { values: vocabulary, types: ['api'], packages: ['node:crypto', 'semver', 'yaml', 'ipaddr.js'] },
  addons: { values: vocabulary, types: ['api'], packages: ['node:crypto', 'semver', 'yaml', 'ipaddr.js'] },
  bootstrap: {
    values: [...vocabulary, 'pki'],
    types: ['api'],
    packages: ['node:crypto', 'jose', 'yaml', 'semver', 'ipaddr.js', 'fast-json-patch'],
  },
  pki: { packages: ['node:crypto', 'node-forge'] },
  datastore: {
    values: [...vocabulary, 'runtime/client/', 'runtime/clock.ts', 'pki'],
    types: ['api'],
    packages: [
      'node:*',
      '@grpc/grpc-js',
      '@grpc/proto-loader',
      '@nats-io/jetstream',
      '@nats-io/transport-node',
      'mysql2',
      'pg',
    ],
  },
  tenant: {
    values: [...vocabulary, 'runtime/client/', 'runtime/clock.ts', 'pki'],
    types: ['api'],
    packages: ['node:*'],
  },
  runtime: { packages: ['node:*', 'undici', 'prom-client', 'winston'] },
  'runtime/client/': { packages: ['node:*', 'undici', '@kubernetes/client-node'] },
  api: {},
  config: {
    values: ['api', 'controllers/*/rbac.ts', 'admission/rbac.ts', 'admission/webhooks.ts'],
    packages: ['node:*', 'cdk8s', 'cdk8s-plus-28', 'constructs', 'yaml'],
  },
  lab: {
    packages: ['node:*', 'commander', 'execa', 'listr2', 'cli-table3', 'yaml', 'semver', 'ipaddr.js'],
  },
  e2e: { values: ['lab', 'test', 'api', 'runtime/client/'], packages: ['*'] },
  // Unlike the end-to-end tests, benchmarks measure the parts themselves.
  bench: { values: ['lab', 'test', 'api', 'pki', 'runtime', 'datastore'], packages: ['*'] },
  test: { values: [...product, 'runtime', 'config', 'lab', 'templates'], packages: ['*'] },
};

/** The imports and re-exports of a source text, dynamic ones with a literal specifier included. */
export function importsOf(file: string, source: string): Import[] {
  const statement =
    /^(?:import|export)\s+(type\s+)?(?:[\w*{][^'"`;]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
  return [...source.matchAll(statement)].map(([, type, fixed, dynamic]) => ({
    file,
    specifier: fixed ?? dynamic ?? '',
    typeOnly: type !== undefined,
  }));
}

/** Why an import is against the design, in a sentence; undefined when it is not. */
export function violation(one: Import): string | undefined {
  const rule = brokenRule(one);
  return rule === undefined ? undefined : `${one.file} imports '${one.specifier}': ${rule}`;
}

function brokenRule({ file, specifier, typeOnly }: Import): string | undefined {
  const from = roomOf(file);
  const target = targetOf(file, specifier);
  if (target === undefined) return packageRule(file, from, specifier, typeOnly);
  const to = roomOf(target);
  const folder = folderOf(target);
  // The version of the project stands at the root, which no package import names.
  if (target === 'package.json') return undefined;
  if (folder === folderOf(file) && !specifier.startsWith('.')) return 'inside a room imports are relative';
  if (folder !== folderOf(file) && specifier.startsWith('.') && to !== 'main') {
    return `another room is imported by its name (#${folder}/…), so that the crossing is visible`;
  }
  if (to === 'main' && folderOf(file) !== '') return 'nobody imports main';
  if (from === 'test') {
    const besideIt = folder === folderOf(file);
    return besideIt || to === 'test' || allowed(rooms['test']?.values, target) ? undefined : arrow(from, to);
  }
  if (isTestFile(target) && !allowed(rooms[from]?.values, target)) return 'tests and test doubles are for tests only';
  if (from === 'controllers' && to === 'controllers') return siblingRule(file, target);
  if (from === to) return undefined;
  if (allowed(rooms[from]?.values, target)) return undefined;
  if (!allowed(rooms[from]?.types, target)) return arrow(from, to);
  return typeOnly ? undefined : `${from} may import types of ${to} only ('import type')`;
}

function packageRule(file: string, from: string, specifier: string, typeOnly: boolean): string | undefined {
  if (typeOnly) return undefined;
  const name = packageName(specifier);
  // In benchmarks it is the rival.
  const inClient = file.startsWith('runtime/client/') || from === 'test' || from === 'bench';
  if (name === '@kubernetes/client-node' && !inClient) {
    return `values of ${name} are for runtime/client only; its types may be imported everywhere ('import type')`;
  }
  const room = (file.startsWith('runtime/client/') && rooms['runtime/client/']) || rooms[from];
  const isAllowed = (room?.packages ?? []).some(
    (pattern) => pattern === '*' || pattern === name || (pattern === 'node:*' && name.startsWith('node:')),
  );
  return isAllowed || from === 'test' ? undefined : `${from} may not use the package ${name}`;
}

function siblingRule(file: string, target: string): string | undefined {
  const [, ours] = file.split('/');
  const [, theirs] = target.split('/');
  // A file directly in controllers/ belongs to no controller.
  if (ours === theirs || theirs?.endsWith('.ts') === true || ours?.endsWith('.ts') === true) return undefined;
  return `the controllers ${ours} and ${theirs} may not import each other; what they share moves to a room below`;
}

function arrow(from: string, to: string): string {
  const { values = [], types = [] } = rooms[from] ?? {};
  const all = [...values, ...types.map((type) => `${type} (types)`)];
  return `${from} may import ${all.length === 0 ? 'no other room' : `only ${all.join(', ')}`}, not ${to}`;
}

function allowed(patterns: readonly string[] | undefined, target: string): boolean {
  return (patterns ?? []).some((pattern) => {
    if (pattern.endsWith('/')) return target.startsWith(pattern);
    if (pattern.includes('*')) {
      const [head = '', tail = ''] = pattern.split('*');
      const middle = target.slice(head.length, target.length - tail.length);
      return target.startsWith(head) && target.endsWith(tail) && !middle.includes('/');
    }
    return target === pattern || target.startsWith(`${pattern}/`);
  });
}

/** The file a specifier of ours names, from the root; undefined for a package. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (!specifier.startsWith('.')) return undefined;
  return new URL(specifier, `file:///${file}`).pathname.slice(1);
}

// The files at the root are one room: main, and what it consists of.
function roomOf(file: string): string {
  if (isTestFile(file)) return 'test';
  return folderOf(file) || 'main';
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : '';
}

// Tests and doubles stand beside the code they belong to, but follow the rules of test/.
function isTestFile(file: string): boolean {
  return file.startsWith('test/') || /\.(test|fake)\.ts$/.test(file);
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
