const redacted = '[redacted]';
const maxDepth = 12;
const sensitiveKey =
  /password|passwd|^authorization$|^cookie$|^(?:.*[-_.])?token$|token-?secret|(?:private|secret|access|client)[-_]?key|^kubeconfig$|credential/i;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const bearer = /\b(Bearer\s+)[\w.~+/=-]+/gi;
const userInfo = /(\b[a-z][a-z\d+.-]*:\/\/[^\s/:@]*:)[^\s@/]+@/gi;

/**
 * A copy of `value` that may be printed: values under names that hold credentials, the data of Secrets, private keys,
 * bearer tokens and passwords in URLs are replaced; errors become plain objects with their chain of causes; what JSON
 * cannot say (cycles, bigint, functions) becomes text. Never throws. A net for mistakes, not a licence to log secrets.
 */
export function redact(value: unknown): unknown {
  return copy(value, [], new Set());
}

/** Text without private keys, bearer tokens and passwords in URLs. */
function redactText(text: string): string {
  return text.replace(privateKey, redacted).replace(bearer, `$1${redacted}`).replace(userInfo, `$1${redacted}@`);
}

function copy(value: unknown, path: readonly string[], ancestors: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return `[function ${value.name}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (ancestors.has(value)) return '[circular]';
  if (path.length > maxDepth) return '[too deep]';
  ancestors.add(value);
  try {
    return copyObject(value, path, ancestors);
  } catch (error) {
    // A getter or a proxy threw; losing one value is better than losing the line.
    return `[unprintable: ${error instanceof Error ? error.message : typeof error}]`;
  } finally {
    ancestors.delete(value);
  }
}

function copyObject(value: object, path: readonly string[], ancestors: Set<object>): unknown {
  const inside = (key: string, child: unknown): unknown => copy(child, [...path, key], ancestors);
  if (value instanceof Error) return copyError(value, inside);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Map || value instanceof Set) return inside('entries', [...value]);
  if (Array.isArray(value)) return value.map((child, index) => inside(String(index), child));
  const isSecret = 'kind' in value && value.kind === 'Secret';
  const entries = Object.entries(value).map(([key, child]) => {
    const hide = isSecret ? key === 'data' || key === 'stringData' : sensitiveKey.test(key) && isPrimitive(child);
    return [key, hide ? redacted : inside(key, child)] as const;
  });
  return Object.fromEntries(entries);
}

function copyError(error: Error, inside: (key: string, child: unknown) => unknown): unknown {
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? error.code : undefined;
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    message: redactText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactText(frames(error)) }),
    ...(error instanceof AggregateError ? { errors: inside('errors', error.errors) } : {}),
    ...(error.cause === undefined ? {} : { cause: inside('cause', error.cause) }),
  };
}

// The first lines of a stack repeat name and message.
function frames(error: Error): string {
  const stack = error.stack ?? '';
  const first = stack.search(/^\s+at /m);
  return first === -1 ? '' : stack.slice(first).trim();
}

// A nested object under such a name (`credentials: {secretName: …}`) is walked instead, so that names stay readable.
function isPrimitive(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array;
}
