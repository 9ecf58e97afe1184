/**
 * The clock runs inside the server: a PL/pgSQL function repeats the statement and sums `clock_timestamp()`
 * differences. So a figure holds the executor and the type's functions and nothing else: no client, no protocol, no
 * scheduling between two processes, and (unlike EXPLAIN ANALYZE) no instrumentation per row. The statement is parsed
 * and planned once, in a warm-up, and its vector is a bound parameter. COPY, which EXPLAIN cannot time, is timed by
 * the same clock.
 */
import { repeatFor } from '../../measure.js';
import type { Budget, Entrant } from '../../suite.js';
import type { Contender } from './contender.js';

export interface TimedStatement {
  /** PL/pgSQL declarations; `argument text` can be used. */
  readonly declare?: string;
  /** Not timed, before each repetition. */
  readonly before?: string;
  /** Timed. */
  readonly statement: string;
}

/** (Re)defines `timed(argument, repeats)` in a server. */
export async function defineTimed(
  contender: Contender,
  { declare = '', before = '', statement }: TimedStatement,
): Promise<void> {
  await contender.client.query(`
    CREATE OR REPLACE FUNCTION timed(argument text, repeats integer, OUT elapsed double precision)
    LANGUAGE plpgsql AS $timed$
    DECLARE
      started timestamptz;
      ${declare}
    BEGIN
      elapsed := 0;
      FOR i IN 1..repeats LOOP
        ${before}
        started := clock_timestamp();
        ${statement}
        elapsed := elapsed + extract(epoch FROM clock_timestamp() - started) * 1000;
      END LOOP;
    END $timed$`);
}

/**
 * Samples the function that {@link defineTimed} made: nanoseconds per operation.
 *
 * @param operations what one execution of the statement does: rows, numbers
 * @param argumentOf the argument of a round, the same for every entrant
 */
export function timedEntrant(
  contender: Contender,
  budget: Budget,
  operations: number,
  argumentOf: (round: number) => string = () => '',
): Entrant {
  let argument = '';
  const sample = repeatFor(budget.minTimeMs, async (repeats) => {
    const { rows } = await contender.client.query<{ elapsed: number }>({
      name: 'timed',
      text: 'SELECT elapsed FROM timed($1, $2)',
      values: [argument, repeats],
    });
    return rows[0]?.elapsed ?? Number.NaN;
  });
  return {
    name: contender.name,
    sample: async (round) => {
      argument = argumentOf(round);
      return { time: ((await sample()) * 1e6) / operations };
    },
  };
}
