import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientCounts } from '../../src/live/client-counts.ts';
import { EncodedResult } from '../../src/live/encoded-result.ts';
import { StreamWriter, type WritableSide } from '../../src/live/stream-writer.ts';
import { type Completion, Subscriber } from '../../src/live/subscriber.ts';

/** A stream whose buffer a test fills and drains. */
class Buffered extends EventEmitter implements WritableSide {
  writableNeedDrain = false;
  writableLength = 0;
  write(): void {}
  cork(): void {}
  uncork(): void {}

  fill(bytes: number): void {
    this.writableNeedDrain = true;
    this.writableLength = bytes;
  }

  drain(): void {
    this.writableNeedDrain = false;
    this.writableLength = 0;
    this.emit('drain');
  }
}

function scene() {
  const stream = new Buffered();
  const stalled = vi.fn();
  const writer = new StreamWriter(stream, { stallMs: 20_000, onStall: stalled });
  const written: string[] = [];
  const completions: Completion[] = [];
  const counts = new ClientCounts();
  const member = () =>
    new Subscriber(
      { next: ({ json }) => void written.push(json), end: (completion) => void completions.push(completion) },
      writer,
      counts,
    );
  return { stream, stalled, writer, written, completions, counts, member };
}

const frame = (json: string) => new EncodedResult(json);

describe('a reader that keeps up', () => {
  it('gets every frame but one equal to the last', () => {
    const { written, completions, member } = scene();
    const delivery = member();
    for (const json of ['a', 'a', 'b', 'a']) delivery.next(frame(json));
    delivery.end(null);
    delivery.next(frame('late'));
    delivery.end(null);
    expect(written).toEqual(['a', 'b', 'a']);
    expect(completions).toEqual([null]);
  });
});

describe('a reader that is slow', () => {
  it('gets the newest frame of every slot, and the end after them', () => {
    const { stream, written, completions, member } = scene();
    const delivery = member();
    stream.fill(100);
    delivery.next(frame('one: 1'), 'one');
    delivery.next(frame('two: 1'), 'two');
    delivery.next(frame('one: 2'), 'one');
    delivery.end(null);
    expect([written, completions]).toEqual([[], []]);
    stream.drain();
    expect(written).toEqual(['one: 2', 'two: 1']);
    expect(completions).toEqual([null]);
  });

  it('goes on waiting when the buffer fills up again', () => {
    const { stream, written, member } = scene();
    const delivery = member();
    stream.fill(100);
    delivery.next(frame('one'), 'one');
    delivery.next(frame('two'), 'two');
    stream.writableNeedDrain = true;
    stream.emit('drain');
    expect(written).toEqual([]);
    stream.drain();
    expect(written).toEqual(['one', 'two']);
  });

  it('receives no result after it has unsubscribed, and leaves no listener', () => {
    const { stream, written, completions, member } = scene();
    const delivery = member();
    stream.fill(100);
    delivery.next(frame('one'));
    delivery.close();
    expect(stream.listenerCount('drain')).toBe(0);
    stream.drain();
    delivery.end(null);
    expect([written, completions]).toEqual([[], []]);
  });

  it('receives nothing, and no end, when another one on the connection closes it as the buffer drains', () => {
    const { stream, writer, written, completions, counts, member } = scene();
    const other = member();
    const first = new Subscriber({ next: () => other.close(), end: () => {} }, writer, counts);
    stream.fill(100);
    first.next(frame('first'));
    other.next(frame('other'));
    other.end(null);
    stream.drain();
    expect([written, completions]).toEqual([[], []]);
    expect(counts).toMatchObject({ subscriptions: 1, unsubscribed: 1, completed: 0 });
  });

  it('receives nothing when its connection closes as the buffer drains', () => {
    const { stream, written, writer, member } = scene();
    stream.once('drain', () => writer.close());
    stream.fill(100);
    member().next(frame('one'));
    stream.drain();
    expect(written).toEqual([]);
  });

  it('counts once, as failed where the transport ends it with an error', () => {
    const { counts, member } = scene();
    const [expired, left] = [member(), member()];
    expired.close('failed');
    expired.close();
    left.close();
    expect(counts).toMatchObject({ subscriptions: 0, failed: 1, unsubscribed: 1 });
  });

  it('shares one listener with all that waits on the same connection', () => {
    const { stream, member } = scene();
    stream.fill(100);
    for (let index = 0; index < 50; index += 1) member().next(frame(`${index}`));
    expect(stream.listenerCount('drain')).toBe(1);
  });
});

describe('a stalled reader', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is given up after the time it has', () => {
    const { stream, stalled, member } = scene();
    stream.fill(100);
    member().next(frame('one'));
    vi.advanceTimersByTime(19_999);
    expect(stalled).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(stalled).toHaveBeenCalledOnce();
  });

  it('is not given up while it takes a little', () => {
    const { stream, stalled, writer, member } = scene();
    stream.fill(100);
    member().next(frame('one'));
    for (const left of [90, 80, 70]) {
      stream.writableLength = left;
      vi.advanceTimersByTime(20_000);
    }
    expect(stalled).not.toHaveBeenCalled();
    writer.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
