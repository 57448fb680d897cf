/** Remembers an item's place in the heap that holds it; -1 while none does. */
export interface HeapItem {
  heapIndex: number;
}

/** Binary heap whose items can be moved or taken out from the middle in logarithmic time. An item is in one heap at most. */
export class Heap<T extends HeapItem> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#items.push(item);
    item.heapIndex = this.#items.length - 1;
    this.#up(item);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  has(item: T): boolean {
    return this.#items[item.heapIndex] === item;
  }

  remove(item: T): void {
    const hole = item.heapIndex;
    const last = this.#items.pop();
    item.heapIndex = -1;
    if (last === undefined || last === item) return;
    this.#place(last, hole);
    this.update(last);
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** To be called when the item's order has changed. */
  update(item: T): void {
    this.#up(item);
    this.#down(item);
  }

  #up(item: T): void {
    while (item.heapIndex > 0) {
      const hole = item.heapIndex;
      const parent = this.#items[(hole - 1) >> 1];
      if (parent === undefined || !this.#before(item, parent)) return;
      this.#place(item, parent.heapIndex);
      this.#place(parent, hole);
    }
  }

  #down(item: T): void {
    for (;;) {
      const hole = item.heapIndex;
      const left = this.#items[2 * hole + 1];
      const right = this.#items[2 * hole + 2];
      const child = right !== undefined && left !== undefined && this.#before(right, left) ? right : left;
      if (child === undefined || !this.#before(child, item)) return;
      this.#place(item, child.heapIndex);
      this.#place(child, hole);
    }
  }

  #place(item: T, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }
}
