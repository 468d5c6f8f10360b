import { type ExecutionResult, execute, parse, subscribe, validate } from 'graphql';
import { createContext, type TaskFeed } from '../../src/schema/context.ts';
import { schema } from '../../src/schema/schema.ts';

interface Operation {
  readonly feed: TaskFeed;
  readonly document: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly maxIds?: number;
}

function argumentsOf({ feed, document, variables = {}, maxIds = 100 }: Operation) {
  const parsed = parse(document);
  const errors = validate(schema, parsed);
  if (errors.length > 0) {
    throw new AggregateError(errors);
  }
  return { schema, document: parsed, variableValues: variables, contextValue: createContext({ feed, maxIds }) };
}

/** What a client gets: the result as its JSON. */
export async function query(operation: Operation): Promise<Json> {
  return asJson(await execute(argumentsOf(operation)));
}

/** Every event of a subscription as its JSON, to the end; a subscription that is refused is one event. */
export async function events(operation: Operation): Promise<Json[]> {
  const stream = await subscribe(argumentsOf(operation));
  if (!(Symbol.asyncIterator in stream)) {
    return [asJson(stream)];
  }
  const seen: Json[] = [];
  for await (const event of stream) {
    seen.push(asJson(event));
  }
  return seen;
}

interface Json {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
}

function asJson(result: ExecutionResult): Json {
  return JSON.parse(JSON.stringify(result));
}

/** The codes of a result's errors, in order. */
export function codesOf(result: Json | undefined): unknown[] {
  return (result?.errors ?? []).map(({ extensions }) => extensions?.['code']);
}
