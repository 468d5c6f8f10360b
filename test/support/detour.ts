/**
 * An environment that redirects a process's connections from one local port to another. A fault proxy then affects this
 * process alone, under the address that every process uses.
 */
export function detour(from: number, to: number): { readonly NODE_OPTIONS: string } {
  const source = `import net from 'node:net';
const { connect } = net;
net.connect = (options, ...rest) => connect(options.port == ${from} ? { ...options, port: ${to} } : options, ...rest);`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(source)}` };
}
