/** `integrity export`: records of a log for other programs. */
import type { Command } from 'commander';
import { parseRecord, recordHash } from '../audit/record.js';
import { defaultCrypto } from '../crypto/provider.js';
import { IntegrityError } from '../errors.js';
import { readLogFile } from '../node/lines.js';
import { type CliIo, type CommonOptions, progress, say, usageError } from './io.js';
import { collect, wholeNumber } from './parse.js';

interface Options extends CommonOptions {
  readonly from: number;
  readonly to?: number;
  readonly type: readonly string[];
  readonly events?: boolean;
}

const lineFeed = Uint8Array.of(10);
/** Bytes that are collected for one write. */
const batchBytes = 1 << 16;

export function addExport(program: Command, io: CliIo): void {
  program
    .command('export')
    .summary('print records of a log')
    .description(
      'Prints records, one a line. By default as they are, so that the whole export of a log verifies like the log. Nothing is verified here: run integrity verify first.',
    )
    .argument('<log>', 'the file of the log, also while a program writes to it')
    .option('--from <seq>', 'first record', wholeNumber, 0)
    .option('--to <seq>', 'the record before which to stop; default: all', wholeNumber)
    .option('--type <type>', 'only events of this type; may be repeated', collect, [])
    .option('--events', 'decoded for reading: seq, time, type, key, hash and body as JSON, without signature')
    .option('--quiet', 'no words on the standard error')
    .addHelpText(
      'after',
      '\nExamples:\n  integrity export audit.log > copy.log\n  integrity export audit.log --events --type transition | jq .body\n',
    )
    .action(async (path: string, options: Options) => {
      const { from, to = Infinity } = options;
      if (from > to) throw usageError(`--from ${from} is behind --to ${to}`);
      const { report, end } = progress(io, options, 'records read:');
      const types = new Set(options.type);
      const crypto = defaultCrypto();
      let seq = 0;
      let printed = 0;
      let pending: Uint8Array[] = [];
      let bytes = 0;
      const print = async (): Promise<void> => {
        await io.stdout(Buffer.concat(pending));
        pending = [];
        bytes = 0;
      };
      try {
        for await (const line of readLogFile(path)) {
          if (!(line instanceof Uint8Array)) {
            say(
              io,
              options,
              'the log ends inside a record, which is left out: a program is writing it, or crashed',
            );
            break;
          }
          const place = seq++;
          if (place < from) continue;
          if (place >= to) break;
          if (types.size > 0 || options.events === true) {
            const record = parseLine(line, place);
            if (types.size > 0 && !types.has(record.type)) continue;
            pending.push(
              options.events === true
                ? Buffer.from(
                    JSON.stringify({
                      seq: record.seq,
                      time: timeOf(record.at),
                      type: record.type,
                      key: record.key ?? null,
                      hash: recordHash(line, crypto),
                      body: record.body,
                    }),
                  )
                : line,
            );
          } else pending.push(line);
          pending.push(lineFeed);
          printed++;
          bytes += line.length;
          if (bytes >= batchBytes) await print();
          report(seq);
        }
        await print();
      } finally {
        end();
      }
      say(io, options, `${printed} ${printed === 1 ? 'record' : 'records'}`);
    });
}

function parseLine(line: Uint8Array, place: number): ReturnType<typeof parseRecord> {
  try {
    return parseRecord(line);
  } catch (cause) {
    throw new IntegrityError(
      'ERR_INTEGRITY_LOG',
      `record ${place} cannot be read (${(cause as Error).message}): run integrity verify, which tells what is wrong`,
    );
  }
}

/** A time that a Date can show, else the number. */
function timeOf(at: number): string | number {
  return at <= 8.64e15 ? new Date(at).toISOString() : at;
}
