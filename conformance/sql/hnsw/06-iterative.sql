-- Iterative scans: what ef_search alone would leave out.
SET enable_seqscan = off;
CREATE TABLE t (id int, v vector(2));
INSERT INTO t SELECT i, ARRAY[i, 0] FROM generate_series(1, 300) i;
CREATE INDEX ON t USING hnsw (v vector_l2_ops);

-- off: no more candidates than ef_search
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[0,0]') q;
--> 40
SET hnsw.ef_search = 5;
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> 1
--> 2
--> 3
--> 4
--> 5
SELECT id FROM t WHERE id > 3 ORDER BY v <-> '[0,0]' LIMIT 5;
--> 4
--> 5
SELECT id FROM t WHERE id > 100 ORDER BY v <-> '[0,0]' LIMIT 5;
SET hnsw.ef_search = 300;
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[0,0]') q;
--> 300
SELECT id FROM t WHERE id > 290 ORDER BY v <-> '[0,0]' LIMIT 5;
--> 291
--> 292
--> 293
--> 294
--> 295

-- on: as many as the query wants
SET hnsw.ef_search = 5;
SET hnsw.iterative_scan = strict_order;
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[0,0]') q;
--> 300
SELECT id FROM t WHERE id > 100 ORDER BY v <-> '[0,0]' LIMIT 5;
--> 101
--> 102
--> 103
--> 104
--> 105
SELECT id FROM t WHERE id % 50 = 0 ORDER BY v <-> '[0,0]';
--> 50
--> 100
--> 150
--> 200
--> 250
--> 300
SELECT id FROM t WHERE id > 1000 ORDER BY v <-> '[0,0]' LIMIT 5;
SET hnsw.iterative_scan = relaxed_order;
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[0,0]') q;
--> 300
SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM t WHERE id % 50 = 0 ORDER BY v <-> '[0,0]') q;
--> {50,100,150,200,250,300}
-- The order is made strict as pgvector's documentation says: by sorting outside.
WITH q AS MATERIALIZED (SELECT id, v <-> '[0,0]' AS d FROM t WHERE id > 250 ORDER BY d LIMIT 5) SELECT id FROM q ORDER BY d + 0;
--> 251
--> 252
--> 253
--> 254
--> 255

-- ef_search = 1
SET hnsw.ef_search = 1;
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[0,0]') q;
--> 300
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 3;
--> 1
--> 2
--> 3
SET hnsw.iterative_scan = strict_order;
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 3;
--> 1
--> 2
--> 3

-- a NULL query, an empty index
SELECT count(*) > 0 FROM (SELECT id FROM t ORDER BY v <-> (SELECT NULL::vector)) q;
--> t
TRUNCATE t;
SELECT id FROM t ORDER BY v <-> '[0,0]';
SET hnsw.iterative_scan = relaxed_order;
SELECT id FROM t ORDER BY v <-> '[0,0]';
-- one row
INSERT INTO t VALUES (1, '[1,1]');
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> 1
SET hnsw.iterative_scan = strict_order;
SELECT id FROM t ORDER BY v <-> '[0,0]';
--> 1
DROP TABLE t;

-- Rescans start anew.
CREATE TABLE t (id int, v vector(2));
INSERT INTO t SELECT i, ARRAY[i, 0] FROM generate_series(1, 100) i;
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
SET hnsw.ef_search = 4;
SELECT q.x, n.id FROM (VALUES (0), (50), (100)) q (x) CROSS JOIN LATERAL (SELECT id FROM t WHERE id % 20 = 0 ORDER BY v <-> ARRAY[q.x - 1, 0]::vector LIMIT 2) n ORDER BY 1, 2;
--> 0 | 20
--> 0 | 40
--> 50 | 40
--> 50 | 60
--> 100 | 80
--> 100 | 100
SET hnsw.iterative_scan = relaxed_order;
SELECT q.x, n.id FROM (VALUES (0), (50), (100)) q (x) CROSS JOIN LATERAL (SELECT id FROM t WHERE id % 20 = 0 ORDER BY v <-> ARRAY[q.x - 1, 0]::vector LIMIT 2) n ORDER BY 1, 2;
--> 0 | 20
--> 0 | 40
--> 50 | 40
--> 50 | 60
--> 100 | 80
--> 100 | 100

-- the cap on tuples: the first batch does not count, then what is left is returned
SET hnsw.max_scan_tuples = 1;
SELECT count(*) BETWEEN 4 AND 99 FROM (SELECT id FROM t ORDER BY v <-> '[0,0]') q;
--> t
SET hnsw.iterative_scan = strict_order;
SELECT count(*) BETWEEN 4 AND 99 FROM (SELECT id FROM t ORDER BY v <-> '[0,0]') q;
--> t
SELECT id FROM t ORDER BY v <-> '[0,0]' LIMIT 4;
--> 1
--> 2
--> 3
--> 4
DROP TABLE t;

-- Equal vectors of which there are more than an element holds.
CREATE TABLE t (id int, v vector(2));
INSERT INTO t SELECT i, '[1,1]' FROM generate_series(1, 40) i;
INSERT INTO t SELECT i, ARRAY[i, i] FROM generate_series(41, 60) i;
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
RESET hnsw.max_scan_tuples;
SET hnsw.ef_search = 1;
SET hnsw.iterative_scan = off;
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> '[1,1]') q;
--> 10
SET hnsw.iterative_scan = strict_order;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <-> '[1,1]') q;
--> 60 | 60
SET hnsw.iterative_scan = relaxed_order;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <-> '[1,1]') q;
--> 60 | 60
DROP TABLE t;

-- the other distances
CREATE TABLE t (id int, v vector(2));
INSERT INTO t SELECT i, ARRAY[cos(i * 0.01), sin(i * 0.01)] FROM generate_series(1, 150) i;
CREATE INDEX ON t USING hnsw (v vector_cosine_ops);
CREATE INDEX ON t USING hnsw (v vector_ip_ops);
CREATE INDEX ON t USING hnsw (v vector_l1_ops);
SET hnsw.ef_search = 3;
SET hnsw.iterative_scan = strict_order;
SELECT id FROM t WHERE id % 10 = 0 ORDER BY v <=> '[1,0]' LIMIT 3;
--> 10
--> 20
--> 30
SELECT id FROM t WHERE id % 10 = 0 ORDER BY v <#> '[1,0]' LIMIT 3;
--> 10
--> 20
--> 30
SELECT id FROM t WHERE id % 10 = 0 ORDER BY v <+> '[1,0]' LIMIT 3;
--> 10
--> 20
--> 30
DROP TABLE t;
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;
RESET hnsw.max_scan_tuples;
RESET enable_seqscan;
