import type { RowPatch } from './a2e-row.ts';
import { demoTask } from './demo-tasks.ts';
import { SimulatedTask, type TaskOptions } from './simulated-task.ts';

/** Says whether a task that was not added exists all the same, and how it behaves. */
export type AutoCreate = (id: string, token: string) => boolean | TaskOptions;

/** Where the book takes its defaults from. */
export interface TaskStoreOptions {
  readonly now: () => number;
  readonly speed: number;
  readonly autoCreate: AutoCreate;
}

/** The tasks that exist: per id one that every token finds, and any number that only certain tokens find. */
export class TaskStore {
  readonly #options: TaskStoreOptions;
  readonly #shared = new Map<string, SimulatedTask>();
  readonly #owned = new Map<string, Map<string, SimulatedTask>>();

  constructor(options: TaskStoreOptions) {
    this.#options = options;
  }

  /** Creates the task now, in place of one with the same id and owner. */
  add(id: string, options: TaskOptions = {}): void {
    const { now, speed } = this.#options;
    this.#put(new SimulatedTask(id, now(), { speed, ...options }), id, options.owner);
  }

  /** Sets a task by hand, creating it when needed; it stays so until it is set or added again. */
  set(id: string, patch: RowPatch, owner?: TaskOptions['owner']): void {
    const tokens = tokensOf(owner);
    for (const token of tokens) {
      let task = token === null ? this.#shared.get(id) : this.#owned.get(id)?.get(token);
      if (!task) {
        task = new SimulatedTask(id, this.#options.now());
        this.#put(task, id, token ?? undefined);
      }
      task.set(patch);
    }
  }

  /** Takes a task away: only for those tokens, or altogether. */
  remove(id: string, owner?: TaskOptions['owner']): void {
    for (const token of tokensOf(owner)) {
      if (token === null) {
        this.#shared.delete(id);
        this.#owned.delete(id);
      } else this.#owned.get(id)?.delete(token);
    }
  }

  /** The task this token finds under that id. */
  find(id: string, token: string): SimulatedTask | null {
    return this.#owned.get(id)?.get(token) ?? this.#shared.get(id) ?? this.#create(id, token);
  }

  #create(id: string, token: string): SimulatedTask | null {
    const demo = demoTask(id);
    const options = demo ? demo.options : this.#options.autoCreate(id, token);
    if (options === null || options === false) return null;
    this.add(id, options === true ? {} : options);
    return this.#owned.get(id)?.get(token) ?? this.#shared.get(id) ?? null;
  }

  #put(task: SimulatedTask, id: string, owner: TaskOptions['owner']): void {
    for (const token of tokensOf(owner)) {
      if (token === null) this.#shared.set(id, task);
      else this.#owned.set(id, (this.#owned.get(id) ?? new Map()).set(token, task));
    }
  }
}

function tokensOf(owner: TaskOptions['owner']): readonly (string | null)[] {
  if (owner === undefined) return [null];
  return typeof owner === 'string' ? [owner] : owner;
}
