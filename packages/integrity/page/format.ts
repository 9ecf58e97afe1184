/** Numbers and times as people read them. */

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const figures = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `14:03:22`, and a dash for what is no time. */
export function time(at: number): string {
  return Number.isFinite(at) && Math.abs(at) < 8.64e15 ? clock.format(at) : '-';
}

/** `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function span(ms: number): string {
  if (!Number.isFinite(ms)) return '-';
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const two = (a: number, unit: string, b: number, small: string): string =>
    b === 0 ? `${a} ${unit}` : `${a} ${unit} ${b} ${small}`;
  if (seconds < 3600) return two(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  if (seconds < 86_400) return two(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min');
  return two(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3600), 'h');
}

/** Parts per million as a ratio with three digits; a dash for none. */
export function ratio(ppm: number | null | undefined): string {
  return ppm === null || ppm === undefined ? '-' : (ppm / 1e6).toFixed(3);
}

/** A figure with at most four digits that count. */
export function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : figures.format(value);
}

/** A whole number with thousands marked. */
export function count(value: number): string {
  return counts.format(value);
}

/** `1 edge`, `3 edges`. */
export function several(many: number, one: string): string {
  return `${count(many)} ${one}${many === 1 ? '' : 's'}`;
}

/** The front of a hash. */
export function short(hash: string): string {
  return hash.slice(0, 10);
}

/** At most `longest` characters. */
export function clip(text: string, longest: number): string {
  const characters = [...text];
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`;
}
