/**
 * An engine for tests that looks at every row, or at the first `effort` percent of them: so its recall grows with the effort.
 * The argument says what goes wrong: `crash` ends the process at the first search, `liar` finds a row twice, `stop` ends it in
 * the middle of a build that was not resumed, `sleep` never ends a build.
 */
import { readFileSync, writeFileSync } from 'node:fs';

class Brute {
  blockRows = 100;
  resumable = true;
  #fault;
  #rows = [];
  #queries = [];
  #dimensions = 0;
  #effort = 100;
  #resumed = false;

  constructor(fault) {
    this.#fault = fault;
  }

  begin({ dimensions }) {
    this.#dimensions = dimensions;
    this.#rows = [];
  }

  async add(first, rows) {
    if (this.#fault === 'stop' && first === 500 && !this.#resumed) process.exit(4);
    if (this.#fault === 'sleep') await new Promise((resolve) => setTimeout(resolve, 60_000));
    for (let at = 0; at < rows.length; at += this.#dimensions)
      this.#rows.push(rows.slice(at, at + this.#dimensions));
  }

  save(file) {
    writeFileSync(file, JSON.stringify(this.#rows.map((row) => Array.from(row))));
  }

  resume(file) {
    this.#resumed = true;
    this.load(file);
  }

  load(file) {
    this.#rows = JSON.parse(readFileSync(file, 'utf8'));
  }

  prepare(queries) {
    this.#queries = queries;
  }

  setEffort(effort) {
    this.#effort = effort;
  }

  search(query, k) {
    if (this.#fault === 'crash') process.exit(3);
    const asked = this.#queries[query];
    const looked = Math.max(k, Math.ceil((Math.min(100, this.#effort) * this.#rows.length) / 100));
    const found = this.#rows
      .slice(0, looked)
      .map((row, id) => ({ id, distance: row.reduce((sum, value, i) => sum + (value - asked[i]) ** 2, 0) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, k)
      .map(({ id }) => id);
    return this.#fault === 'liar' ? found.map(() => found[0]) : found;
  }

  async searchMany(queries, k) {
    for (const query of queries) this.search(query, k);
  }

  counters() {
    return this.#fault === '' ? { hops: 1, distances: this.#rows.length, estimates: 0, bytes: 4 } : {};
  }
}

export const createEngine = (fault) => new Brute(fault);
