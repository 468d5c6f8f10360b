import { gql, type TypedDocumentNode } from '@apollo/client';

/** The fields of a `VideoTask` that this page shows. Larger projects generate such types from schema.graphql. */
export interface Task {
  readonly id: string;
  readonly status: string;
  readonly rawStatus: string;
  /** Percent. */
  readonly progress: number | null;
  /** Why the task failed. */
  readonly message: string | null;
  /** The gateway cannot reach A2E at the moment; this is the last good state. */
  readonly stale: boolean;
  readonly finished: boolean;
  readonly resultUrl: string | null;
  /** The path so far, oldest first. */
  readonly stages: readonly Stage[];
}

/** One stage of a task. */
export interface Stage {
  readonly status: string;
  readonly enteredAt: string;
}

/**
 * The state of every task now, then every change of any of them, until all have finished. An event is null beside an
 * error that concerns one task and names it in `extensions.id`; the other tasks go on.
 */
export const TASK_STATUSES: TypedDocumentNode<{ taskStatuses: Task | null }, { ids: readonly string[] }> = gql`
  subscription TaskStatuses($ids: [ID!]!) {
    taskStatuses(ids: $ids) {
      id
      status
      rawStatus
      progress
      message
      stale
      finished
      resultUrl
      stages {
        status
        enteredAt
      }
    }
  }
`;
