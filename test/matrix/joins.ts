import { versions } from '#lab/versions.ts';

const [before = '', beforeThat = ''] = versions.olderKubernetes;

/** Control planes that are tried, each with the versions of the nodes that join it: its own minor and older ones. */
export const JOINS: readonly { readonly controlPlane: string; readonly nodes: readonly string[] }[] = [
  { controlPlane: versions.kubernetes, nodes: [versions.kubernetes, before, beforeThat] },
  { controlPlane: before, nodes: [before, beforeThat] },
];
