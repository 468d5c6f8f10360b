// @ts-check

/** @typedef {{ afterMs: number, act: () => void }} Stage one step of a silence, `afterMs` after the step before it */

/**
 * Acts in stages while a connection is silent. Each stage starts its timer only when the stage before has acted:
 * a browser delays the timers of a hidden tab, and stages that expire together would end a healthy connection.
 *
 * @param {readonly Stage[]} stages
 * @returns {{ restart: () => void, stop: () => void }} `restart` starts the first stage over
 */
export function createWatchdog(stages) {
  let timer = 0;
  /** @param {number} index */
  function arm(index) {
    const stage = stages[index];
    if (stage === undefined) return;
    timer = setTimeout(() => {
      arm(index + 1);
      stage.act();
    }, stage.afterMs);
  }
  const stop = () => clearTimeout(timer);
  return {
    stop,
    restart() {
      stop();
      arm(0);
    },
  };
}
