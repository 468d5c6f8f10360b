// The types that the scripts of the page share. No code: browsers never load this file.

/**
 * @typedef {{ query: string, variables: Record<string, unknown> }} Operation
 * @typedef {{ data?: Record<string, any> | null, errors?: Array<{ message: string, extensions?: Record<string, any> }> }} Result
 * @typedef {{ status: number, code: string | null, retryAfterMs: number }} Refusal
 *   why a subscription could not begin, in terms of HTTP: `status` is 0 when the gateway sent no response
 * @typedef {{
 *   open: () => void,
 *   next: (result: Result) => boolean | void,
 *   received: () => void,
 *   overdue: () => void,
 * }} Listener `next` answers true for the last result worth waiting for; `overdue` says that a heartbeat is late, and
 *   `received` that the connection brought any byte, a heartbeat included
 * @typedef {Listener & {
 *   complete: () => void,
 *   interrupted: (refusal: Refusal | null, waitMs: number) => void,
 *   failed: (refusal: Refusal) => void,
 * }} Handlers `interrupted` says that another attempt follows after `waitMs`; `complete` and `failed` are the end, and
 *   at most one of them comes
 * @typedef {'complete' | 'lost' | Refusal} Outcome
 */

/**
 * @typedef {{ status: string, enteredAt: string, leftAt: string | null }} Stage
 * @typedef {{
 *   id: string, status: string, rawStatus: string, statusDescription: string, progress: number | null,
 *   message: string | null, resultUrl: string | null, createdAt: string | null, elapsedSeconds: number | null,
 *   finished: boolean, checkedAt: string, nextCheckAt: string | null, stale: boolean, stages: Stage[],
 * }} Task the fields of a VideoTask that the page selects
 * @typedef {{ title: string, text: string }} Words
 */

export {};
