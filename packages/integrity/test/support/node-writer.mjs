/**
 * A process that writes a log until it is killed: node node-writer.mjs <file> <burst> [full]. Prints the number of each record
 * once it is durable. With `full` it goes on until the store fails, prints the state of the log, and closes it.
 */
import { writeSync } from 'node:fs';
import { createSigner } from '../../dist/audit/keys.js';
import { AuditLog } from '../../dist/audit/log.js';
import { fileStore } from '../../dist/node/index.js';

const [file, burst, mode] = process.argv.slice(2);
const log = await AuditLog.open(await fileStore(file), {
  origin: 'example.com/test',
  signer: createSigner(new Uint8Array(32).fill(1)),
  clock: Date.now,
});
const print = (text) => writeSync(1, `${text}\n`);
await log.flush();
print(log.head.size - 1);

for (;;) {
  const waiting = [];
  for (let i = 0; i < Number(burst); i++) {
    const { seq, durable } = log.append({
      type: 'sample',
      body: { text: 'x'.repeat((log.head.size * 37) % 900) },
    });
    waiting.push(
      durable.then(
        () => print(seq),
        () => undefined, // the log says so as well
      ),
    );
  }
  if (mode !== 'full') await Promise.all(waiting);
  else {
    await log.flush().catch(() => undefined);
    if (log.health.state !== 'ok') break;
  }
}

const { state, stored, pending, cause } = log.health;
await log.close().catch(() => undefined);
print(JSON.stringify({ state, stored, pending, code: cause?.cause?.code ?? cause?.code }));
process.exit(0);
