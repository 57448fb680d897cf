import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { cacheDirectory, ensureDirectory } from '../cache-directory.ts';
import { LabError } from '../lab-error.ts';
import type { StepOptions } from '../progress.ts';
import type { BinaryName, ModuleRecipe } from './recipes.ts';

/**
 * Builds one binary of the recipe, statically linked, to `path`. The result appears there whole or not at all.
 *
 * @throws LabError `GoMissing` when there is no Go toolchain, `BuildFailed` with the compiler's last lines
 */
export async function buildBinary(
  recipe: ModuleRecipe,
  name: BinaryName,
  path: string,
  options: StepOptions,
): Promise<void> {
  const directory = await ensureModule(recipe, options);
  options.report(`building ${name} ${recipe.version}`);
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.new`;
  const linker = ['-s', '-w', ...(recipe.ldflags ?? [])].join(' ');
  const tags = recipe.tags === undefined ? [] : ['-tags', recipe.tags.join(',')];
  try {
    const command = recipe.packages[name] ?? '';
    await go(['build', '-trimpath', '-ldflags', linker, ...tags, '-o', unfinished, command], directory, options);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}

/**
 * The folder that holds a required module's source: manifests, charts and the like that lie beside its code.
 *
 * @param module import path of a module that the recipe requires
 */
export async function moduleSource(recipe: ModuleRecipe, module: string, options: StepOptions): Promise<string> {
  const version = recipe.require[module];
  if (version === undefined) throw new TypeError(`recipe ${recipe.name} does not require ${module}`);
  const scratch = await ensureDirectory(cacheDirectory(), 'modules');
  options.report(`fetching ${module} ${version}`);
  const described: unknown = JSON.parse(
    await go(['mod', 'download', '-json', `${module}@${version}`], scratch, options),
  );
  if (typeof described === 'object' && described !== null && 'Dir' in described && typeof described.Dir === 'string') {
    return described.Dir;
  }
  throw new LabError('BuildFailed', `go mod download did not say where ${module} ${version} lies`);
}

/** The modules that a go.mod requires at v0.0.0, which is how Kubernetes refers to its staging repositories. */
export function stagingModules(goMod: string): readonly string[] {
  const placeholder = /^(?:require)?\s+(\S+) v0\.0\.0(?:\s*\/\/.*)?$/gm;
  return [...goMod.matchAll(placeholder)].map(([, module = '']) => module);
}

/** The go.mod of a module that exists only to require the recipe's modules. */
export function toolModule(recipe: ModuleRecipe, staging: readonly string[]): string {
  // From Go 1.17 on the module graph is pruned: without this line everything that any dependency's tests need is fetched.
  const header = [`module lab/${recipe.name}`, '', `go ${oldestGo}`, ''];
  const requires = Object.entries(recipe.require).map(([module, version]) => `require ${module} ${version}`);
  const pins = Object.entries(recipe.pin ?? {}).map(([module, version]) => `replace ${module} => ${module} ${version}`);
  const stagings = staging.flatMap((module) => {
    const version = recipe.stagingVersion ?? '';
    return [`require ${module} ${version}`, `replace ${module} => ${module} ${version}`];
  });
  return [...header, ...requires, ...pins, ...stagings, ''].join('\n');
}

const oldestGo = '1.24.0';

async function ensureModule(recipe: ModuleRecipe, options: StepOptions): Promise<string> {
  const identity = createHash('sha256').update(toolModule(recipe, [])).digest('hex').slice(0, 12);
  const directory = await ensureDirectory(cacheDirectory(), 'modules', `${recipe.name}-${recipe.version}-${identity}`);
  const marker = join(directory, 'resolved');
  if (await isFile(marker)) return directory;
  options.report(`resolving the modules of ${recipe.name} ${recipe.version}`);
  const [first = ''] = Object.keys(recipe.require);
  const staging =
    recipe.stagingVersion === undefined
      ? []
      : stagingModules(await readFile(join(await moduleSource(recipe, first, options), 'go.mod'), 'utf8'));
  await writeFile(join(directory, 'go.mod'), toolModule(recipe, staging));
  const modules = Object.entries(recipe.require).map(([module, version]) => `${module}@${version}`);
  await go(['get', ...modules], directory, options);
  await writeFile(marker, '');
  return directory;
}

async function go(args: readonly string[], cwd: string, { signal }: StepOptions): Promise<string> {
  // The user's own workspace file or flags must not leak into the build. The compiler is a short-lived process: collecting garbage
  // less often takes a tenth off its time.
  const env = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=mod -buildvcs=false', GOOS: 'linux', GOGC: '400' };
  try {
    return (await execa('go', args, { cwd, env, cancelSignal: signal })).stdout;
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ExecaError && cause.code === 'ENOENT') {
      const remedy = 'install Go 1.26 or newer (https://go.dev/dl) and put it on the PATH';
      throw new LabError('GoMissing', `"go" was not found, and no prebuilt binaries can be reached: ${remedy}`, {
        cause,
      });
    }
    const output = cause instanceof ExecaError ? String(cause.stderr).trim().split('\n').slice(-15).join('\n') : '';
    throw new LabError('BuildFailed', `go ${args.join(' ')} failed:\n${output}`, { cause });
  }
}

async function isFile(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
