import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crashRound } from '../support/node-crash.js';
import { scratchDirectory } from '../support/node-log.js';
import { Random } from '../support/random.js';

const directory = await scratchDirectory();

describe('a writer that is killed, many times', () => {
  it('leaves every record that it acknowledged in each of 200 rounds', async () => {
    const random = new Random(7);
    let path = '';
    let acknowledged = -1;
    let writing = 0;
    for (let round = 0; round < 200; round++) {
      if (round % 20 === 0) {
        path = join(directory, `${round}.log`);
        acknowledged = -1;
      }
      const found = await crashRound(path, random, acknowledged);
      if (found.acknowledged > acknowledged) writing++;
      acknowledged = Math.max(acknowledged, found.acknowledged);
    }
    // Most were killed while they wrote, or this would test nothing.
    expect(writing).toBeGreaterThan(100);
  });
});
