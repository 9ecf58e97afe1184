import type { BenchReport, BenchResult } from './report.js';
import { median } from './statistics.js';

/** Three significant digits, without exponents; whole numbers from 1,000 on have separators. */
export function formatValue(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 999.5) return Math.round(value).toLocaleString('en-US');
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  // Counts stay counts: 12, not 12.0.
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.min(digits, 12));
}

/** `1.32x`. */
export function formatRatio(ratio: number | null): string {
  return ratio === null ? '-' : `${ratio.toFixed(2)}x`;
}

/** `1.29-1.35`. */
export function formatSpread(spread: readonly [number, number] | null): string {
  return spread === null ? '-' : `${spread[0].toFixed(2)}-${spread[1].toFixed(2)}`;
}

function alignColumns(rows: readonly (readonly string[])[], leftColumns: number): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < leftColumns ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function peerCell(result: BenchResult, name: string): string {
  const value = result.peers[name];
  return value === null || value === undefined ? 'absent' : formatValue(value);
}

/** The report for people: machine and versions, one line per figure, and what is missing and why. */
export function formatReport(report: BenchReport): string {
  const { machine, subjects, absent, results, failures, notes } = report;
  const environment = Object.entries(machine.environment).map(([name, value]) => `, ${name} ${value}`);
  const lines = [
    `suite ${report.suite} (${report.mode})`,
    `machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memory} GiB, ${machine.os} ${machine.kernel} ${machine.arch}, node ${machine.node}${environment.join('')}`,
  ];
  for (const { name, version, fingerprint, details = {} } of subjects) {
    const facts = Object.entries(details).map(([key, value]) => `, ${key}: ${value}`);
    lines.push(`${name}: ${version} (${fingerprint.slice(0, 12)})${facts.join('')}`);
  }
  for (const { name, reason, cure } of absent) lines.push(`${name}: absent: ${reason}; ${cure}`);

  const peers = [...subjects.slice(1), ...absent].map(({ name }) => name);
  const header = ['case', 'metric', 'unit', 'ours', ...peers, 'ratio', 'spread'];
  const rows = results.map((result) => [
    result.case,
    result.metric,
    result.unit,
    formatValue(result.ours),
    ...peers.map((name) => peerCell(result, name)),
    formatRatio(result.ratio),
    formatSpread(result.spread),
  ]);
  if (rows.length > 0) lines.push('', ...alignColumns([header, ...rows], 3));

  const footnotes = [
    'ratio > 1: we are better; the median of the per-round ratios, against the strongest peer. spread: their 25th and 75th percentile.',
    ...notes,
  ];
  if (results.length > 0) {
    const loads = results.map(({ load }) => load);
    footnotes.push(
      `Load average when the cases began: ${median(loads).toFixed(1)}, at most ${Math.max(...loads).toFixed(1)}, on ${machine.cores} cores; 1 is this benchmark's own.`,
    );
  }
  const cached = results.filter((result) => result.cached).length;
  if (cached > 0)
    footnotes.push(`${cached} of ${results.length} figures come from earlier runs of these versions.`);
  // A peer that is absent from single cases or metrics only; the others stand above.
  const inAllOf = (peer: string, item: string): boolean =>
    results.every((result) => result.case !== item || result.absent[peer] !== undefined);
  const reasons = new Map<string, string[]>();
  for (const result of results)
    for (const [name, reason] of Object.entries(result.absent)) {
      if (absent.some((peer) => peer.name === name)) continue;
      const key = `${name} is absent: ${reason}`;
      const where = inAllOf(name, result.case) ? result.case : result.metric;
      reasons.set(key, [...(reasons.get(key) ?? []), where]);
    }
  for (const [reason, places] of reasons) {
    const names = [...new Set(places)];
    footnotes.push(`${reason} (${names.length > 3 ? `${names.length} cases` : names.join('; ')})`);
  }
  lines.push('', ...footnotes);
  for (const { case: name, code, message } of failures) lines.push(`FAILED ${name}: ${code}: ${message}`);
  return `${lines.join('\n')}\n`;
}

/** One line on a finished case for the progress display. */
export function formatProgress(results: readonly BenchResult[]): string {
  return results
    .map((result) =>
      result.ratio === null
        ? `${result.metric} ${formatValue(result.ours)} ${result.unit}`
        : `${result.metric} ${formatRatio(result.ratio)} (${formatSpread(result.spread)})`,
    )
    .join(', ');
}
