import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Heap } from './heap.ts';

interface Item {
  value: number;
  heapIndex: number;
}

const commands = fc.array(
  fc.record({ kind: fc.constantFrom('push', 'pop', 'remove', 'change'), value: fc.nat(50), pick: fc.nat() }),
  { maxLength: 100 },
);

test('the first item is always the smallest, whatever was pushed, taken out or changed in between', () => {
  fc.assert(
    fc.property(commands, (steps) => {
      const heap = new Heap<Item>((a, b) => a.value < b.value);
      let model: Item[] = [];
      for (const { kind, value, pick } of steps) {
        const chosen = model[pick % Math.max(1, model.length)];
        if (kind === 'push') {
          const item = { value, heapIndex: -1 };
          heap.push(item);
          model.push(item);
        } else if (kind === 'pop') {
          const popped = heap.pop();
          model = model.filter((item) => item !== popped);
        } else if (chosen !== undefined && kind === 'remove') {
          heap.remove(chosen);
          model = model.filter((item) => item !== chosen);
          assert.equal(heap.has(chosen), false);
        } else if (chosen !== undefined) {
          chosen.value = value;
          heap.update(chosen);
        }
        assert.equal(heap.size, model.length);
        assert.equal(heap.peek()?.value, model.length === 0 ? undefined : Math.min(...model.map((item) => item.value)));
        assert.ok(model.every((item) => heap.has(item)));
      }
    }),
  );
});
