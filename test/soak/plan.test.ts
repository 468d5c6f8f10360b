import { expect, test } from 'vitest';
import { FAULT_NAMES } from './fault-rules.ts';
import { type PlannedFault, planSoak } from './plan.ts';

const HOUR = { seed: 7, minutes: 60 };

function faultsOf(plan: ReturnType<typeof planSoak>): PlannedFault[] {
  return plan.rounds.flatMap(({ events }) => events.filter((event) => event.kind === 'fault'));
}

test('a seed is one plan, another seed is another one', () => {
  expect(planSoak(HOUR)).toEqual(planSoak(HOUR));
  expect(planSoak({ ...HOUR, seed: 8 })).not.toEqual(planSoak(HOUR));
});

test('an hour has each of the thirteen faults nine times, and none comes again before all have come', () => {
  const faults = faultsOf(planSoak(HOUR)).map(({ fault }) => fault);
  expect(faults).toHaveLength(120);
  expect(FAULT_NAMES).toHaveLength(13);
  for (let deal = 0; deal < 9; deal += 1) {
    const at = deal * FAULT_NAMES.length;
    expect(new Set(faults.slice(at, at + FAULT_NAMES.length))).toEqual(new Set(FAULT_NAMES));
  }
  const rest = faults.slice(9 * FAULT_NAMES.length);
  expect(new Set(rest).size).toBe(rest.length);
});

test('each round has clients of every transport and behaviour in the hour, and only clients and queries of its own tasks', () => {
  const { rounds } = planSoak(HOUR);
  for (const { events } of rounds) {
    const tasks = events.filter((event) => event.kind === 'task').map(({ id }) => id);
    const watched = events.filter((event) => event.kind === 'client').map(({ task }) => task);
    const asked = events.filter((event) => event.kind === 'query').flatMap((event) => event.tasks);
    expect(tasks).toEqual(expect.arrayContaining([...watched, ...asked]));
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted((a, b) => a - b));
  }
  const clients = rounds.flatMap(({ events }) => events.filter((event) => event.kind === 'client'));
  expect(new Set(clients.map(({ transport }) => transport)).size).toBe(3);
  expect(new Set(clients.map(({ behaviour }) => behaviour)).size).toBe(4);
});

test('two minutes have a client that reads nothing and a flood, and five have each of them', () => {
  const floods = planSoak(HOUR).rounds.flatMap(({ events }) => events.filter((event) => event.kind === 'flood'));
  expect(floods.slice(0, 2).map(({ flood }) => flood)).toEqual(['unread updates', 'pings']);
  expect(new Set(floods.slice(0, 5).map(({ flood }) => flood)).size).toBe(5);
});

test('the clock of every gateway steps in an hour', () => {
  const steps = faultsOf(planSoak(HOUR)).filter(({ fault }) => fault === 'a clock steps');
  expect(new Set(steps.map(({ gateway }) => gateway))).toEqual(new Set([0, 1, 2]));
});

test("Redis's clock steps back and forward in an hour", () => {
  const steps = faultsOf(planSoak(HOUR)).filter(({ fault }) => fault === "Redis's clock steps");
  const seconds = steps.map(({ stepSeconds }) => stepSeconds);
  expect(Math.min(...seconds)).toBeLessThan(0);
  expect(Math.max(...seconds)).toBeGreaterThan(0);
});

test('a query asks for tasks that have begun, and the first gateway is never restarted', () => {
  for (const { events } of planSoak(HOUR).rounds) {
    const begunAt = new Map(events.filter((event) => event.kind === 'task').map(({ id, at }) => [id, at]));
    for (const event of events) {
      if (event.kind === 'query') for (const id of event.tasks) expect(begunAt.get(id)).toBeLessThan(event.at);
      if (event.kind === 'fault' && event.fault !== 'a clock steps') expect([1, 2]).toContain(event.gateway);
    }
  }
});
