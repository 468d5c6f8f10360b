/** The package's entry: a gateway inside another program, with A2E or with another source of tasks. */
export { type Config, ConfigError, type Environment, type LoadConfigOptions, loadConfig } from './config.ts';
export {
  AccessDenied,
  BadUserInput,
  Forbidden,
  GatewayError,
  TokenRefused,
  Unauthenticated,
  UpstreamBadResponse,
  UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from './errors.ts';
export { createGateway, type Gateway, type GatewayCounts, type GatewayOptions } from './gateway.ts';
export type { Credential } from './task/credential.ts';
export type { TaskSource } from './task/task-source.ts';
export type { VideoTask, VideoTaskStatus } from './task/video-task.ts';
