/** What the plots share. */

/** Path around the origin. */
export const circle = 'M-4.5,0a4.5,4.5 0 1 0 9,0a4.5,4.5 0 1 0 -9,0z';

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

export const round = (x: number): string => String(Math.round(10 * x) / 10);

/**
 * Texts, grids and the colours of series `s0`, `s1`, ... on a light ground and on a dark one.
 *
 * @param marks rules for marks and lines, in terms of `var(--c)`
 */
export function styleOf(colours: readonly (readonly [light: string, dark: string])[], marks: string): string {
  const of = (which: 0 | 1): string => colours.map((both, i) => `.s${i}{--c:${both[which]}}`).join('');
  return [
    'text{font:13px system-ui,sans-serif;fill:#222}',
    '.title{font-size:16px;font-weight:600}.tick{font-size:11px;fill:#555}',
    '.grid{stroke:#ddd;fill:none}',
    marks,
    of(0),
    '@media (prefers-color-scheme: dark){',
    'text{fill:#eee}.tick{fill:#aaa}.grid{stroke:#444}',
    of(1),
    '}',
  ].join('\n');
}
