/**
 * The JSON contract of `--json`, checked by hand: structure first, then what must hold between the members. Others can
 * use it to read reports safely; the runner uses it on what the cache holds.
 */

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isMeasure = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;
const isTexts = (value: unknown): boolean => isObject(value) && Object.values(value).every(isText);
const isSpread = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(isMeasure) && value[0] <= value[1];
const isTime = (value: unknown): boolean =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value;

function isComparison(value: unknown): boolean {
  return (
    value === null ||
    (isObject(value) && Object.keys(value).length === 2 && isMeasure(value.ratio) && isSpread(value.spread))
  );
}

type Rule = readonly [name: string, accepts: (value: unknown) => boolean, expected: string];

/** Problems of an object against its rules; members without a rule are problems too. */
function checkMembers(where: string, value: Fields, rules: readonly Rule[]): string[] {
  const problems = rules
    .filter(([name, accepts]) => !accepts(value[name]))
    .map(([name, , expected]) => `${where}.${name} is not ${expected}`);
  const known = new Set(rules.map(([name]) => name));
  const unknown = Object.keys(value).filter((name) => !known.has(name));
  return [...problems, ...unknown.map((name) => `${where}.${name} is unknown`)];
}

const RESULT_RULES: readonly Rule[] = [
  ['case', isText, 'a name'],
  ['metric', isText, 'a name'],
  ['unit', isText, 'a name'],
  ['better', (value) => value === 'lower' || value === 'higher', 'lower or higher'],
  ['ours', isMeasure, 'a number >= 0'],
  [
    'peers',
    (value) => isObject(value) && Object.values(value).every((one) => one === null || isMeasure(one)),
    'numbers >= 0 or null by name',
  ],
  ['ratio', (value) => value === null || isMeasure(value), 'a number >= 0 or null'],
  ['spread', (value) => value === null || isSpread(value), 'a pair of numbers in order, or null'],
  ['ratios', (value) => isObject(value) && Object.values(value).every(isComparison), 'comparisons by name'],
  ['absent', isTexts, 'reasons by name'],
  ['rounds', isCount, 'a count >= 1'],
  ['measuredAt', isTime, 'an ISO 8601 time in UTC'],
  ['load', isMeasure, 'a number >= 0'],
  ['cached', (value) => typeof value === 'boolean', 'a boolean'],
];

/** Problems of one member of `results`; empty when there are none. */
export function validateResult(value: unknown, where = 'result'): string[] {
  if (!isObject(value)) return [`${where} is not an object`];
  const problems = checkMembers(where, value, RESULT_RULES);
  if (problems.length > 0) return problems;

  const peers = value.peers as Readonly<Record<string, number | null>>;
  const ratios = value.ratios as Readonly<Record<string, { ratio: number; spread: number[] } | null>>;
  const absent = value.absent as Readonly<Record<string, string>>;
  for (const [name, peer] of Object.entries(peers)) {
    if ((peer === null) !== (absent[name] !== undefined))
      problems.push(
        `${where}.peers.${name} is ${peer} and its absence is ${absent[name] ?? 'not explained'}`,
      );
    if ((peer === null) !== (ratios[name] === undefined))
      problems.push(`${where}.peers.${name} is ${peer} but its ratio is ${typeof ratios[name]}`);
  }
  for (const name of [...Object.keys(ratios), ...Object.keys(absent)])
    if (peers[name] === undefined) problems.push(`${where}.peers has no ${name}`);

  const all = Object.values(ratios);
  const strongest =
    all.length === 0 || all.includes(null) ? null : Math.min(...all.map((one) => one?.ratio ?? 0));
  if (value.ratio !== strongest) problems.push(`${where}.ratio is not that of the strongest peer`);
  if ((value.ratio === null) !== (value.spread === null))
    problems.push(`${where}.ratio and ${where}.spread are not null together`);
  for (const [name, one] of [...Object.entries(ratios), ['', value] as const]) {
    const { ratio, spread } = (one ?? { ratio: null, spread: null }) as {
      ratio: number | null;
      spread: number[] | null;
    };
    if (ratio !== null && spread && !((spread[0] as number) <= ratio && ratio <= (spread[1] as number)))
      problems.push(`${where}: ratio ${ratio} of ${name || 'the strongest peer'} is outside its spread`);
  }
  return problems;
}

const MACHINE_RULES: readonly Rule[] = [
  ['cpu', isText, 'a name'],
  ['cores', isCount, 'a count >= 1'],
  ['memory', isMeasure, 'a number >= 0'],
  ['os', isText, 'a name'],
  ['kernel', isText, 'a name'],
  ['arch', isText, 'a name'],
  ['node', isText, 'a version'],
  ['environment', isTexts, 'texts by name'],
];

const SUBJECT_RULES: readonly Rule[] = [
  ['name', isText, 'a name'],
  ['version', isText, 'a version'],
  ['fingerprint', isText, 'a hash'],
  ['details', (value) => value === undefined || isTexts(value), 'texts by name'],
];

const ABSENT_RULES: readonly Rule[] = [
  ['name', isText, 'a name'],
  ['reason', isText, 'a reason'],
  ['cure', isText, 'a cure'],
];

const FAILURE_RULES: readonly Rule[] = [
  ['case', isText, 'a name'],
  ['code', isText, 'a code'],
  ['message', isText, 'a message'],
];

const REPORT_RULES: readonly Rule[] = [
  ['suite', isText, 'a name'],
  ['mode', (value) => value === 'full' || value === 'quick', 'full or quick'],
  ['machine', isObject, 'an object'],
  ['subjects', (value) => Array.isArray(value) && value.length >= 1, 'a list with ours'],
  ['absent', Array.isArray, 'a list'],
  ['notes', (value) => Array.isArray(value) && value.every(isText), 'a list of texts'],
  ['results', Array.isArray, 'a list'],
  ['failures', Array.isArray, 'a list'],
];

/** Problems of a whole report; empty when it keeps the contract. */
export function validateReport(value: unknown): string[] {
  if (!isObject(value)) return ['report is not an object'];
  const problems = checkMembers('report', value, REPORT_RULES);
  if (problems.length > 0) return problems;

  const checkList = (name: string, rules: readonly Rule[]): void => {
    for (const [index, item] of (value[name] as unknown[]).entries()) {
      const where = `${name}[${index}]`;
      problems.push(...(isObject(item) ? checkMembers(where, item, rules) : [`${where} is not an object`]));
    }
  };
  problems.push(...checkMembers('machine', value.machine as Fields, MACHINE_RULES));
  checkList('subjects', SUBJECT_RULES);
  checkList('absent', ABSENT_RULES);
  checkList('failures', FAILURE_RULES);
  for (const [index, result] of (value.results as unknown[]).entries())
    problems.push(...validateResult(result, `results[${index}]`));
  if (problems.length > 0) return problems;

  const nameOf = (item: unknown): string => (item as { name: string }).name;
  const peers = [...(value.subjects as unknown[]).slice(1), ...(value.absent as unknown[])]
    .map(nameOf)
    .sort();
  for (const [index, result] of (value.results as { peers: object }[]).entries())
    if (Object.keys(result.peers).sort().join() !== peers.join())
      problems.push(`results[${index}].peers are not the report's: ${peers.join(', ') || 'none'}`);
  return problems;
}
