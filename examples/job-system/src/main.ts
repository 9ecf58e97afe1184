/** Runs both and says what came of it. */
import { writeFileSync } from 'node:fs';
import { HELP, parseArguments, UsageError } from './args.js';
import { reportText } from './report.js';
import { type RunOptions, type RunResult, runReal, runVirtual } from './run.js';
import { chartSvg } from './svg.js';
import { RealTime } from './time.js';

async function bothRuns(seed: number, real: boolean): Promise<readonly [RunResult, RunResult]> {
  if (!real) return [await runVirtual({ mode: 'off', seed }), await runVirtual({ mode: 'enforce', seed })];
  const time = new RealTime();
  const run = (mode: RunOptions['mode']): Promise<RunResult> =>
    runReal(time, {
      mode,
      seed,
      onInterval: ({ second, goodput, state }) =>
        process.stderr.write(
          `${String(second).padStart(4)} s  ${mode.padEnd(8)} interactive ${goodput.interactive.toFixed(1)}/s  ${state}\n`,
        ),
    });
  return Promise.all([run('off'), run('enforce')]);
}

async function main(): Promise<number> {
  const { seed, json, svg, real, help } = parseArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [without, withGate] = await bothRuns(seed, real);
  if (svg !== undefined) writeFileSync(svg, chartSvg(without, withGate));
  process.stdout.write(
    json ? `${JSON.stringify({ without, with: withGate })}\n` : reportText(without, withGate),
  );
  return [without, withGate].every(({ log }) => log.verified && log.replayed) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (usage) process.stderr.write('--help lists the options\n');
  process.exitCode = usage ? 2 : 1;
}
