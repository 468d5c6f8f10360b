import { registerHooks } from 'node:module';

/** The constant that each format has. */
const FORMATS = {
  states: { file: '/watch-state-codec.ts', constant: /(WATCH_STATE_FORMAT = )(\d+)/ },
  keys: { file: '/redis-keys.ts', constant: /(const FORMAT = 'v)(\d+)/ },
};
const { file, constant } = FORMATS[new URL(import.meta.url).searchParams.get('of')];

// Preloaded into a gateway's process: it is a gateway of a version with the next format of the states or of the keys.
registerHooks({
  load(url, context, nextLoad) {
    const module = nextLoad(url, context);
    if (!url.endsWith(file)) return module;
    const source = String(module.source);
    if (!constant.test(source)) throw new Error(`${url} has no constant that ${constant} finds`);
    return { ...module, source: source.replace(constant, (_, name, n) => `${name}${Number(n) + 1}`) };
  },
});
