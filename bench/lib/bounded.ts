/** Works through the items, so many at a time; answers in their order. Throws what the first that failed threw, after all. */
export async function bounded<Item, Answer>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const waiting = items.entries();
  const next = async (): Promise<void> => {
    for (const [position, item] of waiting) answers[position] = await work(item);
  };
  const all = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, next));
  const failed = all.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return answers;
}
