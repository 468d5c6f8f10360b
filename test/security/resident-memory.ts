import { readFileSync } from 'node:fs';

/** The resident memory of a process, in KiB. Source: proc(5). */
export function residentKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
