/** Redis did not answer in time. */
export class RedisTimeout extends Error {
  override readonly name = 'RedisTimeout';
}

/** The promise, or a {@link RedisTimeout} after `ms`. */
export function withTimeout<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    // The answer may have arrived while this process was busy: timers run before sockets are read, so they get their turn.
    const expire = () => setImmediate(() => reject(new RedisTimeout(`no answer within ${ms} ms`)));
    const timer = setTimeout(expire, ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
