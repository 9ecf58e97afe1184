import type { Timer } from '../runtime/waiting.js';

/**
 * Node's timer, for `createIntegrity`. A caller who waits keeps the process alive.
 *
 * @example
 * const integrity = createIntegrity({ name: 'orders', clock: Date.now, random: Math.random, timer: nodeTimer, signals });
 */
export const nodeTimer: Timer = (ms, fire) => {
  const started = setTimeout(fire, ms);
  return () => clearTimeout(started);
};
