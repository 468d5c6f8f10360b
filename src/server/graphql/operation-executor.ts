import {
  createSourceEventStream,
  execute,
  executeSubscriptionEvent,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  validateSubscriptionArgs,
} from 'graphql';
import { GatewayError } from '../../errors.ts';
import type { StartResult } from '../../live/live-result.ts';
import { LiveResultRegistry } from '../../live/live-result-registry.ts';
import type { EarlyEnd, Subscriber } from '../../live/subscriber.ts';
import type { LogSubject } from '../../observability/log-ids.ts';
import type { OperationTrace } from '../../observability/tracing/operation-trace.ts';
import type { ServedOperations } from '../../observability/tracing/served-operations.ts';
import { createContext, type TaskFeed } from '../../schema/context.ts';
import { toGraphQLError } from '../../schema/graphql-errors.ts';
import type { SubscriptionTimeouts } from '../../task/task-observer.ts';
import type { TaskRegistry } from '../../task/task-registry.ts';
import type { Caller } from '../access/authenticator.ts';
import type { Client } from '../access/client.ts';
import type { Admission } from '../limits/admission.ts';
import type { EventLoopQueue } from '../limits/event-loop-queue.ts';
import type { Refusals } from '../limits/refusals.ts';
import type { DocumentStore, StoredDocument } from './document-store.ts';
import type { ErrorMasker } from './error-masking.ts';
import { namedIds } from './limits/id-count.ts';
import { checkVariables, type OperationLimits } from './limits/operation-limits.ts';
import type { Operation } from './operation.ts';
import type { OperationCounts } from './operation-counts.ts';
import { declaredVariables, type OperationParams } from './operation-params.ts';
import { PreparationQueue } from './preparation-queue.ts';
import type { NamedOperation, PreparedOperation } from './prepared-operation.ts';
import { servedReads, servedWatches } from './served-feed.ts';
import { sharingKey } from './sharing-key.ts';
import { isTransient, releasing, type TaskEvent, taskIdOf, withCurrentSnapshot } from './task-events.ts';
import { createTaskFeed, type ReadOptions } from './task-feed.ts';

/** An operation that may run, or the errors that reject it. */
export type Preparation =
  | { readonly kind: 'ready'; readonly operation: Operation }
  | {
      readonly kind: 'rejected';
      readonly errors: readonly GraphQLError[];
      /** Whether an operation of an invalid document is a mutation. */
      readonly hasMutation?: boolean;
    };

export interface OperationExecutorOptions {
  readonly schema: GraphQLSchema;
  readonly documents: DocumentStore;
  readonly limits: OperationLimits;
  readonly registry: TaskRegistry;
  readonly timeouts: SubscriptionTimeouts;
  /** The budget of an event loop turn that preparation shares with the messages of WebSockets. */
  readonly queue: EventLoopQueue;
  /** Bounds the reads that wait for A2E. */
  readonly admission: Admission;
  readonly refusals: Refusals;
  /** The error that a caller may see; logs the original of a masked one. */
  readonly maskError: ErrorMasker;
  readonly counts: OperationCounts;
  readonly served: ServedOperations;
}

export interface ExecuteOptions extends ReadOptions {
  /** Log lines about the query name this request or connection. */
  readonly subject: LogSubject;
}

/** The one path from a request's parameters to its result, for every transport: prepare, then execute or subscribe. */
export class OperationExecutor {
  readonly #options: OperationExecutorOptions;
  readonly #live: LiveResultRegistry;
  readonly #preparations: PreparationQueue;
  /** The documents that are being prepared: requests of an account with the same text wait for one preparation. */
  readonly #pending = new Map<string, Promise<StoredDocument>>();

  constructor(options: OperationExecutorOptions) {
    this.#options = options;
    this.#live = new LiveResultRegistry((error) => options.maskError(error, null));
    this.#preparations = new PreparationQueue(options.queue);
  }

  /** How many subscriptions are being executed, each for any number of clients. */
  get liveCount(): number {
    return this.#live.size;
  }

  /** Chooses, parses, validates and limits an operation. Rejects only on an unexpected error. */
  async prepare(params: OperationParams, client: Client): Promise<Preparation> {
    try {
      const { documents } = this.#options;
      const stored = documents.find(params) ?? (await this.#prepareDocument(params, client.account));
      return stored.kind === 'invalid'
        ? { ...stored, kind: 'rejected' }
        : this.#select(stored.operations, params, client);
    } catch (error) {
      if (error instanceof GatewayError) return rejected([toGraphQLError(error)]);
      throw error;
    }
  }

  /** The client receives the errors of an operation that never runs: its parameters are malformed, or it is rejected. */
  onRejected(errors: readonly GraphQLError[], { trace }: Client): void {
    const { counts, refusals } = this.#options;
    counts.rejected += 1;
    // Admission counts its own refusals, which come before an operation is prepared.
    if (errors.some(({ extensions }) => extensions['code'] === 'OVERLOADED')) refusals.add('overloaded');
    trace?.operation(null, null).end('failed', errors);
  }

  /**
   * Executes a query once; errors are masked. Never rejects. The reads stop once `signal` aborts: the client has gone.
   */
  async execute(operation: Operation, { subject, ...options }: ExecuteOptions): Promise<FormattedExecutionResult> {
    const trace = this.#trace(operation);
    const feed = this.#feed(operation.client.caller, options);
    if (!trace) return this.#execute(operation, feed, subject);
    const traced = servedReads(feed, operation.client, this.#options.served, trace);
    const result = await this.#execute(operation, traced, subject);
    trace.end(result.errors ? 'failed' : 'completed', result.errors);
    return result;
  }

  async #execute(operation: Operation, feed: TaskFeed, subject: LogSubject): Promise<FormattedExecutionResult> {
    const { maskError } = this.#options;
    const { client, prepared } = operation;
    try {
      const release = this.#acquire(prepared, client);
      try {
        const { errors, ...result } = await execute(this.#args(operation, feed));
        this.#options.counts.queries.add(errors ? 'error' : 'ok');
        return errors ? { ...result, errors: errors.map((error) => maskError(error, subject)) } : result;
      } finally {
        release();
      }
    } catch (error) {
      this.#options.counts.queries.add('error');
      return { errors: [maskError(error, subject)] };
    }
  }

  /**
   * Delivers a subscription to `subscriber`. Subscribers with the same operation, variables and access share one
   * execution. Returns an unsubscribe function.
   */
  subscribe(operation: Operation, subscriber: Subscriber): (outcome?: EarlyEnd) => void {
    subscriber.trace = this.#trace(operation);
    return this.#live.subscribe(
      sharingKey(operation),
      (subscribers) => this.#start(operation, subscribers),
      subscriber,
    );
  }

  #prepareDocument(params: OperationParams, account: string): Promise<StoredDocument> {
    const { documents } = this.#options;
    // Per account, so that no caller waits for the turn of another one that sent the same text.
    const key = JSON.stringify([account, params.query, params.hash]);
    const pending = this.#pending.get(key);
    if (pending) return pending;
    const preparation = this.#preparations
      .run(account, key.length, () => documents.prepare(params))
      .finally(() => this.#pending.delete(key));
    this.#pending.set(key, preparation);
    return preparation;
  }

  #select(
    operations: readonly NamedOperation<PreparedOperation>[],
    { operationName, variables: given }: OperationParams,
    client: Client,
  ): Preparation {
    const { schema, documents, limits } = this.#options;
    const { hideSuggestions, budget } = documents;
    const named = operationName === null ? operations : operations.filter(({ name }) => name === operationName);
    const [selected] = named;
    if (!selected || named.length > 1) return rejected([OPERATION_NOT_FOUND]);
    const prepared = selected.operation;
    const { kind, document, definition } = prepared;
    const variables = declaredVariables(definition, given);
    const errors = checkVariables({ schema, document, definition, limits, hideSuggestions }, variables);
    if (errors.length > 0) return rejected(errors);
    const overloaded = budget.check(prepared, client.account);
    if (overloaded) return rejected([toGraphQLError(overloaded)]);
    return { kind: 'ready', operation: { kind, name: selected.name, prepared, variables, client } };
  }

  async #start(operation: Operation, subscribers: ReadonlySet<Subscriber>): Promise<StartResult> {
    const { counts } = this.#options;
    const { caller } = operation.client;
    const { feed, release } = this.#openFeed(operation, subscribers);
    try {
      let expectedKeys = 1;
      const watchAll: TaskFeed['watchAll'] = (ids) => {
        expectedKeys = ids.length;
        return feed.watchAll(ids);
      };
      const args = validateSubscriptionArgs(this.#args(operation, { ...feed, watchAll }));
      const source = 'schema' in args ? await createSourceEventStream(args) : { errors: args };
      if (!('schema' in args) || !(Symbol.asyncIterator in source)) {
        release();
        return source as StartResult;
      }
      return {
        events: releasing(source[Symbol.asyncIterator](), release),
        expectedKeys,
        isTransientError: (event) => isTransient(event as TaskEvent),
        keyOf: (event) => taskIdOf(event as TaskEvent),
        refresh: (event) => withCurrentSnapshot(event as TaskEvent, this.#options.registry, caller.credential),
        render: (event) => {
          counts.rendered += 1;
          return executeSubscriptionEvent({ ...args, rootValue: event });
        },
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The feed of a subscription, and a function that releases what it holds. */
  #openFeed(
    { client, prepared }: Operation,
    subscribers: ReadonlySet<Subscriber>,
  ): { readonly feed: TaskFeed; readonly release: () => void } {
    const { served } = this.#options;
    const release = this.#acquire(prepared, client);
    const feed = this.#feed(client.caller, { subscribers: () => subscribers.size });
    if (!client.trace) return { feed, release };
    const traced = servedWatches(feed, client, served, subscribers);
    return {
      feed: traced.feed,
      release: () => {
        traced.release();
        release();
      },
    };
  }

  /** Counts an execution in the memory of documents, which may be full since the operation was prepared. */
  #acquire(prepared: PreparedOperation, { account }: Client): () => void {
    try {
      return this.#options.documents.budget.acquire(prepared, account);
    } catch (error) {
      this.#options.refusals.add('overloaded');
      throw error;
    }
  }

  #trace({ kind, name, prepared, variables, client }: Operation): OperationTrace | null {
    const trace = client.trace?.operation(kind, name) ?? null;
    const { schema } = this.#options;
    return trace?.setTasks(() => namedIds(schema, prepared, variables)) ?? null;
  }

  #feed(caller: Caller, options?: ReadOptions): TaskFeed {
    const { registry, timeouts, admission } = this.#options;
    return createTaskFeed(caller, registry, timeouts, { ...options, admission });
  }

  #args({ prepared, variables }: Operation, feed: TaskFeed): Parameters<typeof execute>[0] {
    const { schema, limits, documents } = this.#options;
    const contextValue = createContext({ feed, maxIds: limits.ids });
    const { hideSuggestions } = documents;
    return { schema, document: prepared.document, variableValues: variables, contextValue, hideSuggestions };
  }
}

function rejected(errors: readonly GraphQLError[]): Preparation {
  return { kind: 'rejected', errors };
}

/** The request names no operation of several, or one that the document does not have. Code and words are Yoga's. */
const OPERATION_NOT_FOUND = new GraphQLError('Could not determine what operation to execute.', {
  extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
});
