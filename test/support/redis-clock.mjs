import { registerHooks } from 'node:module';

const TIME = "redis.call('TIME')";
const OFFSET = "time[1] = time[1] + tonumber(redis.call('GET', 'clock-offset') or '0')";

// Preloaded into a gateway's process, because libfaketime cannot be preloaded into redis-server: jemalloc reads the
// clock before the library is initialised. Every script adds an offset that is stored in Redis. TTLs do not step.
registerHooks({
  load(url, context, nextLoad) {
    const module = nextLoad(url, context);
    if (!url.endsWith('/redis-scripts.ts')) return module;
    return { ...module, source: String(module.source).replace(TIME, `${TIME}\n${OFFSET}`) };
  },
});
