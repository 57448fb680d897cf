import type { Secret } from './builtin.ts';

/** The text under a key of a Secret, or undefined when there is no such key (Kubernetes: `data` holds base64). */
export function secretText(secret: Pick<Secret, 'data'> | undefined, key: string): string | undefined {
  const encoded = secret?.data?.[key];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

/** `data` of a Secret that holds these texts. */
export function secretData(texts: Readonly<Record<string, string>>): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]),
  );
}
