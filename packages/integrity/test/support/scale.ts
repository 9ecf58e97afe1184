/** Whether this runs in QuickJS, which interprets: about 50 times slower than a compiling engine. */
const interpreted = (globalThis as { __interpreted?: boolean }).__interpreted === true;

/**
 * How many rounds of something a host can afford: all of them where code is compiled, a twentieth (at least one) where it is not.
 *
 * @param rounds what Node and Chromium do
 */
export function scale(rounds: number): number {
  return interpreted ? Math.max(1, Math.ceil(rounds / 20)) : rounds;
}
