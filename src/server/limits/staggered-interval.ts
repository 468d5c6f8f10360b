/** The members are visited in this many groups, one group after the other, so that many members cause no burst. */
const GROUPS = 12;

/** Visits every member once per period. One timer serves all members. */
export class StaggeredInterval<T> implements Disposable {
  readonly #groups: readonly Set<T>[] = Array.from({ length: GROUPS }, () => new Set());
  readonly #timer: NodeJS.Timeout;
  #visits = 0;
  #additions = 0;

  /**
   * @param periodMs the time between two visits of a member, in ms
   * @param visit is called with one member
   */
  constructor(periodMs: number, visit: (member: T) => void) {
    this.#timer = setInterval(() => {
      for (const member of this.#groupAt(this.#visits++)) visit(member);
    }, periodMs / GROUPS).unref();
  }

  /** Adds a member. Returns the function that removes it. */
  add(member: T): () => void {
    const group = this.#groupAt(this.#additions++);
    group.add(member);
    return () => void group.delete(member);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const group of this.#groups) group.clear();
  }

  #groupAt(index: number): Set<T> {
    return this.#groups[index % GROUPS] as Set<T>;
  }
}
