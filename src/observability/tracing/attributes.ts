/**
 * The names of the attributes of spans. The names without the gateway's prefix come from the semantic conventions of
 * OpenTelemetry (graphql, http, url, server, network, error).
 */
export const ATTRIBUTES = {
  operationType: 'graphql.operation.type',
  operationName: 'graphql.operation.name',
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
  urlPath: 'url.path',
  urlFull: 'url.full',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  protocol: 'network.protocol.name',
  errorType: 'error.type',
  transport: 'video_task_gateway.transport',
  outcome: 'video_task_gateway.outcome',
  cached: 'video_task_gateway.response_cache',
  taskId: 'video_task_gateway.task.id',
  taskIds: 'video_task_gateway.task.ids',
  taskCount: 'video_task_gateway.task.count',
  operations: 'video_task_gateway.poll.operations',
  latenessMs: 'video_task_gateway.poll.lateness_ms',
} as const;

/** `error.type` of an error without a code, as the conventions say. */
export const OTHER_ERROR = '_OTHER';
