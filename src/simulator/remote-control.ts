import { ADMIN_PATH, CONTROL_METHODS, type SimulatorControl } from './control.ts';

/**
 * {@link SimulatorControl} over HTTP: the same methods, each a promise that rejects with an `Error` when the simulator
 * refuses it. What JSON cannot carry is lost, so `undefined` in a patch does not take a field away.
 */
export type RemoteControl = {
  readonly [M in keyof SimulatorControl]: (
    ...parameters: Parameters<SimulatorControl[M]>
  ) => Promise<Awaited<ReturnType<SimulatorControl[M]>>>;
};

/** Steers the simulator that listens at `url`, in another process. */
export function remoteControl(url: string): RemoteControl {
  const methods = CONTROL_METHODS.map((method) => [
    method,
    async (...parameters: unknown[]): Promise<unknown> => {
      const body = JSON.stringify(parameters);
      const response = await fetch(new URL(`${ADMIN_PATH}/${method}`, url), { method: 'POST', body });
      const result: unknown = await response.json();
      if (!response.ok) throw new Error(`${method}: ${JSON.stringify(result)}`);
      return result;
    },
  ]);
  return Object.fromEntries(methods) as RemoteControl;
}
