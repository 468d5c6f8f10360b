import type { ConcreteRequest, ReaderLinkedField } from 'relay-runtime';
import { WATCH } from './subscription.ts';

const ARGUMENTS = [{ defaultValue: null, kind: 'LocalArgument', name: 'id' }] as const;

const SELECTIONS: readonly ReaderLinkedField[] = [
  {
    alias: null,
    args: [{ kind: 'Variable', name: 'id', variableName: 'id' }],
    concreteType: 'VideoTask',
    kind: 'LinkedField',
    name: 'taskStatus',
    plural: false,
    selections: ['id', 'status', 'progress', 'resultUrl'].map((name) => ({
      alias: null,
      args: null,
      kind: 'ScalarField',
      name,
      storageKey: null,
    })),
    storageKey: null,
  },
];

/** `WATCH` as relay-compiler 21 writes it for `schema.graphql`. The compiler itself takes 118 MB for five platforms. */
export const RELAY_REQUEST = {
  fragment: {
    argumentDefinitions: ARGUMENTS,
    kind: 'Fragment',
    metadata: null,
    name: 'Watch',
    selections: SELECTIONS,
    type: 'Subscription',
    abstractKey: null,
  },
  kind: 'Request',
  operation: { argumentDefinitions: ARGUMENTS, kind: 'Operation', name: 'Watch', selections: SELECTIONS },
  params: { cacheID: 'watch', id: null, metadata: {}, name: 'Watch', operationKind: 'subscription', text: WATCH },
} as unknown as ConcreteRequest;
