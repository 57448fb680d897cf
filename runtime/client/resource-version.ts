/**
 * Orders two resourceVersions of one resource: negative when `a` is older. They are decimal numbers of up to 64 bits
 * (KEP-5504), more than a JavaScript number holds, so the longer one is newer and equal lengths compare as text.
 */
export function compareResourceVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
