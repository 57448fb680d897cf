import { readdir } from 'node:fs/promises';
import type { Suite } from './suite.ts';

const folder = new URL('suites/', import.meta.url);

/** All suites, by name. A file in `suites/` without a suite of its own name is an error: it would be left out in silence. */
export async function findSuites(): Promise<readonly Suite[]> {
  const files = (await readdir(folder)).filter((file) => !file.endsWith('.test.ts'));
  return Promise.all(
    files.toSorted().map(async (file) => {
      const module: unknown = await import(new URL(file, folder).href);
      if (hasSuite(module) && `${module.suite.name}.ts` === file) return module.suite;
      throw new TypeError(`bench/suites/${file} exports no suite named ${file.replace(/\.ts$/, '')}`);
    }),
  );
}

function hasSuite(module: unknown): module is { readonly suite: Suite } {
  const suite = typeof module === 'object' && module !== null && 'suite' in module ? module.suite : undefined;
  return typeof suite === 'object' && suite !== null && 'name' in suite && 'run' in suite;
}
