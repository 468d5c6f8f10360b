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
import { Forbidden } from '../../errors.ts';
import { EncodedResult } from '../../live/encoded-result.ts';
import type { StartResult } from '../../live/live-result.ts';
import { LiveResultRegistry } from '../../live/live-result-registry.ts';
import type { Subscriber } from '../../live/subscriber.ts';
import { createContext, type TaskFeed } from '../../schema/context.ts';
import type { Credential } from '../../task/credential.ts';
import type { TaskErrorEvent } from '../../task/task-error-event.ts';
import type { SubscriptionTimeouts } from '../../task/task-observer.ts';
import type { TaskRegistry } from '../../task/task-registry.ts';
import type { TaskSnapshot } from '../../task/task-snapshot.ts';
import type { Caller } from '../access/authenticator.ts';
import type { Admission } from '../limits/admission.ts';
import type { DocumentStore } from './document-store.ts';
import { declaredVariables, type OperationParams } from './operation-params.ts';
import { createTaskFeed } from './task-feed.ts';

/** An operation that may run. */
export interface Operation {
  readonly kind: 'query' | 'subscription';
  readonly document: DocumentNode;
  readonly documentId: number;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
}

export interface OperationExecutorOptions {
  readonly schema: GraphQLSchema;
  readonly documents: DocumentStore;
  readonly registry: TaskRegistry;
  readonly timeouts: SubscriptionTimeouts;
  /** `MAX_IDS` */
  readonly maxIds: number;
  readonly admission: Admission;
  /** What a caller may see of an error; logs what is masked. */
  readonly maskError: (error: unknown) => GraphQLFormattedError;
}

/** Runs operations for the transports that stream: WebSocket and SSE. */
export class OperationExecutor {
  readonly #options: OperationExecutorOptions;
  readonly #live: LiveResultRegistry;

  constructor(options: OperationExecutorOptions) {
    this.#options = options;
    this.#live = new LiveResultRegistry(options.maskError);
  }

  /** How many subscriptions are being executed, each for any number of clients. */
  get liveCount(): number {
    return this.#live.size;
  }

  /** Checks an operation before anything runs: answers it, or the errors that forbid it. */
  prepare(params: OperationParams, caller: Caller): Operation | readonly GraphQLError[] {
    const { documents } = this.#options;
    const { operationName } = params;
    const text = documents.resolveText(params);
    if (text instanceof GraphQLError) return [text];
    const { id, document, errors } = documents.prepare(text);
    if (!document || errors.length > 0) return errors;
    const node = getOperationAST(document, operationName);
    if (!node) return [OPERATION_NOT_FOUND];
    const variables = declaredVariables(node, params.variables);
    const excess = documents.checkVariables(document, operationName, variables);
    if (excess) return [excess];
    const kind = node.operation === 'subscription' ? 'subscription' : 'query';
    return { kind, document, documentId: id, operationName, variables, caller };
  }

  /** Runs a query once. Never rejects. Nobody waits for it any more once `signal` aborts. */
  async execute(operation: Operation, signal: AbortSignal): Promise<EncodedResult> {
    const { maskError } = this.#options;
    try {
      return EncodedResult.of(await execute(this.#args(operation, this.#feed(operation.caller, signal))), maskError);
    } catch (error) {
      return new EncodedResult(JSON.stringify({ errors: [maskError(error)] }));
    }
  }

  /** Delivers a subscription to `member`, sharing the execution with everyone who asks the same. Undo with the returned function. */
  subscribe(operation: Operation, member: Subscriber): () => void {
    return this.#live.subscribe(sharingKey(operation), () => this.#start(operation), member);
  }

  async #start(operation: Operation): Promise<StartResult> {
    const { credential } = operation.caller;
    const feed = this.#feed(operation.caller);
    let expectedKeys = 1;
    const watchAll: TaskFeed['watchAll'] = (ids) => {
      expectedKeys = ids.length;
      return feed.watchAll(ids);
    };
    const args = validateSubscriptionArgs(this.#args(operation, { ...feed, watchAll }));
    if (!('schema' in args)) return { errors: args };
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) return source;
    return {
      events: source[Symbol.asyncIterator](),
      expectedKeys,
      isTransientError: (event) => isTransient(event as TaskEvent),
      keyOf: (event) => taskIdOf(event as TaskEvent),
      refresh: (event) => withCurrentSnapshot(event as TaskEvent, this.#options.registry, credential),
      render: (event) => executeSubscriptionEvent({ ...args, rootValue: event }),
    };
  }

  #feed(caller: Caller, signal?: AbortSignal): TaskFeed {
    const { registry, timeouts, admission } = this.#options;
    return createTaskFeed(caller, registry, timeouts, { signal, admission });
  }

  #args({ document, operationName, variables }: Operation, feed: TaskFeed): Parameters<typeof execute>[0] {
    const { schema, maxIds, documents } = this.#options;
    const contextValue = createContext({ feed, maxIds });
    const { hideSuggestions } = documents;
    return { schema, document, operationName, variableValues: variables, contextValue, hideSuggestions };
  }
}

/** Which of its operations a document is to run is not said, or none of them. Code and words are Yoga's. */
const OPERATION_NOT_FOUND = new GraphQLError('Could not determine what operation to execute.', {
  extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
});

/** What the subscriptions of the schema yield. */
type TaskEvent = TaskSnapshot | TaskErrorEvent;

function taskIdOf(event: TaskEvent): string {
  return 'task' in event ? event.task.id : event.id;
}

/** A fault that may be over for who asks again. What a caller may not see is part of what they ask: it stays so. */
function isTransient(event: TaskEvent): boolean {
  return 'error' in event && !(event.error instanceof Forbidden);
}

function withCurrentSnapshot(event: TaskEvent, registry: TaskRegistry, credential: Credential): TaskEvent {
  return 'task' in event ? (registry.watch(event.task.id, credential).state.snapshot ?? event) : event;
}

/** Exact: two operations with the same identity have the same results for as long as they run. */
function sharingKey({ documentId, operationName, variables, caller }: Operation): string {
  return JSON.stringify([caller.credential.key, caller.scope, documentId, operationName, canonicalize(variables)]);
}

/** The same value with the keys of all its objects in order, so that clients may write them in any. */
function canonicalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonicalize);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonicalize(inner)]));
}
