import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadUserInput } from '../../src/errors.ts';
import { parseTaskId, parseTaskIds } from '../../src/schema/task-id.ts';

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const taskId = fc
  .tuple(
    fc.constantFrom(...LETTERS_AND_DIGITS),
    fc.string({ unit: fc.constantFrom(...LETTERS_AND_DIGITS, '_', '-'), maxLength: 127 }),
  )
  .map(([first, rest]) => first + rest);

/** The rule of the contract, said another way than the code does. */
function isTaskId(id: string): boolean {
  const allowed = [...id].every((c) => LETTERS_AND_DIGITS.includes(c) || c === '_' || c === '-');
  return allowed && id.length >= 1 && id.length <= 128 && id[0] !== '_' && id[0] !== '-';
}

describe('parseTaskId', () => {
  it('accepts every well-formed id as it is', () => {
    fc.assert(
      fc.property(taskId, (id) => {
        expect(parseTaskId(id)).toBe(id);
      }),
    );
    expect(parseTaskId('652630d6bae4de626f8b49ec')).toBe('652630d6bae4de626f8b49ec');
    expect(parseTaskId('constructor')).toBe('constructor');
  });

  it('refuses every other text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('a', '_', '-') }),
    );
    fc.assert(
      fc.property(text, (id) => {
        if (isTaskId(id)) {
          expect(parseTaskId(id)).toBe(id);
        } else {
          expect(() => parseTaskId(id)).toThrow(BadUserInput);
        }
      }),
    );
  });

  it('refuses one strange character wherever it stands in a good id', () => {
    const strange = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((c) => !/[A-Za-z0-9_-]/.test(c));
    fc.assert(
      fc.property(taskId, strange, fc.nat(), (id, character, seed) => {
        const at = seed % (id.length + 1);
        expect(() => parseTaskId(id.slice(0, at) + character + id.slice(at))).toThrow(BadUserInput);
      }),
    );
  });

  it.each(['', '__proto__', '../x', '-a', '_a', 'a\n', 'a b', 'ä', 'a/b', 'a\u0000', 'a'.repeat(129)])(
    'refuses %j',
    (id) => {
      expect(() => parseTaskId(id)).toThrow(BadUserInput);
    },
  );

  it('never echoes a long id in full', () => {
    const huge = 'x'.repeat(1024 * 1024);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 129, maxLength: 2000 }), (id) => {
        expect(messageFor(id).length).toBeLessThan(400);
      }),
    );
    expect(messageFor(huge).length).toBeLessThan(200);
    expect(messageFor('../x')).toContain('"../x"');
  });
});

describe('parseTaskIds', () => {
  it('keeps order and duplicates', () => {
    expect(parseTaskIds(['b', 'a', 'b'], 3)).toEqual(['b', 'a', 'b']);
    expect(parseTaskIds([], 3)).toEqual([]);
  });

  it('refuses more than it may take, however many are the same', () => {
    expect(() => parseTaskIds(['a', 'a', 'a'], 2)).toThrow(BadUserInput);
  });

  it('refuses all for one malformed id', () => {
    expect(() => parseTaskIds(['a', '__proto__', 'b'], 3)).toThrow(BadUserInput);
  });
});

function messageFor(id: string): string {
  try {
    return `accepted ${parseTaskId(id)}`;
  } catch (error) {
    return String(error);
  }
}
