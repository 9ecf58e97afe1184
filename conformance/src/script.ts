/**
 * SQL scripts that carry their expected output.
 *
 * A statement ends with a semicolon at the end of a line. The `--> ` lines behind it are what it must print: a line
 * a row, fields joined by ` | `, NULL as `NULL`, a line break as `\n`; or `ERROR <SQLSTATE>: <message>`, and `DETAIL:` and
 * `HINT:` where the server gave them. Other comments (`--`) are kept where they are.
 *
 * The file is the expected output: it is rendered again from a server's answers and compared as a whole.
 * `UPDATE_EXPECTED=1` writes it, for a person to read and commit (`script-suite.ts`).
 */
import type { Outcome, SqlEngine } from './engines.js';

export interface Step {
  /** Comments and blank lines before the statement. */
  readonly lead: string;
  readonly sql: string;
}

const RESULT = '--> ';

/** The statements of a script, with what precedes each; `trail` is what follows the last. */
export function parseScript(text: string): { readonly steps: readonly Step[]; readonly trail: string } {
  const steps: Step[] = [];
  let lead: string[] = [];
  let statement: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith(RESULT) || line === RESULT.trimEnd()) continue;
    if (statement.length === 0 && (line.trim() === '' || line.startsWith('--'))) {
      lead.push(line);
      continue;
    }
    statement.push(line);
    if (line.trimEnd().endsWith(';')) {
      steps.push({ lead: lead.map((l) => `${l}\n`).join(''), sql: statement.join('\n') });
      lead = [];
      statement = [];
    }
  }
  if (statement.length > 0) throw new Error(`unfinished statement: ${statement.join('\n')}`);
  return { steps, trail: lead.join('\n') };
}

export function renderOutcome(outcome: Outcome): string {
  const lines =
    outcome.kind === 'rows'
      ? outcome.rows.map((row) => row.map((field) => field ?? 'NULL').join(' | '))
      : [
          `ERROR ${outcome.sqlstate}: ${outcome.message}`,
          ...(outcome.detail === undefined ? [] : [`DETAIL: ${outcome.detail}`]),
          ...(outcome.hint === undefined ? [] : [`HINT: ${outcome.hint}`]),
        ];
  return lines.map((line) => `${RESULT}${line.replaceAll('\n', '\\n')}\n`).join('');
}

/** Runs a script and renders it with the engine's answers. */
export async function renderScript(text: string, engine: SqlEngine): Promise<string> {
  const { steps, trail } = parseScript(text);
  let out = '';
  for (const { lead, sql } of steps) {
    out += `${lead}${sql}\n${renderOutcome(await engine.run(sql))}`;
  }
  return out + trail;
}
