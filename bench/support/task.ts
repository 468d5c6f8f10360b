/** What every contestant serves, and every client asks for. */
export const FIELDS =
  'id status progress message resultUrl finished stale statusDescription createdAt checkedAt nextCheckAt';
export const SUBSCRIPTION = `subscription Watch($id: ID!) { taskStatus(id: $id) { ${FIELDS} } }`;
export const QUERY = `query Task($id: ID!) { videoTask(id: $id) { ${FIELDS} } }`;

/** A task as the gateway would answer it, for the servers that make it up. */
export function sampleTask(id: string, progress: number) {
  return {
    id,
    status: 'PROCESS',
    rawStatus: 'process',
    progress,
    message: null,
    resultUrl: null,
    finished: false,
    stale: false,
    statusDescription: 'algorithm processing',
    createdAt: '2026-01-01T00:00:00.000Z',
    checkedAt: '2026-01-01T00:00:00.000Z',
    nextCheckAt: '2026-01-01T00:00:03.000Z',
  };
}

/** The result of {@link SUBSCRIPTION} as JSON. */
export function sampleResult(id: string, progress: number): string {
  const { rawStatus: _, ...taskStatus } = sampleTask(id, progress);
  return JSON.stringify({ data: { taskStatus } });
}

export function taskId(index: number): string {
  return `bench-${index}`;
}
