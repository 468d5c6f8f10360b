import { FAULT_RULES, type FaultRule, type WindowCause } from './fault-rules.ts';

/** A fault as it happened. Times in ms since the start of the run; `to` is infinite until the gateways have recovered. */
export interface FaultWindow {
  readonly fault: WindowCause;
  readonly from: number;
  to: number;
}

/** A part of a period in which one rule for calls holds: the most that any window over it allows. */
interface Segment {
  readonly from: number;
  readonly to: number;
  readonly callsPerInterval: number;
  readonly moreCalls: number;
}

/** A summary of failures follows within 30 s, and a line about a circuit within 60 s, in ms. */
const LINES_FOLLOW_MS = 65_000;

/** For a call, and the timers of a busy machine, in ms. */
const LATE_MS = 1_000;

/** The ends of an outage: a gateway logs them at its next call, however late. */
const ENDS = ['A2E answers again', 'circuit closed'];

/** The faults of a run so far. No two planned ones overlap. */
export class FaultWindows {
  readonly all: FaultWindow[] = [];

  /** Opens a window; the fault is over once its `to` is set. */
  open(fault: WindowCause, from: number): FaultWindow {
    const window = { fault, from, to: Number.POSITIVE_INFINITY };
    this.all.push(window);
    return window;
  }

  /** The rules that hold at some time between two instants. */
  rules(from: number, to: number = from): readonly FaultRule[] {
    return this.all.filter((window) => window.from <= to && window.to >= from).map(({ fault }) => FAULT_RULES[fault]);
  }

  /** Whether a log line with this `msg` is expected at that time. */
  allowsLine(message: string, at: number): boolean {
    const followsMs = ENDS.includes(message) ? Number.POSITIVE_INFINITY : LINES_FOLLOW_MS;
    return this.rules(at - followsMs, at).some(({ lines }) => lines.includes(message));
  }

  /** Whether an error with this code may end or answer an operation that ran between two instants. */
  allowsCode(code: string, from: number, to: number): boolean {
    return this.rules(from, to).some(({ codes }) => codes.includes(code));
  }

  /** How far a gateway that a client has changed to between two instants may be behind at `to`, in ms. */
  allowedLagMs(from: number, to: number, intervalMs: number): number {
    const allowed = this.all.map((window) => {
      const { behind } = FAULT_RULES[window.fault];
      if (window.from > to || window.to < from || behind === 'nothing') return 0;
      const faultMs = behind === 'an interval' ? 0 : Math.min(window.to, to) - window.from;
      return intervalMs + faultMs + LATE_MS;
    });
    return Math.max(0, ...allowed);
  }

  /** The time until `to` that the windows of one cause cover together, in ms. */
  coveredMs(cause: WindowCause, to: number): number {
    let [coveredMs, end] = [0, 0];
    for (const window of this.all.filter(({ fault }) => fault === cause).toSorted((a, b) => a.from - b.from)) {
      const until = Math.min(window.to, to);
      coveredMs += Math.max(0, until - Math.max(window.from, end));
      end = Math.max(end, until);
    }
    return coveredMs;
  }

  /** A period in pieces, each with the calls per interval that the windows over it allow. */
  segments(from: number, to: number): readonly Segment[] {
    const inside = this.all.flatMap((window) => [window.from, window.to]).filter((at) => at > from && at < to);
    const bounds = [from, ...new Set(inside.toSorted((a, b) => a - b)), to];
    return bounds.slice(1).map((end, index) => {
      const start = bounds[index] ?? from;
      const covering = this.all.filter((window) => window.from <= start && window.to >= end);
      const rules = covering.map(({ fault }) => FAULT_RULES[fault]);
      const callsPerInterval = Math.max(1, ...rules.map((rule) => rule.callsPerInterval));
      const moreCalls = Math.max(0, ...rules.map((rule) => rule.moreCalls));
      return { from: start, to: end, callsPerInterval, moreCalls };
    });
  }
}
