import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

const EXAMPLE = `# Watch a task live: paste its id into the variables below and press the play button.
# What you see first is its state now; then every change, until it has finished.
subscription Watch($id: ID!) {
  taskStatus(id: $id) {
    status
    statusDescription
    progress
    stale
    finished
    resultUrl
    stages { status enteredAt leftAt }
    checkedAt
    nextCheckAt
  }
}

# The same once, without waiting.
query Look($id: ID!) {
  videoTask(id: $id) {
    status
    progress
    message
    resultUrl
    elapsedSeconds
  }
}
`;

/** GraphiQL as one page that loads nothing from anywhere, and subscribes over WebSocket. `exampleId` fills the variables. */
export function graphiqlPage(exampleId: string): string {
  return renderGraphiQL({
    title: 'Video tasks',
    endpoint: '/graphql',
    subscriptionsProtocol: 'WS',
    defaultQuery: EXAMPLE,
    defaultVariables: JSON.stringify({ id: exampleId }, null, 2),
  } as Parameters<typeof renderGraphiQL>[0]);
}
