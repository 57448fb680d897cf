import { randomInt } from 'node:crypto';
import { BootstrapError } from './errors.ts';
import type { Secret } from './objects.ts';
import { BOOTSTRAPPERS, secret } from './objects.ts';

/** The two halves of a bootstrap token; `id` is public, `secret` is not. */
export interface BootstrapTokenString {
  readonly id: string;
  readonly secret: string;
}

/** A bootstrap token with which nodes may join until it expires. */
export interface BootstrapToken extends BootstrapTokenString {
  readonly expiration: Date;
}

/** How long tokens last. `ttlMs` must be more than `minimumRemainingMs`. */
export interface TokenLifetime {
  /** From making to expiry. */
  readonly ttlMs: number;
  /** What a published token has left at any moment. */
  readonly minimumRemainingMs: number;
}

/** Whether a new token must be published now, or when to look again. */
export type TokenDecision =
  | { readonly rotate: true; readonly reason: 'Missing' | 'Expiring' }
  | { readonly rotate: false; readonly recheckAfterMs: number };

/** Tokens of two hours of which one is always left. */
export const DEFAULT_TOKEN_LIFETIME: TokenLifetime = { ttlMs: 2 * 3_600_000, minimumRemainingMs: 3_600_000 };

/** Makes a token; every character is equally likely. `random(n)` answers an integer below n and defaults to a secure one. */
export function generateBootstrapToken(
  now: Date,
  lifetime: TokenLifetime = DEFAULT_TOKEN_LIFETIME,
  random: (max: number) => number = randomInt,
): BootstrapToken {
  const draw = (length: number): string =>
    Array.from({ length }, () => ALPHABET.charAt(random(ALPHABET.length))).join('');
  return { id: draw(6), secret: draw(16), expiration: new Date(now.getTime() + lifetime.ttlMs) };
}

/** `id.secret`, as kubeadm takes it. */
export function formatBootstrapToken(token: BootstrapTokenString): string {
  return `${token.id}.${token.secret}`;
}

/** Name of the Secret of a token; its namespace is kube-system. */
export function bootstrapTokenSecretName(id: string): string {
  return `bootstrap-token-${id}`;
}

/** The Secret kube-system/bootstrap-token-<id> that makes a token valid for joining (Kubernetes: cluster-bootstrap/token/api). */
export function bootstrapTokenSecret(token: BootstrapToken, description: string): Secret {
  return secret('kube-system', bootstrapTokenSecretName(token.id), TOKEN_TYPE, {
    'token-id': token.id,
    'token-secret': token.secret,
    // Whole seconds: the token cleaner reads plain RFC 3339.
    expiration: token.expiration.toISOString().replace(/\.\d+Z$/, 'Z'),
    'usage-bootstrap-authentication': 'true',
    'usage-bootstrap-signing': 'true',
    'auth-extra-groups': BOOTSTRAPPERS.name,
    description,
  });
}

/** The token that a Secret of the tenant holds, or undefined when nodes cannot join with it (whether it has expired is not looked at). */
export function readBootstrapToken(stored: {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}): BootstrapToken | undefined {
  const text = (key: string): string => Buffer.from(stored.data?.[key] ?? '', 'base64').toString('utf8');
  const token = { id: text('token-id'), secret: text('token-secret'), expiration: new Date(text('expiration')) };
  const usable =
    stored.type === TOKEN_TYPE &&
    TOKEN_PATTERN.test(formatBootstrapToken(token)) &&
    !Number.isNaN(token.expiration.getTime()) &&
    text('usage-bootstrap-authentication') === 'true' &&
    text('usage-bootstrap-signing') === 'true' &&
    text('auth-extra-groups').split(',').includes(BOOTSTRAPPERS.name);
  return usable ? token : undefined;
}

/**
 * Decides about the token in published bootstrap data. It is replaced a while before only the minimum is left, so that a
 * controller that is late or away for a moment does not break the promise; the token that it supersedes runs out by itself.
 * `expiration` is that of the published token, undefined when there is none or the tenant no longer knows it.
 * Throws BootstrapError `TokenLifetimeInvalid` when tokens would not last.
 */
export function decideTokenRotation(
  expiration: Date | undefined,
  now: Date,
  lifetime: TokenLifetime = DEFAULT_TOKEN_LIFETIME,
): TokenDecision {
  const { ttlMs, minimumRemainingMs } = lifetime;
  if (!(minimumRemainingMs >= 0 && ttlMs > minimumRemainingMs)) {
    throw new BootstrapError(
      'TokenLifetimeInvalid',
      `bootstrap tokens of ${ttlMs} ms cannot always have ${minimumRemainingMs} ms left`,
    );
  }
  if (expiration === undefined) return { rotate: true, reason: 'Missing' };
  const margin = (ttlMs - minimumRemainingMs) / 4;
  const recheckAfterMs = expiration.getTime() - now.getTime() - minimumRemainingMs - margin;
  return recheckAfterMs > 0 ? { rotate: false, recheckAfterMs } : { rotate: true, reason: 'Expiring' };
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const TOKEN_TYPE = 'bootstrap.kubernetes.io/token';
const TOKEN_PATTERN = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;
