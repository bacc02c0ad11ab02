/**
 * Calls that ask the same thing at the same time share one question, but never one that went out before they asked:
 * whoever comes while a question is under way waits for the next one. An answer is then never older than its call, and a
 * crowd costs two questions instead of one each.
 */
export class NextAnswer<Answer> {
  readonly #rounds = new Map<string, { running: Promise<unknown>; next: Promise<Answer> | undefined }>();

  ask(key: string, question: () => Promise<Answer>): Promise<Answer> {
    const round = this.#rounds.get(key);
    if (round === undefined) return this.#start(key, question);
    round.next ??= round.running.then(
      () => this.#start(key, question),
      () => this.#start(key, question),
    );
    return round.next;
  }

  #start(key: string, question: () => Promise<Answer>): Promise<Answer> {
    const running = question();
    const round = { running, next: undefined };
    this.#rounds.set(key, round);
    const forget = (): void => {
      if (this.#rounds.get(key) === round && round.next === undefined) this.#rounds.delete(key);
    };
    running.then(forget, forget);
    return running;
  }
}
