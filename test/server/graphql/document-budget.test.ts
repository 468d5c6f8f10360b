import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { Overloaded } from '../../../src/errors.ts';
import { DocumentBudget } from '../../../src/server/graphql/document-budget.ts';
import {
  normalizeOperations,
  type PreparedOperation,
  parseOperation,
} from '../../../src/server/graphql/prepared-operation.ts';

function prepare(text: string, bytes = 10): PreparedOperation {
  const [named] = normalizeOperations(parse(text));
  if (!named) throw new Error('No operation');
  return { ...parseOperation(named.operation), bytes };
}

const [A, B, C] = ['{ a }', '{ b }', '{ c }'].map((text) => prepare(text)) as [
  PreparedOperation,
  PreparedOperation,
  PreparedOperation,
];

describe('DocumentBudget', () => {
  it('counts an operation once in all and once for each account, however many executions share it', () => {
    const budget = new DocumentBudget({ maxBytes: 30, maxBytesPerAccount: 20 });
    const releases = ['one', 'one', 'two'].map((account) => budget.acquire(A, account));
    expect(budget.bytes).toBe(10);
    expect(budget.get(A.id)).toBe(A);
    budget.acquire(B, 'one');
    expect(budget.check(C, 'one')).toBeInstanceOf(Overloaded);
    expect(budget.check(C, 'two')).toBeNull();
    for (const release of releases) release();
    expect(budget.bytes).toBe(10);
    expect(budget.get(A.id)).toBeUndefined();
    expect(budget.check(C, 'one')).toBeNull();
  });

  it('rejects an operation past the bound of an account, and past the bound of all, with a time to wait', () => {
    const budget = new DocumentBudget({ maxBytes: 20, maxBytesPerAccount: 10 });
    budget.acquire(A, 'one');
    expect(() => budget.acquire(B, 'one')).toThrow(Overloaded);
    budget.acquire(B, 'two');
    expect(() => budget.acquire(C, 'three')).toThrow(Overloaded);
    expect(budget.check(C, 'three')?.extensions).toEqual({ code: 'OVERLOADED', retryAfterSeconds: 5 });
    expect(budget.check(A, 'three')).toBeNull();
  });

  it('releases once, however often it is asked to', () => {
    const budget = new DocumentBudget();
    const release = budget.acquire(A, 'one');
    const other = budget.acquire(A, 'one');
    release();
    release();
    expect(budget.bytes).toBe(10);
    other();
    expect(budget.bytes).toBe(0);
  });
});

describe('a prepared operation', () => {
  it('has no locations, and the fragments that it uses only', () => {
    const text = 'query A { ...F } query B { b } fragment F on Query { ...G } fragment G on Query { a }';
    const [a, b] = normalizeOperations(parse(text));
    expect([a?.name, b?.name]).toEqual(['A', 'B']);
    expect(a?.operation.text).toBe('{\n  ...F\n}\n\nfragment F on Query {\n  ...G\n}\n\nfragment G on Query {\n  a\n}');
    expect(b?.operation).toEqual(normalizeOperations(parse('# b\nquery Other {  b }'))[0]?.operation);
    expect(JSON.stringify(prepare(text).document)).not.toContain('"loc"');
  });
});
