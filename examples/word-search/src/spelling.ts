/** "Did you mean": the words that differ least from one that is not there. */

/** Distances above this are no suggestion. */
const MAX_EDITS = 2;

/**
 * Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`, or `limit + 1` if they
 * are more than `limit` (optimal string alignment; F. Damerau, CACM 7(3), 1964). O(|a| |b|).
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return Math.min(last[b.length]!, limit + 1);
}

/** Up to `count` of `words` within two edits of `word`: fewest edits first, then in the order of `words`. */
export function suggest(word: string, words: Iterable<string>, count: number): string[] {
  const found: string[][] = Array.from({ length: MAX_EDITS + 1 }, () => []);
  for (const candidate of words) {
    const edits = editDistance(word, candidate, MAX_EDITS);
    if (edits <= MAX_EDITS && found[edits]!.length < count) found[edits]!.push(candidate);
  }
  return found.flat().slice(0, count);
}
