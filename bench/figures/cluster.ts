import { cpuPerUpdate, redisCost } from '../cluster-costs.ts';
import { median } from '../support/median.ts';
import { compared, type Figure } from './figure.ts';

const ROUNDS = 3;
const MOST_COMMANDS = 3;

/** The commands that one poll costs Redis in the whole cluster, with three gateways that watch the same task. */
export const redisCommands: Figure = {
  name: 'redis-commands',
  async run() {
    const { perPoll, polls } = await redisCost();
    const result = { name: 'redis-commands', value: perPoll, unit: 'commands per poll', ratio: null };
    const pass = perPoll <= MOST_COMMANDS;
    return [{ ...result, against: `${polls} polls of three gateways`, goal: `at most ${MOST_COMMANDS}`, pass }];
  },
};

/** Whether a delivered update costs more where there are more gateways. */
export const clusterFanOut: Figure = {
  name: 'cluster-fan-out',
  async run() {
    const alone: number[] = [];
    const together: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      alone.push(await cpuPerUpdate(1));
      together.push(await cpuPerUpdate(3));
    }
    const figure = { name: 'cluster-fan-out', unit: 'µs of CPU per update' };
    return [compared(figure, [median(together), median(alone)], 'one gateway', { atMost: 1.25 })];
  },
};
