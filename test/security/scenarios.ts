import {
  decoy,
  failingIds,
  floods,
  inventedToken,
  manyDocuments,
  pipelined,
  repeatedFields,
  single,
} from './attacks.ts';

/** One attack, on a gateway and a set of healthy clients of its own. */
export interface Scenario {
  /** The attack, as SECURITY.md's issue table has it. */
  readonly does: string;
  readonly authMode: 'open' | 'passthrough' | 'jwt';
  /** How many clients attack. */
  readonly clients: number;
  /** Attacks the gateway for ever, as one client. @param index tells the clients apart. */
  readonly attack: (port: number, index: number) => Promise<never>;
}

/** Every attack that `npm run attack` makes, by its name on the command line. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  forbidden: {
    does: 'asks for one id that A2E answers with 403, again and again',
    authMode: 'open',
    clients: 1,
    attack: single,
  },
  failing: {
    does: 'subscribes to 100 ids that A2E answers with 500, every second to new ones',
    authMode: 'open',
    clients: 1,
    attack: failingIds('failing'),
  },
  silent: {
    does: 'subscribes to 100 ids that A2E never answers, every second to new ones',
    authMode: 'open',
    clients: 1,
    attack: failingIds('silent'),
  },
  pipelined: {
    does: 'pipelines 1,500 POSTs of 100 ids each with invented tokens, on one connection, again and again',
    authMode: 'passthrough',
    clients: 1,
    attack: pipelined,
  },
  'pipelined-open': { does: 'the same in open mode', authMode: 'open', clients: 1, attack: pipelined },
  'pipelined-many': { does: 'the same on ten connections', authMode: 'passthrough', clients: 10, attack: pipelined },
  documents: {
    does: 'keeps 1,573 subscriptions alive with one ticket, each with a document of its own',
    authMode: 'jwt',
    clients: 1,
    attack: manyDocuments,
  },
  decoy: {
    does: 'names 1,400 ids in one operation beside a decoy that @skip leaves out',
    authMode: 'open',
    clients: 1,
    attack: decoy,
  },
  'invented-token': {
    does: 'asks for 100 ids with one invented token, again and again',
    authMode: 'passthrough',
    clients: 1,
    attack: inventedToken,
  },
  'repeated-fields': {
    does: 'sends on 40 sockets one frame of `stages{status}` 235 times, every second',
    authMode: 'open',
    clients: 40,
    attack: repeatedFields,
  },
  floods: {
    does: 'opens 200 sockets that flood subscriptions, pings, the longest messages or pongs, and answer no ping',
    authMode: 'open',
    clients: 200,
    attack: floods,
  },
};
