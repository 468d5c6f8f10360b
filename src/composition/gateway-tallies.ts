import { RedisCounts } from '../cluster/redis/redis-counts.ts';
import { ClientCounts } from '../live/client-counts.ts';
import { OperationCounts } from '../server/graphql/operation-counts.ts';
import { createRefusals } from '../server/limits/refusals.ts';
import { PollCounts } from '../task/poll-counts.ts';

/** Everything that the parts of one gateway count, for the metrics to read. */
export class GatewayTallies {
  readonly polls = new PollCounts();
  readonly redis = new RedisCounts();
  readonly operations = new OperationCounts();
  readonly refusals = createRefusals();
  readonly clients = { websocket: new ClientCounts(), sse: new ClientCounts(), multipart: new ClientCounts() };
}
