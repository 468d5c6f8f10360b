import type { FaultWindows } from './fault-windows.ts';
import type { SoakGateway } from './fleet.ts';
import { isInspectorLine } from './inspector.ts';

/** The level of pino from which a line needs a reason. */
const WARN = 40;

interface Reader {
  readonly gateway: SoakGateway;
  read: number;
}

/** What is wrong with a line of a gateway's log at that time, or null. */
export function unexpectedLine(line: string, windows: FaultWindows, at: number): string | null {
  if (isInspectorLine(line)) return null;
  const entry = parse(line);
  if (entry === null) return `no JSON: ${line}`;
  const { level, msg } = entry;
  const isExpected = Number(level) < WARN || windows.allowsLine(String(msg), at);
  return isExpected ? null : line;
}

function parse(line: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}

/** Reads the logs of all gateways of a run, those that have ended included. */
export class LogWatch {
  readonly #readers: Reader[] = [];
  readonly #windows: FaultWindows;
  readonly #violate: (text: string) => void;

  constructor(windows: FaultWindows, violate: (text: string) => void) {
    this.#windows = windows;
    this.#violate = violate;
  }

  add(gateway: SoakGateway): void {
    this.#readers.push({ gateway, read: 0 });
  }

  /** Checks the lines that were written since the last call. */
  check(at: number): void {
    for (const reader of this.#readers) {
      const { name, process } = reader.gateway;
      for (const line of process.log.slice(reader.read)) {
        const wrong = unexpectedLine(line, this.#windows, at);
        if (wrong !== null) this.#violate(`unexpected log line of ${name}: ${wrong}`);
      }
      reader.read = process.log.length;
    }
  }
}
