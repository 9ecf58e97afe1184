/**
 * Writes what the README shows of a run into it, and the chart beside it:
 *
 *     npm run doc -w @ruvector/example-job-system
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { reportText, seedsTable } from '../dist/report.js';
import { runVirtual } from '../dist/run.js';
import { chartSvg } from '../dist/svg.js';
import { DEFAULT_RULES } from '../dist/watch.js';

const without = await runVirtual({ mode: 'off', seed: 1 });
const withGate = await runVirtual({ mode: 'enforce', seed: 1 });
const runs = [[], [], []];
for (let seed = 1; seed <= 20; seed++) {
  runs[0].push(await runVirtual({ mode: 'off', seed }));
  runs[1].push(await runVirtual({ mode: 'enforce', seed }));
  runs[2].push(await runVirtual({ mode: 'enforce', seed, policy: DEFAULT_RULES }));
}
const blocks = {
  run: `\`\`\`\n${reportText(without, withGate)}\`\`\``,
  seeds: seedsTable([
    ['without the gate', runs[0]],
    ['with the gate', runs[1]],
    ['with the gate, default rules', runs[2]],
  ]),
};

const readme = new URL('../README.md', import.meta.url);
let text = readFileSync(readme, 'utf8');
for (const [name, block] of Object.entries(blocks)) {
  const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md has no place for ${name}`);
  text = text.slice(0, from + begin.length) + block + text.slice(to);
}
writeFileSync(readme, text);
writeFileSync(new URL('timeline.svg', import.meta.url), chartSvg(without, withGate));
