/** Whether this runs in QuickJS, which interprets: about 50 times slower than a compiling engine. */
const interpreted = (globalThis as { __interpreted?: boolean }).__interpreted === true;

/**
 * How many rounds of something a host can afford: all of them where code is compiled, a part (at least one) where it is not.
 *
 * @param rounds what Node and Chromium do
 * @param part one in how many is left; more for rounds that are heavy
 */
export function scale(rounds: number, part = 20): number {
  return interpreted ? Math.max(1, Math.ceil(rounds / part)) : rounds;
}
