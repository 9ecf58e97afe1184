/** Metrics in the text format that Prometheus scrapes (exposition format 0.0.4). */
import type { IntegrityView } from '../runtime/view.js';
import { type Attributes, MEASURES, type Measure } from './measures.js';

/** The `Content-Type` of `prometheusText`. */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

const units: ReadonlyMap<string, string> = new Map([
  ['1', '_ratio'],
  ['s', '_seconds'],
]);

/**
 * The name by OpenTelemetry's rules for Prometheus (specification, compatibility/prometheus_and_openmetrics.md): dots become
 * underscores, the unit is a suffix unless it only annotates, and a counter ends in `_total`.
 */
function metricName({ name, kind, unit }: Measure): string {
  return `${name.replace(/\./g, '_')}${units.get(unit) ?? ''}${kind === 'counter' ? '_total' : ''}`;
}

/** In HELP a backslash and a line feed are escaped. */
function escapeHelp(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
}

/** In a label's value the double quote is escaped, too. */
function escapeLabel(text: string): string {
  return escapeHelp(text).replace(/"/g, '\\"');
}

function labels(attributes: Attributes): string {
  const parts = Object.entries(attributes).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

/** A float as Go's ParseFloat reads it. */
function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

/**
 * A view as Prometheus text: HELP and TYPE before each metric, one label `system` with the name of the view, and for the rest labels
 * with few fixed values. A figure that there is none of is left out, not 0. Constant in the size of the graph but for counting it.
 *
 * @returns lines that end in a line feed; serve them as `prometheusContentType`
 * @example
 * app.get('/metrics', (_, res) => res.type(prometheusContentType).send(prometheusText(integrity.view())));
 */
export function prometheusText(view: IntegrityView): string {
  const lines: string[] = [];
  for (const measure of MEASURES) {
    const values = measure.values(view);
    if (values.length === 0) continue;
    const name = metricName(measure);
    lines.push(`# HELP ${name} ${escapeHelp(measure.description)}`, `# TYPE ${name} ${measure.kind}`);
    for (const { value, attributes } of values)
      lines.push(`${name}${labels({ system: view.name, ...attributes })} ${number(value)}`);
  }
  return `${lines.join('\n')}\n`;
}
