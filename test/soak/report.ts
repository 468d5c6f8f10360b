import type { RestSample } from './rest-check.ts';
import type { Violation } from './violations.ts';

/** How long a process runs before its heap is compared, in ms: caches fill, and V8 compiles what runs often. */
export const WARM_UP_MS = 600_000;
/** How much the heap may grow after the warm-up, as a part of it. */
const MAX_GROWTH = 0.05;
/** An hour of rests has 6 or 7: a socket to A2E may be on its way out. */
const MAX_MORE_HANDLES = 2;
/** Above this part of the run a busy machine has excused too much for a verdict. */
const MAX_EXCUSED = 0.1;
const MEBIBYTE = 1024 * 1024;

/** The counts of a run. */
export interface SoakCounts {
  /** Calls to A2E. */
  calls: number;
  /** States that clients were shown. */
  updates: number;
  clients: number;
  queries: number;
  faults: number;
  tasks: number;
  /** The time in which a busy machine excused what is a violation otherwise, in ms. */
  excusedMs: number;
}

/** One gateway that lived at the end: as it was when it had warmed up (null: it did not live as long), and at the end. */
export interface GatewayVerdict {
  readonly gateway: string;
  readonly warm: RestSample | null;
  readonly end: RestSample;
}

/** The verdict of a run. */
export interface SoakReport {
  readonly outcome: Outcome;
  readonly seed: number;
  readonly seconds: number;
  readonly counts: SoakCounts;
  readonly gateways: readonly GatewayVerdict[];
  readonly violations: readonly Violation[];
}

/** The gateways that lived at the end, each with its first sample after the warm-up. */
export function verdictsOf(rests: readonly (readonly RestSample[])[]): GatewayVerdict[] {
  const samples = rests.flat();
  return (rests.at(-1) ?? []).map((end) => {
    const first = samples.find(({ gateway, ageMs }) => gateway === end.gateway && ageMs >= WARM_UP_MS) ?? null;
    return { gateway: end.gateway, warm: first === end ? null : first, end };
  });
}

/** What a run proves: `inconclusive`, when no invariant was seen broken on a machine that was too busy to tell. */
export type Outcome = 'kept' | 'broken' | 'inconclusive';

/** The outcome of a run. */
export function outcomeOf({ seconds, counts, violations }: Omit<SoakReport, 'outcome'>): Outcome {
  if (violations.length > 0) return 'broken';
  return counts.excusedMs > MAX_EXCUSED * seconds * 1_000 ? 'inconclusive' : 'kept';
}

/** What has grown too much since the warm-up, as text. */
export function growthOf({ gateway, warm, end }: GatewayVerdict): string[] {
  if (warm === null) return [];
  const growth = end.heapBytes / warm.heapBytes - 1;
  const heap = `the heap of ${gateway} grew from ${mebibytes(warm.heapBytes)} to ${mebibytes(end.heapBytes)} MiB`;
  const handles = `the handles of ${gateway} grew from ${warm.handles} to ${end.handles}`;
  return [...(growth > MAX_GROWTH ? [heap] : []), ...(end.handles > warm.handles + MAX_MORE_HANDLES ? [handles] : [])];
}

/** The verdict as a table. */
export function tableOf({ outcome, seed, seconds, counts, gateways, violations }: SoakReport): string {
  const rows: (readonly [string, string | number])[] = [
    ['seed', seed],
    ['duration', `${Math.round(seconds)} s`],
    ['calls to A2E', counts.calls],
    ['tasks', counts.tasks],
    ['clients', counts.clients],
    ['updates', counts.updates],
    ['queries', counts.queries],
    ['faults', counts.faults],
    ['excused: machine too busy', excusedRow(counts.excusedMs, seconds)],
    ...gateways.map(({ gateway, warm, end }) => [`heap of ${gateway}`, heapRow(warm, end)] as const),
    ...gateways.map(({ gateway, warm, end }) => [`handles of ${gateway}`, handlesRow(warm, end)] as const),
    ['violations', violations.length],
    ['verdict', outcome],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `| ${name.padEnd(width)} | ${value} |`).join('\n');
}

function excusedRow(excusedMs: number, seconds: number): string {
  return `${Math.round(excusedMs / 1_000)} s (${Math.round(excusedMs / (seconds * 10))} % of the run)`;
}

function heapRow(warm: RestSample | null, end: RestSample): string {
  if (warm === null) return `${mebibytes(end.heapBytes)} MiB`;
  const percent = ((end.heapBytes / warm.heapBytes - 1) * 100).toFixed(1);
  return `${mebibytes(warm.heapBytes)} MiB warm, ${mebibytes(end.heapBytes)} MiB at the end (${percent} %)`;
}

function handlesRow(warm: RestSample | null, end: RestSample): string {
  return warm === null ? String(end.handles) : `${warm.handles} warm, ${end.handles} at the end`;
}

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(1);
}
