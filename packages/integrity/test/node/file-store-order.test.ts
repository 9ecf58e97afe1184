import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/audit/memory-store.js';
import { type FsyncPolicy, fileStore } from '../../src/node/file-store.js';
import { openTestLog, scratchDirectory } from '../support/node-log.js';

const directory = await scratchDirectory();

describe('a caller that waits for each record', () => {
  for (const fsync of ['memory', 'always', 'interval', 'never'] as const)
    it(`is told of each (${fsync})`, async () => {
      const store =
        fsync === 'memory'
          ? memoryStore()
          : await fileStore(join(directory, fsync), { fsync: fsync satisfies FsyncPolicy });
      const log = await openTestLog(store);
      for (let i = 1; i <= 20; i++) {
        await log.append({ type: 'sample', body: { i } }).durable;
        expect(log.health).toMatchObject({ stored: i + 1, pending: 0 });
      }
      await log.close();
    }, 5000);
});
