import type { ApiObject } from './object.ts';
import { badRequest } from './status.ts';

type Matches = (object: ApiObject) => boolean;
type Token = string;

const symbols = /^(==|!=|=|!|\(|\)|,|<|>)/;
const words = /^[^\s=!(),<>]+/;
const identifier = /^([A-Za-z0-9][-A-Za-z0-9_./]*)?[A-Za-z0-9]$/;

/** What a label selector selects (Kubernetes: labels and selectors, API). Throws Refusal when it cannot be read. */
export function labelMatches(selector: string): readonly Matches[] {
  const tokens = tokensOf(selector);
  const matches: Matches[] = [];
  for (let position = 0; position < tokens.length;) {
    const { match, next } = requirement(tokens, position);
    matches.push(match);
    position = next;
    if (position === tokens.length) break;
    if (tokens[position] !== ',') throw badRequest(`found '${tokens[position]}', expected: ',' or 'end of string'`);
    position++;
    if (position === tokens.length) throw badRequest("found '', expected: identifier after ','");
  }
  return matches;
}

function requirement(tokens: readonly Token[], start: number): { readonly match: Matches; readonly next: number } {
  const negated = tokens[start] === '!';
  const position = negated ? start + 1 : start;
  const key = tokens[position] ?? '';
  if (!identifier.test(key)) throw badRequest(`found '${key}', expected: !, identifier, or 'end of string'`);
  const operator = tokens[position + 1];
  const has = (object: ApiObject): boolean => labelOf(object, key) !== undefined;
  if (negated) return { match: (object) => !has(object), next: position + 1 };
  if (operator === undefined || operator === ',') return { match: has, next: position + 1 };
  if (operator === 'in' || operator === 'notin') {
    const { values, next } = setOf(tokens, position + 2);
    return { match: (object) => isIn(values, labelOf(object, key)) === (operator === 'in'), next };
  }
  if (operator !== '=' && operator !== '==' && operator !== '!=') {
    throw badRequest(`unable to parse requirement: found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  const candidate = tokens[position + 2];
  const isEmpty = candidate === undefined || candidate === ',';
  const value = isEmpty ? '' : candidate;
  const match: Matches = (object) => (labelOf(object, key) === value) === (operator !== '!=');
  return { match, next: position + (isEmpty ? 2 : 3) };
}

function setOf(
  tokens: readonly Token[],
  start: number,
): { readonly values: ReadonlySet<string>; readonly next: number } {
  if (tokens[start] !== '(')
    throw badRequest(`unable to parse requirement: found '${tokens[start] ?? ''}', expected: '('`);
  const end = tokens.indexOf(')', start);
  if (end === -1) throw badRequest("unable to parse requirement: found '', expected: ')'");
  return { values: new Set(tokens.slice(start + 1, end).filter((token) => token !== ',')), next: end + 1 };
}

function isIn(values: ReadonlySet<string>, value: string | undefined): boolean {
  return value !== undefined && values.has(value);
}

function tokensOf(selector: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let rest = selector.trim(); rest !== ''; rest = rest.trimStart()) {
    const [token = rest] = symbols.exec(rest) ?? words.exec(rest) ?? [];
    tokens.push(token);
    rest = rest.slice(token.length);
  }
  return tokens;
}

function labelOf(object: ApiObject, key: string): string | undefined {
  return object.metadata.labels?.[key];
}
