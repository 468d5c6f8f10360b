import { registerHooks } from 'node:module';

const FORMAT = /(WATCH_STATE_FORMAT = )(\d+)/;

// Preloaded into a gateway's process: it is a gateway of a version whose states have the next format.
registerHooks({
  load(url, context, nextLoad) {
    const module = nextLoad(url, context);
    if (!url.endsWith('/watch-state-codec.ts')) return module;
    const source = String(module.source);
    if (!FORMAT.test(source)) throw new Error(`${url} has no constant that ${FORMAT} finds`);
    return { ...module, source: source.replace(FORMAT, (_, name, n) => `${name}${Number(n) + 1}`) };
  },
});
