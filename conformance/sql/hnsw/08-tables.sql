-- Tables of every kind, and indexes made while the table is in use.
SET enable_seqscan = off;

-- unlogged
CREATE UNLOGGED TABLE t (v vector(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
CREATE INDEX t_idx ON t USING hnsw (v vector_l2_ops);
INSERT INTO t VALUES ('[1,2,4]');
SELECT v FROM t ORDER BY v <-> '[3,3,3]';
--> [1,2,3]
--> [1,2,4]
--> [1,1,1]
--> [0,0,0]
ALTER TABLE t SET LOGGED;
SELECT v FROM t ORDER BY v <-> '[3,3,3]';
--> [1,2,3]
--> [1,2,4]
--> [1,1,1]
--> [0,0,0]
ALTER TABLE t SET UNLOGGED;
SELECT v FROM t ORDER BY v <-> '[3,3,3]';
--> [1,2,3]
--> [1,2,4]
--> [1,1,1]
--> [0,0,0]
SELECT relpersistence FROM pg_class WHERE relname = 't_idx';
--> u
DROP TABLE t;

-- temporary
CREATE TEMP TABLE t (v vector(3));
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
SELECT v FROM t ORDER BY v <-> '[3,3,3]';
--> [1,2,3]
--> [1,1,1]
--> [0,0,0]
DROP TABLE t;
BEGIN;
CREATE TEMP TABLE t (v vector(3)) ON COMMIT DELETE ROWS;
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]');
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
SELECT v FROM t ORDER BY v <-> '[3,3,3]';
--> [1,2,3]
--> [0,0,0]
COMMIT;
SELECT v FROM t ORDER BY v <-> '[3,3,3]';
INSERT INTO t VALUES ('[1,1,1]');
DROP TABLE t;

-- Table, rows and index in one transaction; the index of one that is rolled back goes with it.
BEGIN;
CREATE TABLE t (v vector(2));
INSERT INTO t VALUES ('[1,1]'), ('[2,2]');
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
INSERT INTO t VALUES ('[3,3]');
SELECT v FROM t ORDER BY v <-> '[3,3]';
--> [3,3]
--> [2,2]
--> [1,1]
COMMIT;
SELECT v FROM t ORDER BY v <-> '[3,3]';
--> [3,3]
--> [2,2]
--> [1,1]
BEGIN;
DROP INDEX t_v_idx;
ROLLBACK;
BEGIN;
REINDEX INDEX t_v_idx;
ROLLBACK;
SELECT v FROM t ORDER BY v <-> '[3,3]';
--> [3,3]
--> [2,2]
--> [1,1]
DROP TABLE t;

-- concurrently
CREATE TABLE t (id int, v vector(2));
INSERT INTO t SELECT i, ARRAY[i, i] FROM generate_series(1, 50) i;
CREATE INDEX CONCURRENTLY t_idx ON t USING hnsw (v vector_l2_ops);
SELECT indisvalid, indisready FROM pg_index WHERE indexrelid = 't_idx'::regclass;
--> t | t
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY v <-> '[10,10]' LIMIT 1;
--> Limit
-->   ->  Index Scan using t_idx on t
-->         Order By: (v <-> '[10,10]'::vector)
SELECT id FROM t ORDER BY v <-> '[10,10]' LIMIT 1;
--> 10
REINDEX INDEX CONCURRENTLY t_idx;
SELECT id FROM t ORDER BY v <-> '[10,10]' LIMIT 1;
--> 10
REINDEX TABLE CONCURRENTLY t;
SELECT id FROM t ORDER BY v <-> '[10,10]' LIMIT 1;
--> 10
DROP INDEX CONCURRENTLY t_idx;
CREATE INDEX CONCURRENTLY bad ON t USING hnsw (v vector_l2_ops) WITH (m = 16, ef_construction = 20);
--> ERROR 22023: ef_construction must be greater than or equal to 2 * m
SELECT indisvalid FROM pg_index WHERE indexrelid = 'bad'::regclass;
--> f
DROP TABLE t;

-- partitions
CREATE TABLE t (k int, v vector(2)) PARTITION BY LIST (k);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2);
INSERT INTO t SELECT 1 + i % 2, ARRAY[i, 0] FROM generate_series(1, 20) i;
CREATE INDEX t_idx ON t USING hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 32);
SELECT relname, relkind, reloptions::text FROM pg_class WHERE relname LIKE 't%_idx' ORDER BY 1;
--> t1_v_idx | i | {m=8,ef_construction=32}
--> t2_v_idx | i | {m=8,ef_construction=32}
--> t_idx | I | {m=8,ef_construction=32}
CREATE TABLE t3 PARTITION OF t FOR VALUES IN (3);
INSERT INTO t VALUES (3, '[0,0]'), (1, '[100,0]');
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <-> '[0,0]' LIMIT 4;
--> Limit
-->   ->  Merge Append
-->         Sort Key: ((t.v <-> '[0,0]'::vector))
-->         ->  Index Scan using t1_v_idx on t1 t_1
-->               Order By: (v <-> '[0,0]'::vector)
-->         ->  Index Scan using t2_v_idx on t2 t_2
-->               Order By: (v <-> '[0,0]'::vector)
-->         ->  Index Scan using t3_v_idx on t3 t_3
-->               Order By: (v <-> '[0,0]'::vector)
SELECT k, v FROM t ORDER BY v <-> '[0,0]' LIMIT 4;
--> 3 | [0,0]
--> 2 | [1,0]
--> 1 | [2,0]
--> 2 | [3,0]
SELECT k, v FROM t WHERE k = 2 ORDER BY v <-> '[0,0]' LIMIT 2;
--> 2 | [1,0]
--> 2 | [3,0]
CREATE TABLE loose (k int, v vector(2));
INSERT INTO loose VALUES (4, '[-1,0]');
ALTER TABLE t ATTACH PARTITION loose FOR VALUES IN (4);
SELECT k, v FROM t ORDER BY v <-> '[0,0]' LIMIT 2;
--> 3 | [0,0]
--> 4 | [-1,0]
ALTER TABLE t DETACH PARTITION t3;
SELECT v FROM t3 ORDER BY v <-> '[0,0]';
--> [0,0]
CREATE UNIQUE INDEX ON t USING hnsw (v vector_l2_ops);
--> ERROR 0A000: access method "hnsw" does not support unique indexes
DROP TABLE t, t3;

-- Dimensions are looked for when a partition gets its index.
CREATE TABLE t (k int, v vector) PARTITION BY LIST (k);
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
--> ERROR 22023: column does not have dimensions
DROP TABLE t;

-- inheritance
CREATE TABLE t (v vector(2));
CREATE TABLE child () INHERITS (t);
INSERT INTO t VALUES ('[1,1]'), ('[4,4]');
INSERT INTO child VALUES ('[2,2]'), ('[3,3]');
CREATE INDEX t_idx ON t USING hnsw (v vector_l2_ops);
CREATE INDEX child_idx ON child USING hnsw (v vector_l2_ops);
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <-> '[0,0]' LIMIT 3;
--> Limit
-->   ->  Merge Append
-->         Sort Key: ((t.v <-> '[0,0]'::vector))
-->         ->  Index Scan using t_idx on t t_1
-->               Order By: (v <-> '[0,0]'::vector)
-->         ->  Index Scan using child_idx on child t_2
-->               Order By: (v <-> '[0,0]'::vector)
SELECT v FROM t ORDER BY v <-> '[0,0]' LIMIT 3;
--> [1,1]
--> [2,2]
--> [3,3]
SELECT v FROM ONLY t ORDER BY v <-> '[0,0]' LIMIT 3;
--> [1,1]
--> [4,4]
DROP TABLE t CASCADE;

-- materialized view
CREATE TABLE base (v vector(2));
INSERT INTO base VALUES ('[1,1]'), ('[2,2]');
CREATE MATERIALIZED VIEW m AS SELECT v FROM base;
CREATE INDEX ON m USING hnsw (v vector_l2_ops);
SELECT v FROM m ORDER BY v <-> '[2,2]';
--> [2,2]
--> [1,1]
INSERT INTO base VALUES ('[3,3]');
REFRESH MATERIALIZED VIEW m;
SELECT v FROM m ORDER BY v <-> '[3,3]';
--> [3,3]
--> [2,2]
--> [1,1]
DROP MATERIALIZED VIEW m;
DROP TABLE base;

-- views, tables LIKE another, and the index of a dropped column
CREATE TABLE t (id int, v vector(2));
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (m = 5);
CREATE TABLE copy (LIKE t INCLUDING INDEXES);
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'copy'::regclass;
--> CREATE INDEX copy_v_idx ON public.copy USING hnsw (v vector_l2_ops) WITH (m='5')
INSERT INTO copy VALUES (1, '[1,1]'), (2, '[2,2]');
CREATE VIEW w AS SELECT id, v FROM copy WHERE id > 1;
SELECT id FROM w ORDER BY v <-> '[0,0]';
--> 2
DROP VIEW w;
ALTER TABLE copy DROP COLUMN v;
SELECT count(*) FROM pg_index WHERE indrelid = 'copy'::regclass;
--> 0
DROP TABLE t, copy;

-- storage of the column
CREATE TABLE t (id int, v vector(600));
ALTER TABLE t ALTER COLUMN v SET STORAGE PLAIN;
INSERT INTO t SELECT i, array_agg(i + j)::vector(600) FROM generate_series(1, 20) i, generate_series(1, 600) j GROUP BY i;
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
ALTER TABLE t ALTER COLUMN v SET STORAGE EXTENDED;
INSERT INTO t SELECT 21, array_agg(1)::vector(600) FROM generate_series(1, 600) j;
SELECT id FROM t ORDER BY v <-> (SELECT array_agg(1)::vector(600) FROM generate_series(1, 600)) LIMIT 3;
--> 21
--> 1
--> 2
DROP TABLE t;

-- The access method is the extension's, and the extension cannot go while an index needs it.
CREATE TABLE t (id int);
CREATE INDEX ON t USING hnsw ((ARRAY[id]::vector(1)) vector_l2_ops);
DROP ACCESS METHOD hnsw;
--> ERROR 2BP01: cannot drop access method hnsw because extension vector requires it
--> HINT: You can drop extension vector instead.
DROP OPERATOR CLASS vector_l2_ops USING hnsw;
--> ERROR 2BP01: cannot drop operator class vector_l2_ops for access method hnsw because extension vector requires it
--> HINT: You can drop extension vector instead.
DROP EXTENSION vector;
--> ERROR 2BP01: cannot drop extension vector because other objects depend on it
--> DETAIL: index t_array_idx depends on operator class vector_l2_ops for access method hnsw
--> HINT: Use DROP ... CASCADE to drop the dependent objects too.
DROP TABLE t;
RESET enable_seqscan;
