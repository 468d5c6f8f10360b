/** The fields that every server serves and every client selects, as the watch page does. */
const FIELDS = `id status rawStatus statusDescription progress message resultUrl createdAt elapsedSeconds
  finished checkedAt nextCheckAt stale stages { status enteredAt leftAt }`;
export const SUBSCRIPTION = `subscription Watch($id: ID!) { taskStatus(id: $id) { ${FIELDS} } }`;
export const QUERY = `query Watch($id: ID!) { videoTask(id: $id) { ${FIELDS} } }`;

const CREATED = new Date('2026-01-01T00:00:00.000Z');
const CHECKED = new Date('2026-01-01T00:01:00.000Z');

/** A task in progress, for the servers that make it up. */
export function sampleTask(id: string, progress: number) {
  return {
    id,
    status: 'PROCESS',
    rawStatus: 'process',
    statusDescription: 'algorithm processing',
    progress,
    message: null,
    resultUrl: null,
    createdAt: CREATED,
    elapsedSeconds: 60,
    finished: false,
    checkedAt: CHECKED,
    nextCheckAt: CHECKED,
    stale: false,
    stages: [{ status: 'PROCESS', enteredAt: CREATED, leftAt: null }],
  };
}

/** The result of {@link SUBSCRIPTION} as JSON. */
export function sampleResult(id: string, progress: number): string {
  return JSON.stringify({ data: { taskStatus: sampleTask(id, progress) } });
}

export function taskId(index: number): string {
  return `bench-${index}`;
}
