import { registerHooks } from 'node:module';

// Preloaded into a gateway's process: it is a gateway of a version whose states have the next format.
registerHooks({
  load(url, context, nextLoad) {
    const module = nextLoad(url, context);
    if (!url.endsWith('/watch-state-codec.ts')) return module;
    const source = String(module.source).replace(
      /(WATCH_STATE_FORMAT = )(\d+)/,
      (_, name, n) => `${name}${Number(n) + 1}`,
    );
    return { ...module, source };
  },
});
