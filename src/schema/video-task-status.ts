import type { VideoTaskStatus as Status } from '../task/video-task.ts';
import { builder } from './builder.ts';

/**
 * A2E's own words for each status; only `UNKNOWN` is the gateway's.
 * Source: the vendor's page "Obtain the Status of One Avatar Video Task", "Candidate status" and "Status values".
 */
const DESCRIPTIONS: Readonly<Record<Status, string>> = {
  INIT: 'initialization',
  START: 'sent to algorithm',
  PENDING: 'in algorithm queue',
  PROCESS: 'algorithm processing',
  COPY: 'uploading to cloud storage',
  SUCCESS: 'success',
  FAIL: 'algorithm error',
  UNKNOWN: 'a status that the A2E documentation does not list',
};

/** A2E's words for a status, for people to read. */
export function describeStatus(status: Status): string {
  return DESCRIPTIONS[status];
}

/** The GraphQL enum of {@link Status}. */
export const VideoTaskStatus = builder.enumType('VideoTaskStatus', {
  description: 'How far A2E is with a task: the A2E field `status`, in capitals. SUCCESS and FAIL are final.',
  values: {
    INIT: { description: `A2E \`init\`: ${DESCRIPTIONS.INIT}.` },
    START: { description: `A2E \`start\`: ${DESCRIPTIONS.START}.` },
    PENDING: { description: `A2E \`pending\`: ${DESCRIPTIONS.PENDING}.` },
    PROCESS: { description: `A2E \`process\`: ${DESCRIPTIONS.PROCESS}; \`progress\` rises.` },
    COPY: { description: `A2E \`copy\`: ${DESCRIPTIONS.COPY}.` },
    SUCCESS: { description: `A2E \`success\`: ${DESCRIPTIONS.SUCCESS}; the video is at \`resultUrl\`. Final.` },
    FAIL: { description: `A2E \`fail\`: ${DESCRIPTIONS.FAIL}. Final.` },
    UNKNOWN: {
      description: `No A2E word: ${DESCRIPTIONS.UNKNOWN}. Counts as unfinished; \`rawStatus\` keeps the word.`,
    },
  } satisfies Record<Status, { description: string }>,
});
