/**
 * Writes the table of speed in the README from the results of the suite `simd`:
 *
 *   npm run -s bench -- simd --json | node packages/core-simd/bench/table.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';

const readme = new URL('../README.md', import.meta.url);
const { results, mode, machine, subjects } = JSON.parse(readFileSync(0, 'utf8'));
const time = new Map(
  results.filter(({ metric }) => metric === 'time').map((result) => [result.case, result]),
);
const dimensions = [96, 768, 1536];

/** A factor to two digits: 12x, 1.2x. */
const times = (ratio) => `${ratio.toPrecision(ratio < 10 ? 2 : ratio < 100 ? 2 : 3)}x`;

/** Ratio to the peer where there is one, else our own time. */
function cell(name) {
  const result = time.get(name);
  if (result === undefined) throw new Error(`no case '${name}': run the whole suite`);
  return result.ratio === null
    ? `(${result.ours < 10 ? result.ours.toFixed(1) : Math.round(result.ours)} ns)`
    : times(result.ratio);
}

const types = {
  '': 'float32',
  float16: 'float16',
  bfloat16: 'bfloat16',
  int8: 'int8',
  uint8: 'uint8',
  bits: 'bits',
};
const lines = [
  `| type, metric | pair: ${dimensions.join(', ')} dimensions | row of 10,000: ${dimensions.join(', ')} dimensions |`,
  '|---|---|---|',
];
for (const [prefix, type] of Object.entries(types)) {
  for (const metric of type === 'bits' ? ['hamming', 'jaccard'] : ['dot', 'l2sq', 'cosine']) {
    const name = prefix === '' ? metric : `${prefix} ${metric}`;
    const cells = (shape) => dimensions.map((n) => cell(`${name} ${shape}, ${n} dims`)).join(', ');
    lines.push(`| ${type} \`${metric}\` | ${cells('pair')} | ${cells('10,000 rows')} |`);
  }
}
const other = [...time.keys()].filter((name) => /top|matrix|gather/.test(name));
for (const name of other) {
  const { ratios } = time.get(name);
  const text = Object.entries(ratios).map(([peer, { ratio }]) => `${times(ratio)} ${peer}`);
  lines.push(`| ${name} | ${text.join(', ')} | |`);
}

const begin = '<!-- table: bench/table.mjs -->';
const end = '<!-- end of table -->';
const text = readFileSync(readme, 'utf8');
const from = text.indexOf(begin);
const to = text.indexOf(end);
if (from < 0 || to < from) throw new Error(`README.md has no place '${begin}' for the table`);
const [ours, simsimd] = ['ruvector', 'simsimd'].map((name) =>
  subjects.find((subject) => subject.name === name),
);
const caption =
  `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; variant \`${ours.details.variant}\`, ` +
  `simsimd ${simsimd.version}. Medians; how many times as fast as simsimd, or nanoseconds where it has none.`;
writeFileSync(readme, `${text.slice(0, from)}${begin}\n${caption}\n\n${lines.join('\n')}\n${text.slice(to)}`);
console.error(`README.md: ${lines.length - 2} rows, mode ${mode}`);
