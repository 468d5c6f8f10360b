import { describe, expect, test } from 'vitest';
import { TokenRefused, UpstreamRateLimited } from '../../src/errors.ts';
import { type Circuit, type Observation, observe } from '../../src/scheduling/circuit.ts';
import { circuitEvents } from '../../src/scheduling/circuit-events.ts';
import { ACCEPTED, DOWN, failure, POLICY } from './circuit-observations.ts';

describe('the events of a circuit', () => {
  function eventsOf(observations: readonly (readonly [Observation, number])[], policy = POLICY) {
    let circuit: Circuit = ACCEPTED;
    return observations.flatMap(([observation, now]) => {
      const before = circuit.state;
      circuit = observe(circuit, observation, now, policy);
      return circuitEvents(before, circuit.state, now);
    });
  }
  const down = Array.from({ length: 10 }, (_, n) => [failure(DOWN, { taskId: `task-${n}` }), 0] as const);

  test('tell that an open circuit has closed, though a pause came between', () => {
    const peerPause = { kind: 'peer-paused', forMs: 5_000 } as const;
    const ends = [[{ kind: 'answered' }, 2_000] as const, [{ kind: 'hold-ended' }, 6_500] as const];
    expect(eventsOf([...down, [peerPause, 1_000], ...ends])).toEqual([
      { kind: 'breaker-opened' },
      { kind: 'paused', forMs: 5_000 },
      { kind: 'breaker-closed' },
    ]);
  });

  test('tell the peers of a pause that meets a refused token', () => {
    const limited = failure(new UpstreamRateLimited('limited', { retryAfterMs: 60_000 }));
    expect(
      eventsOf([
        [failure(new TokenRefused('refused')), 0],
        [limited, 0],
      ]),
    ).toEqual([
      { kind: 'token-refused', isConclusive: true },
      { kind: 'paused', forMs: 60_000 },
    ]);
  });

  test('of a pause alone name no circuit', () => {
    const limited = failure(new UpstreamRateLimited('limited', { retryAfterMs: 5_000 }));
    expect(
      eventsOf([
        [limited, 0],
        [{ kind: 'hold-ended' }, 5_000],
      ]),
    ).toEqual([{ kind: 'paused', forMs: 5_000 }]);
  });
});
