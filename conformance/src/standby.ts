/** A primary and a standby that streams from it, both private. */
import { chownSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Settings } from '@ruvector/pg-extension/embedded';
import type pg from 'pg';
import { Cluster } from './cluster.js';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Pair {
  readonly primary: Cluster;
  readonly standby: Cluster;
  readonly #standbySettings: Settings;

  private constructor(primary: Cluster, standby: Cluster, standbySettings: Settings) {
    this.primary = primary;
    this.standby = standby;
    this.#standbySettings = standbySettings;
  }

  /**
   * The standby begins as a copy of the stopped primary, which needs no client programs. Its replay waits for queries,
   * however long they take, instead of cancelling them.
   *
   * @param settings of both
   */
  static async create(settings: Settings = {}): Promise<Pair> {
    const both = { wal_level: 'replica', max_wal_senders: 4, wal_keep_size: '1GB', ...settings };
    const primary = await Cluster.create(both);
    let standby: Cluster | undefined;
    try {
      await primary.stop();
      standby = Cluster.copyOf(primary);
      const signal = path.join(standby.dataDir, 'standby.signal');
      writeFileSync(signal, '');
      const { uid, gid } = statSync(standby.dataDir);
      chownSync(signal, uid, gid);
      const { socketDir, port, user } = await primary.start(both);
      const standbySettings = {
        ...both,
        primary_conninfo: `host='${socketDir}' port=${port} user=${user} application_name=standby`,
        hot_standby: true,
        max_standby_streaming_delay: -1,
        wal_retrieve_retry_interval: 50,
      };
      await standby.start(standbySettings);
      return new Pair(primary, standby, standbySettings);
    } catch (error) {
      await Promise.allSettled([standby?.remove(), primary.remove()]);
      throw error;
    }
  }

  /** Waits until the standby has replayed everything that the primary has done so far. */
  async catchUp(onPrimary: pg.Client, onStandby: pg.Client): Promise<void> {
    const { rows } = await onPrimary.query('SELECT pg_current_wal_insert_lsn()::text AS lsn');
    const { lsn } = rows[0] as { lsn: string };
    // A record behind that place: the place itself may be the beginning of a page, which replay names by its first record.
    await onPrimary.query(`SELECT pg_logical_emit_message(true, 'ruvector', 'caught up')`);
    for (;;) {
      const reached = await onStandby.query('SELECT pg_last_wal_replay_lsn() > $1::pg_lsn AS there', [lsn]);
      if ((reached.rows[0] as { there: boolean }).there) return;
      await sleep(5);
    }
  }

  /**
   * Stops replay between two records, wherever it is, and holds it there during an action.
   *
   * @returns what the action gives
   */
  async paused<T>(onStandby: pg.Client, action: () => Promise<T>): Promise<T> {
    await onStandby.query('SELECT pg_wal_replay_pause()');
    for (;;) {
      const { rows } = await onStandby.query('SELECT pg_get_wal_replay_pause_state() AS state');
      if ((rows[0] as { state: string }).state === 'paused') break;
      await sleep(1);
    }
    try {
      return await action();
    } finally {
      await onStandby.query('SELECT pg_wal_replay_resume()');
    }
  }

  /** Kills the standby wherever it is, and starts it again. */
  async crashStandby(): Promise<void> {
    await this.standby.kill();
    await this.standby.start(this.#standbySettings);
  }

  async remove(): Promise<void> {
    // The standby first: it is what the primary would wait for.
    const ended = await Promise.allSettled([this.standby.remove()]);
    await this.primary.remove();
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
  }
}
