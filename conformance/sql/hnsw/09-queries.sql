-- Cursors, prepared statements, subqueries and joins over an index scan.
SET enable_seqscan = off;
CREATE TABLE t (id int, v vector(2));
INSERT INTO t SELECT i, ARRAY[i, 0] FROM generate_series(1, 100) i;
CREATE INDEX ON t USING hnsw (v vector_l2_ops);

-- cursors go forward; backward only where the server keeps the rows
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> '[0,0]';
FETCH 2 FROM c;
--> 1
--> 2
MOVE 3 FROM c;
FETCH FORWARD 1 FROM c;
--> 6
FETCH 100 FROM c;
--> 7
--> 8
--> 9
--> 10
--> 11
--> 12
--> 13
--> 14
--> 15
--> 16
--> 17
--> 18
--> 19
--> 20
--> 21
--> 22
--> 23
--> 24
--> 25
--> 26
--> 27
--> 28
--> 29
--> 30
--> 31
--> 32
--> 33
--> 34
--> 35
--> 36
--> 37
--> 38
--> 39
--> 40
FETCH 1 FROM c;
FETCH BACKWARD 1 FROM c;
--> ERROR 55000: cursor can only scan forward
--> HINT: Declare it with SCROLL option to enable backward scan.
ROLLBACK;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id FROM t ORDER BY v <-> '[0,0]';
FETCH 3 FROM c;
--> 1
--> 2
--> 3
FETCH BACKWARD 2 FROM c;
--> 2
--> 1
FETCH LAST FROM c;
--> 40
FETCH ABSOLUTE 5 FROM c;
--> 5
FETCH FIRST FROM c;
--> 1
COMMIT;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM t ORDER BY v <-> '[50,0]' LIMIT 1;
COMMIT;
FETCH ALL FROM c;
--> 50
CLOSE c;
-- A row that the scan comes to may be deleted before it is fetched; the cursor's snapshot still sees it.
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> '[0,0]';
FETCH 1 FROM c;
--> 1
DELETE FROM t WHERE id = 2;
INSERT INTO t VALUES (0, '[0,0]');
FETCH 2 FROM c;
--> 2
--> 3
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> '[0,0]' FOR UPDATE;
FETCH 1 FROM c;
--> 1
UPDATE t SET id = -1 WHERE CURRENT OF c;
FETCH 1 FROM c;
--> 2
ROLLBACK;

-- iterative cursors
SET hnsw.ef_search = 10;
SET hnsw.iterative_scan = strict_order;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t ORDER BY v <-> '[0,0]';
FETCH 3 FROM c;
--> 1
--> 2
--> 3
MOVE 40 FROM c;
FETCH 3 FROM c;
--> 44
--> 45
--> 46
-- The settings are read again as the scan goes on.
SET hnsw.iterative_scan = off;
MOVE 100 FROM c;
FETCH 1 FROM c;
COMMIT;
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;

-- prepared: custom and generic plans
PREPARE p (vector) AS SELECT id FROM t ORDER BY v <-> $1 LIMIT 3;
SET plan_cache_mode = force_custom_plan;
EXPLAIN (COSTS OFF) EXECUTE p('[30,0]');
--> Limit
-->   ->  Index Scan using t_v_idx on t
-->         Order By: (v <-> '[30,0]'::vector)
EXECUTE p('[30.1,0]');
--> 30
--> 31
--> 29
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE p('[30,0]');
--> Limit
-->   ->  Index Scan using t_v_idx on t
-->         Order By: (v <-> $1)
EXECUTE p('[60.1,0]');
--> 60
--> 61
--> 59
EXECUTE p('[1,2,3]');
--> ERROR 22000: expected 2 dimensions, not 3
DEALLOCATE p;
PREPARE p (vector) AS SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> $1 LIMIT 3) q;
EXECUTE p(NULL);
--> 3
DEALLOCATE p;
PREPARE p (vector, int) AS SELECT id FROM t WHERE id > $2 ORDER BY v <-> $1 LIMIT 1;
EXECUTE p('[0,0]', 5);
--> 6
EXECUTE p('[0,0]', 50);
DEALLOCATE p;
RESET plan_cache_mode;

-- subqueries, joins, rescans with changing queries
SELECT id FROM t ORDER BY v <-> (SELECT v FROM t WHERE id = 42) LIMIT 1;
--> 42
SELECT q.i, n.id FROM generate_series(10, 30, 10) q (i) CROSS JOIN LATERAL (SELECT id FROM t ORDER BY v <-> ARRAY[q.i + 0.2, 0]::vector LIMIT 2) n;
--> 10 | 10
--> 10 | 11
--> 20 | 20
--> 20 | 21
--> 30 | 30
--> 30 | 31
SELECT a.id, (SELECT b.id FROM t b WHERE b.id <> a.id ORDER BY b.v <-> a.v + '[0.1,0]' LIMIT 1) FROM t a WHERE a.id <= 3 ORDER BY a.id;
--> 1 | 2
--> 2 | 3
--> 3 | 4
SELECT q.i, n.id FROM (VALUES (1, '[5.1,0]'::vector), (2, NULL), (3, '[7.1,0]')) q (i, v) LEFT JOIN LATERAL (SELECT id FROM t ORDER BY t.v <-> q.v LIMIT 1) n ON q.v IS NOT NULL ORDER BY 1;
--> 1 | 5
--> 2 | NULL
--> 3 | 7
SELECT id FROM (SELECT id, v FROM t ORDER BY v <-> '[0,0]' LIMIT 5) q ORDER BY id DESC;
--> 5
--> 4
--> 3
--> 2
--> 1
(SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 2) UNION ALL (SELECT id FROM t ORDER BY v <-> '[99.6,0]' LIMIT 2);
--> 1
--> 2
--> 100
--> 99
WITH d AS (DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 2) RETURNING id) SELECT id FROM d ORDER BY 1;
--> 1
--> 2
UPDATE t SET v = '[0,0]' WHERE id = (SELECT id FROM t ORDER BY v <-> '[90,0]' LIMIT 1) RETURNING id;
--> 90
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 2;
--> 90
--> 3
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 0;
SELECT id, row_number() OVER (ORDER BY v <-> '[0,0]') FROM t ORDER BY v <-> '[0,0]' LIMIT 2;
--> 90 | 1
--> 3 | 2
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 1 FOR UPDATE;
--> 90
DROP TABLE t;

-- in functions
CREATE TABLE t (id int, v vector(2));
INSERT INTO t SELECT i, ARRAY[i, 0] FROM generate_series(1, 30) i;
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
CREATE FUNCTION near(vector, int) RETURNS SETOF int LANGUAGE sql STABLE AS $$ SELECT id FROM t ORDER BY v <-> $1 LIMIT $2 $$;
SELECT near('[10.2,0]', 3);
--> 10
--> 11
--> 9
SELECT near('[20.2,0]', 2);
--> 20
--> 21
DROP FUNCTION near;

-- row security is applied above the index
CREATE ROLE reader;
GRANT SELECT ON t TO reader;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON t USING (id % 2 = 0);
SET ROLE reader;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 3;
--> 2
--> 4
--> 6
RESET ROLE;
DROP TABLE t;
DROP ROLE reader;
RESET enable_seqscan;
