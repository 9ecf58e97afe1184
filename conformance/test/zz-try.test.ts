import { it } from 'vitest';
import { Cluster } from '../src/cluster.js';
import { checkIndex } from '../src/hnsw-check.js';
import { prepareReading } from '../src/index-pages.js';
import { Random } from '../src/random.js';
it('x', async () => {
  const c = await Cluster.create({});
  const random = new Random(1);
  try {
    const a = await c.connect();
    await a.query('create extension vector');
    await prepareReading(a);
    const say = async (what) => { const r = await checkIndex(a, { table: 't', index: 't_idx', random }); console.log('SAY', what, r.rows, r.elements, 'doubled', r.doubledEdges, 'unreachable', r.unreachable, 'missed', r.missed, r.violations.length); };
    await a.query(`create table t (id bigserial primary key, v vector(8)); alter table t set (parallel_workers=2)`);
    const ins = (v) => a.query('insert into t(v) select unnest($1::text[])::vector', [v]);
    for (const decimals of [3, 1, 0]) {
    await a.query('truncate t');
    await ins(random.vectors(2000, 8, decimals));
    for (const w of [0, 2]) for (const mem of ['1MB', '64MB']) {
      await a.query(`drop index if exists t_idx; set max_parallel_maintenance_workers=${w}; set maintenance_work_mem='${mem}'`);
      await a.query('create index t_idx on t using hnsw (v vector_l2_ops)');
      await say(`decimals ${decimals} workers ${w} mem ${mem}`);
      await a.query("delete from t where id in (select id from t order by random() limit 500)");
      await a.query('vacuum t');
      await say(`vacuumed`);
      await ins(random.vectors(500, 8, decimals));
      await say(`inserted`);
    }
    }
  } finally { await c.remove(); }
}, 200000);
