import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atCreation, immutable, present, rule, whenChanged } from './rule.ts';
import {
  boolean,
  describe,
  embedded,
  enumeration,
  integer,
  intOrString,
  json,
  list,
  map,
  mapList,
  object,
  optional,
  setOf,
  string,
} from './schema.ts';
import type { Infer } from './schema.ts';

type Equal<A, B> = [A, B] extends [B, A] ? true : false;
const holds = <T extends true>(value: T = true as T): void => assert.ok(value);

test('an object type has required and optional properties', () => {
  const schema = object('Thing.', {
    name: string('Name.'),
    size: optional(integer('Size.')),
    mode: optional(enumeration('Mode.', ['fast', 'slow'])),
    flag: boolean('Flag.'),
  });
  holds<Equal<Infer<typeof schema>, { name: string; flag: boolean; size?: number; mode?: 'fast' | 'slow' }>>();
  assert.deepEqual(schema.json.required, ['name', 'flag']);
});

test('collections and free-form values have their types', () => {
  const schema = object('Thing.', {
    ports: list('Ports.', integer('Port.')),
    tags: setOf('Tags.', string('Tag.')),
    labels: map('Labels.', string('Value.')),
    limit: intOrString('Limit.'),
    conditions: mapList('Conditions.', object('One.', { type: string('Type.') }), ['type']),
    container: embedded('Container.', { name: string('Name.') }),
  });
  holds<
    Equal<
      Infer<typeof schema>,
      {
        ports: number[];
        tags: string[];
        labels: { [key: string]: string };
        limit: number | string;
        conditions: { type: string }[];
        container: { name: string };
      }
    >
  >();
});

test('mistakes in a schema do not compile', () => {
  const item = object('One.', { type: string('Type.') });
  // @ts-expect-error: a list-map key that is no property
  mapList('Conditions.', item, ['name']);
  // @ts-expect-error: a default that the enumeration does not have
  enumeration('Mode.', ['fast', 'slow'], { default: 'medium' });
  // @ts-expect-error: a default with a property that the object does not have
  object('Thing.', { name: optional(string('Name.')) }, { default: { nam: 'x' } });
  // @ts-expect-error: a set of objects
  setOf('Things.', item);
});

test('collections carry the list type that server-side apply merges by', () => {
  assert.deepEqual(mapList('Ports.', object('One.', { port: integer('Port.') }), ['port']).json, {
    description: 'Ports.',
    type: 'array',
    items: {
      description: 'One.',
      type: 'object',
      required: ['port'],
      properties: { port: { description: 'Port.', type: 'integer', format: 'int32' } },
    },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port'],
  });
  assert.equal(list('Names.', string('Name.')).json['x-kubernetes-list-type'], 'atomic');
  assert.equal(setOf('Names.', string('Name.')).json['x-kubernetes-list-type'], 'set');
});

test('an embedded object and a free value keep unknown fields', () => {
  assert.equal(embedded('Pod.', {}).json['x-kubernetes-preserve-unknown-fields'], true);
  assert.equal(json('Anything.').json['x-kubernetes-preserve-unknown-fields'], true);
  assert.equal(json('Anything.').json.type, undefined);
});

test('a shared schema gets its own description and is required again', () => {
  const shared = optional(string('Shared.', { minLength: 1 }));
  assert.deepEqual(describe('Mine.', shared).json, { description: 'Mine.', type: 'string', minLength: 1 });
  assert.deepEqual(object('Thing.', { mine: describe('Mine.', shared) }).json.required, ['mine']);
});

test('a default is a copy, so that frozen constants can be given', () => {
  const given = Object.freeze({ a: 'x' });
  const schema = object('Thing.', { a: optional(string('A.')) }, { default: given });
  assert.deepEqual(schema.json.default, { a: 'x' });
  assert.notEqual(schema.json.default, given);
});

test('a message with braces quotes values by CEL', () => {
  assert.deepEqual(rule('self > 1', 'size {string(self)} is "too" small: grow it'), {
    rule: 'self > 1',
    messageExpression: String.raw`"size " + string(self) + " is \"too\" small: grow it"`,
  });
  assert.equal(immutable('driver').message, 'driver cannot be changed: create a new object to have another value');
});

test('a rule about what never changes is for new objects only', () => {
  assert.deepEqual(atCreation('size(self) < 9', 'too long'), {
    rule: 'oldSelf.hasValue() || (size(self) < 9)',
    message: 'too long',
    optionalOldSelf: true,
  });
});

test('a rule can leave alone what an object had before', () => {
  const { rule: cel } = whenChanged(['$.a', 'size($.b)'], 'self.a != self.b', 'a and b are equal');
  assert.equal(
    cel,
    '(oldSelf.hasValue() && oldSelf.value().a == self.a && size(oldSelf.value().b) == size(self.b)) || (self.a != self.b)',
  );
});

test('a property can be asked for with all that is on the way to it', () => {
  assert.equal(present('self', 'status.a.b'), 'has(self.status) && has(self.status.a) && has(self.status.a.b)');
});
