import { gql, type TypedDocumentNode } from '@apollo/client';

/** The fields of a `VideoTask` that this page shows. Larger projects generate such types from schema.graphql. */
export interface Task {
  readonly id: string;
  readonly status: string;
  readonly statusDescription: string;
  /** Percent. */
  readonly progress: number | null;
  readonly message: string | null;
  /** The gateway cannot reach A2E at the moment; this is the last good state. */
  readonly stale: boolean;
  readonly finished: boolean;
  readonly resultUrl: string | null;
  readonly stages: readonly { readonly status: string; readonly enteredAt: string }[];
}

/** The state now, then every change, until the task has finished. */
export const TASK_STATUS: TypedDocumentNode<{ taskStatus: Task }, { id: string }> = gql`
  subscription TaskStatus($id: ID!) {
    taskStatus(id: $id) {
      id
      status
      statusDescription
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
