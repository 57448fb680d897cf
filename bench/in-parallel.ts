/** Does the task for 0 up to and without `count`, 16 at a time. */
export async function inParallel(count: number, task: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}
