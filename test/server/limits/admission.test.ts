import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Overloaded } from '../../../src/errors.ts';
import { Admission, DEFAULT_ADMISSION } from '../../../src/server/limits/admission.ts';
import { SharedBudget } from '../../../src/server/limits/shared-budget.ts';

const LIMITS = { reads: 8, requests: 8, requestsPerConnection: 2, bodyBytes: 1_000 };

/** How many reads start for a tenant before it is refused. */
function readsOf(admission: Admission, tenant: Parameters<Admission['startRead']>[0]): (() => void)[] {
  const done: (() => void)[] = [];
  while (admission.refusalOf(tenant) === null) done.push(admission.startRead(tenant));
  expect(() => admission.startRead(tenant)).toThrow(Overloaded);
  return done;
}

describe('reads that wait', () => {
  it('of one caller are a quarter of all, of one address half, of all the total', () => {
    const admission = new Admission(LIMITS);
    expect(readsOf(admission, { rateKey: 'flood', address: 'a' })).toHaveLength(2);
    expect(readsOf(admission, { rateKey: 'flood', address: 'b' })).toHaveLength(0);
    expect(readsOf(admission, { rateKey: null, address: 'a' })).toHaveLength(2);
    expect(readsOf(admission, { rateKey: 'invented', address: 'a' })).toHaveLength(0);
    expect(readsOf(admission, { rateKey: 'other', address: 'b' })).toHaveLength(2);
    expect(readsOf(admission, { rateKey: null, address: 'c' })).toHaveLength(2);
    expect(readsOf(admission, { rateKey: null, address: 'd' })).toHaveLength(0);
  });

  it('make room when they are done, once each', () => {
    const admission = new Admission(LIMITS);
    const [first] = readsOf(admission, { rateKey: 'flood', address: 'a' });
    first?.();
    first?.();
    expect(readsOf(admission, { rateKey: 'flood', address: 'a' })).toHaveLength(1);
  });

  it('keep further requests of their address out, before a body is read', () => {
    const admission = new Admission(LIMITS);
    readsOf(admission, { rateKey: null, address: 'a' });
    expect(admission.tryEnter({ connection: {}, address: 'a', bodyBytes: 1 })).toBeInstanceOf(Overloaded);
    expect(admission.tryEnter({ connection: {}, address: 'b', bodyBytes: 1 })).toBeTypeOf('function');
  });
});

describe('requests', () => {
  it('on one connection are bounded, of one address half of all', () => {
    const admission = new Admission(LIMITS);
    const enter = (connection: object, address: string) =>
      admission.tryEnter({ connection, address, bodyBytes: 1 }) instanceof Overloaded ? 'refused' : 'admitted';
    const one = {};
    expect([1, 2, 3].map(() => enter(one, 'a'))).toEqual(['admitted', 'admitted', 'refused']);
    expect([1, 2, 3].map(() => enter({}, 'a'))).toEqual(['admitted', 'admitted', 'refused']);
    expect([1, 2, 3, 4, 5].map(() => enter({}, 'b')).filter((outcome) => outcome === 'admitted')).toHaveLength(4);
    expect(enter({}, 'c')).toBe('refused');
  });

  it('have a bound on the bytes of their bodies, and a refused one takes no place', () => {
    const admission = new Admission(LIMITS);
    const connection = {};
    const enter = (bodyBytes: number) => admission.tryEnter({ connection, address: 'a', bodyBytes });
    expect(enter(501)).toBeInstanceOf(Overloaded);
    const leave = enter(500);
    expect(enter(1)).toBeInstanceOf(Overloaded);
    if (!(leave instanceof Overloaded)) leave();
    expect([enter(250), enter(250)].every((outcome) => !(outcome instanceof Overloaded))).toBe(true);
  });
});

it('a refusal is one object for any number of refusals, and says when to try again', () => {
  const admission = new Admission({ ...LIMITS, reads: 0 });
  const refusals = [1, 2].map(() => admission.refusalOf({ rateKey: null }));
  expect(refusals[0]).toBe(refusals[1]);
  expect(refusals[0]?.extensions).toEqual({ code: 'OVERLOADED', retryAfterSeconds: 1 });
});

test('the default bounds hold a flood in some 100 MB', () => {
  const { reads, requests, bodyBytes } = DEFAULT_ADMISSION;
  expect(reads * 3_072 + requests * 4_096 + bodyBytes).toBeLessThan(150e6);
});

test('a budget never exceeds a limit, and is empty when everything is given back', () => {
  const key = fc.constantFrom('a', 'b', null);
  const step = fc.record({ keys: fc.tuple(key, key), amount: fc.integer({ min: 0, max: 4 }), back: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const budget = new SharedBudget({ total: 9, perKey: [3, 5] });
      const held: (() => void)[] = [];
      for (const { keys, amount, back } of steps) {
        if (back) held.pop()?.();
        else held.push(budget.tryAcquire(keys, amount) ?? (() => {}));
        expect(budget.total).toBeLessThanOrEqual(9);
      }
      for (const release of held) release();
      expect(budget.total).toBe(0);
      expect(budget.fits(['a', 'a'], 3)).toBe(true);
    }),
  );
});
