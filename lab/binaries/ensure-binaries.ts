import { access, constants } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { cacheDirectory } from '../cache-directory.ts';
import { withMachineLock } from '../machine-lock.ts';
import type { StepOptions } from '../progress.ts';
import { chooseSource } from '../source.ts';
import { downloadBinary } from './download.ts';
import { buildBinary } from './go-module.ts';
import type { BinaryName, ModuleRecipe, Release } from './recipes.ts';
import { kubernetesRecipe, kubernetesRelease, olderClusterApi, recipes, releases } from './recipes.ts';

export type { BinaryName } from './recipes.ts';

/**
 * Makes sure that each named binary is in the cache and answers its absolute path. What is missing is downloaded or built,
 * one at a time; two processes never make the same one. Cheap when everything is there.
 *
 * @throws LabError `GoMissing`, `BuildFailed` or `DownloadFailed`
 */
export async function ensureBinaries<Name extends BinaryName>(
  names: readonly Name[],
  options: StepOptions,
): Promise<Readonly<Record<Name, string>>> {
  return ensureEach(names, (name) => ensureBinary(name, recipeOf(name), releases[name], options));
}

/** As `ensureBinaries`, for Kubernetes' own programs of any version, without the leading "v". */
export async function ensureKubernetesBinaries<Name extends BinaryName>(
  names: readonly Name[],
  version: string,
  options: StepOptions,
): Promise<Readonly<Record<Name, string>>> {
  const recipe = kubernetesRecipe(version);
  return ensureEach(names, (name) => ensureBinary(name, recipe, kubernetesRelease(name, version), options));
}

/** As `ensureBinaries`, for core of Cluster API in the minor before. */
export function ensureOlderClusterApi(options: StepOptions): Promise<string> {
  return ensureBinary('cluster-api-controller', olderClusterApi, undefined, options);
}

/** The recipe that makes the binary. */
export function recipeOf(name: BinaryName): ModuleRecipe {
  const recipe = recipes.find(({ packages }) => packages[name] !== undefined);
  if (recipe === undefined) throw new TypeError(`no recipe makes ${name}`);
  return recipe;
}

/** Twelve hexadecimal digits that change whenever the recipe would make something else. */
export function recipeHash(recipe: ModuleRecipe, name: BinaryName, architecture: string = process.arch): string {
  const { version, require, pin, stagingVersion, ldflags, tags, packages } = recipe;
  const inputs = [version, require, pin, stagingVersion, ldflags, tags, packages[name], architecture];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);
}

/** Where the cache keeps the binary, whether it is there or not. */
export function binaryPath(name: BinaryName, recipe: ModuleRecipe = recipeOf(name)): string {
  return join(cacheDirectory(), 'bin', name, `${recipe.version}-${recipeHash(recipe, name)}`, name);
}

async function ensureEach<Name extends BinaryName>(
  names: readonly Name[],
  ensure: (name: Name) => Promise<string>,
): Promise<Readonly<Record<Name, string>>> {
  const paths = new Map<Name, string>();
  for (const name of new Set(names)) paths.set(name, await ensure(name));
  return Object.freeze(Object.fromEntries(paths)) as Readonly<Record<Name, string>>;
}

async function ensureBinary(
  name: BinaryName,
  recipe: ModuleRecipe,
  release: Release | undefined,
  options: StepOptions,
): Promise<string> {
  const path = binaryPath(name, recipe);
  if (await isExecutable(path)) return path;
  const waiting = () => options.report(`waiting for another process that makes binaries`);
  // One lock for all: two Go builds at once only slow each other down.
  await withMachineLock('binaries', { signal: options.signal, waiting }, async () => {
    if (await isExecutable(path)) return;
    if (release !== undefined && (await chooseSource(options)) === 'pull') {
      await downloadBinary(name, release, path, options);
    } else {
      await buildBinary(recipe, name, path, options);
    }
  });
  return path;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
