-- Rows that come, change and go under an index.
SET enable_seqscan = off;
CREATE TABLE t (id int, v vector(2)) WITH (autovacuum_enabled = off);
CREATE INDEX t_idx ON t USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 16);
SELECT id FROM t ORDER BY v <-> '[0,0]';

INSERT INTO t SELECT i, ARRAY[i, 0] FROM generate_series(1, 20) i;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 5;
--> 1
--> 2
--> 3
--> 4
--> 5
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[0,0]') q;
--> 20

-- update: the old version is gone, the new one is found
UPDATE t SET v = '[100,0]' WHERE id = 1;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 3;
--> 2
--> 3
--> 4
SELECT id FROM t ORDER BY v <-> '[99,0]' LIMIT 2;
--> 1
--> 20

-- what is rolled back is not there
BEGIN;
INSERT INTO t VALUES (99, '[0,0]');
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 2;
--> 99
--> 2
ROLLBACK;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 2;
--> 2
--> 3
BEGIN;
SAVEPOINT s;
DELETE FROM t WHERE id = 2;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 2;
--> 3
--> 4
ROLLBACK TO s;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 2;
--> 2
--> 3
COMMIT;

-- delete, vacuum, insert again
DELETE FROM t WHERE id BETWEEN 2 AND 10;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 3;
--> 11
--> 12
--> 13
VACUUM (INDEX_CLEANUP ON) t;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 3;
--> 11
--> 12
--> 13
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[0,0]') q;
--> 11
INSERT INTO t SELECT i, ARRAY[i, 0] FROM generate_series(2, 10) i;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 12;
--> 2
--> 3
--> 4
--> 5
--> 6
--> 7
--> 8
--> 9
--> 10
--> 11
--> 12
--> 13
VACUUM (INDEX_CLEANUP ON) t;
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[0,0]') q;
--> 20

-- delete all, vacuum, insert one
DELETE FROM t;
SELECT id FROM t ORDER BY v <-> '[0,0]';
VACUUM (INDEX_CLEANUP ON) t;
SELECT id FROM t ORDER BY v <-> '[0,0]';
INSERT INTO t VALUES (1, '[1,1]');
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> 1
VACUUM (INDEX_CLEANUP ON) t;
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> 1

-- all but one
INSERT INTO t SELECT i, ARRAY[i, 1] FROM generate_series(2, 200) i;
DELETE FROM t WHERE id <> 123;
VACUUM (INDEX_CLEANUP ON) t;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 10;
--> 123

-- truncate
TRUNCATE t;
SELECT id FROM t ORDER BY v <-> '[0,0]';
INSERT INTO t VALUES (5, '[5,5]'), (6, '[6,6]');
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> 5
--> 6
BEGIN;
TRUNCATE t;
INSERT INTO t VALUES (7, '[7,7]');
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> 7
ROLLBACK;
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> 5
--> 6

-- reindex keeps the options
REINDEX INDEX t_idx;
REINDEX TABLE t;
SELECT reloptions::text FROM pg_class WHERE relname = 't_idx';
--> {m=4,ef_construction=16}
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> 5
--> 6

-- the table is rewritten
VACUUM FULL t;
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> 5
--> 6
ALTER TABLE t ALTER COLUMN v TYPE vector(3) USING v || '[9]'::vector;
SELECT id, v FROM t ORDER BY v <-> '[0,0,0]';
--> 5 | [5,5,9]
--> 6 | [6,6,9]
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> ERROR 22000: expected 3 dimensions, not 2
INSERT INTO t VALUES (8, '[8,8]');
--> ERROR 22000: expected 3 dimensions, not 2
DROP INDEX t_idx;
SELECT id FROM t ORDER BY v <-> '[6,6,9]' LIMIT 1;
--> 6
DROP TABLE t;

-- Equal vectors share an element of up to ten rows; all are found, however they came.
CREATE TABLE t (id int, v vector(3)) WITH (autovacuum_enabled = off);
INSERT INTO t SELECT i, '[1,1,1]' FROM generate_series(1, 25) i;
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
SELECT count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <-> '[1,1,1]') q;
--> 25
INSERT INTO t SELECT i, '[1,1,1]' FROM generate_series(26, 48) i;
SELECT count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <-> '[1,1,1]') q;
--> 48
DELETE FROM t WHERE id % 3 <> 0;
VACUUM (INDEX_CLEANUP ON) t;
SELECT count(DISTINCT id), count(*) FROM (SELECT id FROM t ORDER BY v <-> '[1,1,1]') q;
--> 16 | 16
INSERT INTO t SELECT i, '[1,1,1]' FROM generate_series(101, 110) i;
SELECT count(DISTINCT id), count(*) FROM (SELECT id FROM t ORDER BY v <-> '[1,1,1]') q;
--> 26 | 26
DROP TABLE t;

-- With ef_search = 1 one element is visited, and so ten of the equal rows are returned.
CREATE TABLE t (id int, v vector(3));
INSERT INTO t SELECT i, '[1,1,1]' FROM generate_series(1, 20) i;
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
SET hnsw.ef_search = 1;
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[1,1,1]') q;
--> 10
TRUNCATE t;
INSERT INTO t SELECT i, '[1,1,1]' FROM generate_series(1, 20) i;
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[1,1,1]') q;
--> 10
RESET hnsw.ef_search;
DROP TABLE t;

-- One row stays, whichever of them is the entry point.
CREATE TABLE t (id int, v vector(3)) WITH (autovacuum_enabled = off);
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
INSERT INTO t VALUES (1, '[1,0,0]'), (2, '[0,1,0]'), (3, '[0,0,1]');
DELETE FROM t WHERE id <> 1;
VACUUM (INDEX_CLEANUP ON) t;
SELECT id FROM t ORDER BY v <-> '[1,1,1]';
--> 1
INSERT INTO t VALUES (4, '[1,1,1]');
SELECT id FROM t ORDER BY v <-> '[1,1,1]';
--> 4
--> 1
TRUNCATE t;
INSERT INTO t VALUES (1, '[1,0,0]'), (2, '[0,1,0]'), (3, '[0,0,1]');
DELETE FROM t WHERE id <> 2;
VACUUM (INDEX_CLEANUP ON) t;
SELECT id FROM t ORDER BY v <-> '[1,1,1]';
--> 2
INSERT INTO t VALUES (4, '[1,1,1]');
SELECT id FROM t ORDER BY v <-> '[1,1,1]';
--> 4
--> 2
TRUNCATE t;
INSERT INTO t VALUES (1, '[1,0,0]'), (2, '[0,1,0]'), (3, '[0,0,1]');
DELETE FROM t WHERE id <> 3;
VACUUM (INDEX_CLEANUP ON) t;
SELECT id FROM t ORDER BY v <-> '[1,1,1]';
--> 3
INSERT INTO t VALUES (4, '[1,1,1]');
SELECT id FROM t ORDER BY v <-> '[1,1,1]';
--> 4
--> 3
TRUNCATE t;
DROP TABLE t;

-- 0 and -0 are equal vectors to SQL.
CREATE TABLE t (id int, v vector(1));
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
INSERT INTO t VALUES (1, '[0]'), (2, '[-0]'), (3, '[1]');
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[0]' LIMIT 2) q;
--> 2
DROP TABLE t;
RESET enable_seqscan;
