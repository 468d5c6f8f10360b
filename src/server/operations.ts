import {
  createSourceEventStream,
  type DocumentNode,
  execute,
  executeSubscriptionEvent,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  validateSubscriptionArgs,
} from 'graphql';
import { Forbidden } from '../errors.ts';
import type { Delivery } from '../live/delivery.ts';
import type { Started } from '../live/live-result.ts';
import { LiveResults } from '../live/live-results.ts';
import { ResultFrame } from '../live/result-frame.ts';
import { createContext, type TaskFeed } from '../schema/context.ts';
import type { TaskFault } from '../task/task-fault.ts';
import type { Patience } from '../task/task-observer.ts';
import type { TaskRegistry } from '../task/task-registry.ts';
import type { TaskSnapshot } from '../task/task-snapshot.ts';
import type { Credential } from '../task/task-source.ts';
import type { Caller } from './access/caller.ts';
import type { Documents } from './documents.ts';
import { declaredVariables, type OperationParams } from './operation-params.ts';
import { feedFor } from './task-feed.ts';

/** An operation that may run. */
export interface Operation {
  readonly kind: 'query' | 'subscription';
  readonly document: DocumentNode;
  readonly documentId: number;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
}

export interface OperationsOptions {
  readonly schema: GraphQLSchema;
  readonly documents: Documents;
  readonly registry: TaskRegistry;
  readonly patience: Patience;
  /** `MAX_IDS` */
  readonly maxIds: number;
  /** What a caller may see of an error; logs what is masked. */
  readonly format: (error: unknown) => GraphQLFormattedError;
}

/** Runs operations for the transports that stream: WebSocket and SSE. */
export class Operations {
  readonly #options: OperationsOptions;
  readonly #live: LiveResults;

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.#live = new LiveResults(options.format);
  }

  /** How many subscriptions are being executed, each for any number of clients. */
  get liveCount(): number {
    return this.#live.size;
  }

  /** Checks an operation before anything runs: answers it, or the errors that forbid it. */
  prepare(params: OperationParams, caller: Caller): Operation | readonly GraphQLError[] {
    const { documents } = this.#options;
    const { operationName } = params;
    const text = documents.textOf(params);
    if (text instanceof GraphQLError) return [text];
    const { id, document, errors } = documents.prepare(text);
    if (!document || errors.length > 0) return errors;
    const node = getOperationAST(document, operationName);
    if (!node) return [UNRESOLVED];
    const variables = declaredVariables(node, params.variables);
    const excess = documents.forbids(document, operationName, variables);
    if (excess) return [excess];
    const kind = node.operation === 'subscription' ? 'subscription' : 'query';
    return { kind, document, documentId: id, operationName, variables, caller };
  }

  /** Runs a query once. Never rejects. Nobody waits for it any more once `signal` aborts. */
  async execute(operation: Operation, signal: AbortSignal): Promise<ResultFrame> {
    const { format } = this.#options;
    try {
      return ResultFrame.of(await execute(this.#args(operation, this.#feed(operation.caller, signal))), format);
    } catch (error) {
      return new ResultFrame(JSON.stringify({ errors: [format(error)] }));
    }
  }

  /** Delivers a subscription to `member`, sharing the execution with everyone who asks the same. Undo with the returned function. */
  join(operation: Operation, member: Delivery): () => void {
    return this.#live.join(identityOf(operation), () => this.#start(operation), member);
  }

  async #start(operation: Operation): Promise<Started> {
    const { credential } = operation.caller;
    const feed = this.#feed(operation.caller);
    let slots = 1;
    const watchAll: TaskFeed['watchAll'] = (ids) => {
      slots = ids.length;
      return feed.watchAll(ids);
    };
    const args = validateSubscriptionArgs(this.#args(operation, { ...feed, watchAll }));
    if (!('schema' in args)) return { errors: args };
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) return source;
    return {
      events: source[Symbol.asyncIterator](),
      slots,
      isFault: (event) => isPassing(event as TaskEvent),
      slotOf: (event) => taskIdOf(event as TaskEvent),
      refresh: (event) => refreshed(event as TaskEvent, this.#options.registry, credential),
      render: (event) => executeSubscriptionEvent({ ...args, rootValue: event }),
    };
  }

  #feed(caller: Caller, signal?: AbortSignal): TaskFeed {
    const { registry, patience } = this.#options;
    return feedFor(caller, registry, patience, { signal });
  }

  #args({ document, operationName, variables }: Operation, feed: TaskFeed): Parameters<typeof execute>[0] {
    const { schema, maxIds, documents } = this.#options;
    const contextValue = createContext({ feed, maxIds });
    const { hideSuggestions } = documents;
    return { schema, document, operationName, variableValues: variables, contextValue, hideSuggestions };
  }
}

/** Which of its operations a document is to run is not said, or none of them. Code and words are Yoga's. */
const UNRESOLVED = new GraphQLError('Could not determine what operation to execute.', {
  extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
});

/** What the subscriptions of the schema yield. */
type TaskEvent = TaskSnapshot | TaskFault;

function taskIdOf(event: TaskEvent): string {
  return 'task' in event ? event.task.id : event.id;
}

/** A fault that may be over for who asks again. What a caller may not see is part of what they ask: it stays so. */
function isPassing(event: TaskEvent): boolean {
  return 'error' in event && !(event.error instanceof Forbidden);
}

function refreshed(event: TaskEvent, registry: TaskRegistry, credential: Credential): TaskEvent {
  return 'task' in event ? (registry.watch(event.task.id, credential).state.snapshot ?? event) : event;
}

/** Exact: two operations with the same identity have the same results for as long as they run. */
function identityOf({ documentId, operationName, variables, caller }: Operation): string {
  return JSON.stringify([caller.credential.key, caller.scope, documentId, operationName, sorted(variables)]);
}

/** The same value with the keys of all its objects in order, so that clients may write them in any. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
