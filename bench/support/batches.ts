/** Runs `open(0)` to `open(count - 1)`, at most `width` at a time. */
export async function inBatches(count: number, open: (index: number) => Promise<void>, width = 100): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await open(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
}
