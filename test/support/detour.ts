/**
 * The environment of a process whose connections to one port of this machine go to another port, so that a fault proxy
 * stands in the way of this process alone, under the address that every process uses.
 */
export function detour(from: number, to: number): { readonly NODE_OPTIONS: string } {
  const source = `import net from 'node:net';
const { connect } = net;
net.connect = (options, ...rest) => connect(options.port == ${from} ? { ...options, port: ${to} } : options, ...rest);`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(source)}` };
}
