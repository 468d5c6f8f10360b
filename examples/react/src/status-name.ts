const NAMES: ReadonlyMap<string, string> = new Map([
  ['INIT', 'Initialised'],
  ['START', 'Sent'],
  ['PENDING', 'Queued'],
  ['PROCESS', 'Processing'],
  ['COPY', 'Saving'],
  ['SUCCESS', 'Ready'],
  ['FAIL', 'Failed'],
]);

/** The stages of a task that succeeds, in order. */
export const USUAL_PATH: readonly string[] = ['INIT', 'START', 'PENDING', 'PROCESS', 'COPY', 'SUCCESS'];

/** A name for a status; a status that this page does not know is shown as A2E wrote it. */
export function statusName(status: string, rawStatus = ''): string {
  return NAMES.get(status) ?? (rawStatus || 'Unknown');
}
