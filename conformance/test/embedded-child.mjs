// @ts-check
/**
 * A program that starts an embedded server, says so in one line of JSON, and then does what its mode says:
 * `wait` for a signal, `leave` by returning, `exit` through process.exit, `throw`. Tests end it in their own ways.
 *
 *     node embedded-child.mjs <module> <mode> <options as JSON>
 */
import { pathToFileURL } from 'node:url';

const [modulePath = '', mode = 'wait', options = '{}'] = process.argv.slice(2);
/** @type {typeof import('@ruvector/pg-extension/embedded')} */
const { startEmbedded } = await import(pathToFileURL(modulePath).href);

try {
  const server = await startEmbedded({
    ...JSON.parse(options),
    onProgress: (phase) => process.stdout.write(`${JSON.stringify({ phase })}\n`),
  });
  const { connectionString, dataDir, socketDir, pid } = server;
  process.stdout.write(`${JSON.stringify({ connectionString, dataDir, socketDir, pid })}\n`);
  if (mode === 'exit') process.exit(0);
  if (mode === 'throw') throw new Error('on purpose');
  if (mode === 'wait') setInterval(() => undefined, 1000);
} catch (error) {
  const { code, message, log } = /** @type {{ code?: string, message?: string, log?: string }} */ (error);
  process.stdout.write(`${JSON.stringify({ error: { code, message, log } })}\n`);
  process.exitCode = 1;
}
