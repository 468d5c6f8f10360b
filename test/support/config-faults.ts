import { ConfigError, type Environment, loadConfig } from '../../src/config.ts';

/** The error of a faulty environment. */
export function faultsOf(env: Environment): ConfigError {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the environment was accepted');
}

/** Which variables a faulty environment is blamed for. */
export function blamed(env: Environment): string[] {
  return faultsOf(env).issues.map((fault) => fault.name);
}
