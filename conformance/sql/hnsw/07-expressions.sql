-- Indexes of expressions, of a part of the rows, and columns that hold several dimensions.
SET enable_seqscan = off;

-- partial
CREATE TABLE t (id int, c int, v vector(2));
INSERT INTO t SELECT i, i % 3, ARRAY[i, 0] FROM generate_series(1, 30) i;
CREATE INDEX part ON t USING hnsw (v vector_l2_ops) WHERE c = 1;
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE c = 1 ORDER BY v <-> '[0,0]' LIMIT 3;
--> Limit
-->   ->  Index Scan using part on t
-->         Order By: (v <-> '[0,0]'::vector)
SELECT id FROM t WHERE c = 1 ORDER BY v <-> '[0,0]' LIMIT 3;
--> 1
--> 4
--> 7
INSERT INTO t VALUES (100, 1, '[0,0]'), (101, 2, '[0,0]');
SELECT id FROM t WHERE c = 1 ORDER BY v <-> '[0,0]' LIMIT 3;
--> 100
--> 1
--> 4
UPDATE t SET c = 1 WHERE id = 2;
UPDATE t SET c = 2 WHERE id = 4;
SELECT id FROM t WHERE c = 1 ORDER BY v <-> '[0,0]' LIMIT 4;
--> 100
--> 1
--> 2
--> 7
DROP TABLE t;

-- a cast gives the dimensions that the column has not
CREATE TABLE t (id int, v vector);
INSERT INTO t VALUES (1, '[1,1]'), (2, '[2,2]'), (3, '[3,3]');
CREATE INDEX ON t USING hnsw ((v::vector(2)) vector_l2_ops);
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY v::vector(2) <-> '[3,3.4]' LIMIT 2;
--> Limit
-->   ->  Index Scan using t_v_idx on t
-->         Order By: ((v)::vector(2) <-> '[3,3.4]'::vector)
SELECT id FROM t ORDER BY v::vector(2) <-> '[3,3.4]' LIMIT 2;
--> 3
--> 2
INSERT INTO t VALUES (4, '[1,2,3]');
--> ERROR 22000: expected 2 dimensions, not 3
INSERT INTO t VALUES (4, '[4,4]');
SELECT id FROM t ORDER BY v::vector(2) <-> '[3,3.4]' LIMIT 2;
--> 3
--> 4
CREATE INDEX ON t USING hnsw ((v::vector(3)) vector_l2_ops);
--> ERROR 22000: expected 3 dimensions, not 2
CREATE INDEX ON t USING hnsw ((v::vector) vector_l2_ops);
--> ERROR 22023: column does not have dimensions
CREATE INDEX ON t USING hnsw ((v || v) vector_l2_ops);
--> ERROR 22023: column does not have dimensions
CREATE INDEX ON t USING hnsw ((l2_normalize(v)) vector_l2_ops);
--> ERROR 22023: column does not have dimensions
DROP TABLE t;

-- several dimensions in one column, an index for each
CREATE TABLE t (id int, v vector);
INSERT INTO t VALUES (1, '[1,1]'), (2, '[2,2]'), (3, '[1,2,3]'), (4, '[1,2,4]'), (5, NULL);
CREATE INDEX two ON t USING hnsw ((v::vector(2)) vector_l2_ops) WHERE vector_dims(v) = 2;
CREATE INDEX three ON t USING hnsw ((v::vector(3)) vector_cosine_ops) WHERE vector_dims(v) = 3;
INSERT INTO t VALUES (6, '[5,5]'), (7, '[0,0,1]'), (8, '[1,2,3,4]');
EXPLAIN (COSTS OFF) SELECT id FROM t WHERE vector_dims(v) = 2 ORDER BY v::vector(2) <-> '[2,1]' LIMIT 5;
--> Limit
-->   ->  Index Scan using two on t
-->         Order By: ((v)::vector(2) <-> '[2,1]'::vector)
SELECT id FROM t WHERE vector_dims(v) = 2 ORDER BY v::vector(2) <-> '[9,9]' LIMIT 5;
--> 6
--> 2
--> 1
SELECT id FROM t WHERE vector_dims(v) = 3 ORDER BY v::vector(3) <=> '[0,0,2]' LIMIT 5;
--> 7
--> 4
--> 3
DROP TABLE t;

-- other expressions
CREATE TABLE t (id int, a real[], v vector(4));
INSERT INTO t SELECT i, ARRAY[i, i + 1, 0], ARRAY[i, 1, 2, 3] FROM generate_series(1, 20) i;
CREATE INDEX ON t USING hnsw ((a::vector(3)) vector_l2_ops);
CREATE INDEX ON t USING hnsw ((subvector(v, 1, 2)::vector(2)) vector_l2_ops);
CREATE INDEX ON t USING hnsw ((l2_normalize(v)::vector(4)) vector_l2_ops);
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY a::vector(3) <-> '[7,8,0]' LIMIT 3;
--> Limit
-->   ->  Index Scan using t_a_idx on t
-->         Order By: ((a)::vector(3) <-> '[7,8,0]'::vector)
SELECT id FROM t ORDER BY a::vector(3) <-> '[7,8,1]' LIMIT 1;
--> 7
EXPLAIN (COSTS OFF) SELECT id FROM t ORDER BY subvector(v, 1, 2)::vector(2) <-> '[3,1]' LIMIT 3;
--> Limit
-->   ->  Index Scan using t_subvector_idx on t
-->         Order By: ((subvector(v, 1, 2))::vector(2) <-> '[3,1]'::vector)
SELECT id FROM t ORDER BY subvector(v, 1, 2)::vector(2) <-> '[0,1]' LIMIT 3;
--> 1
--> 2
--> 3
SELECT id FROM t ORDER BY l2_normalize(v)::vector(4) <-> '[1,0,0,0]' LIMIT 3;
--> 20
--> 19
--> 18
INSERT INTO t VALUES (21, ARRAY[7, 8, NULL], '[0,0,0,0]');
--> ERROR 22004: array must not contain nulls
INSERT INTO t VALUES (21, ARRAY[7, 8], '[0,0,0,0]');
--> ERROR 22000: expected 3 dimensions, not 2
INSERT INTO t VALUES (21, NULL, NULL);
DROP TABLE t;

-- A query must have the index's dimensions, also where the index is empty. NULL has none.
CREATE TABLE t (id int, v vector(3));
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
SELECT id FROM t ORDER BY v <-> '[1,2]' LIMIT 0;
SELECT id FROM t ORDER BY v <-> '[1,2]' LIMIT 1;
--> ERROR 22000: expected 3 dimensions, not 2
SELECT id FROM t ORDER BY v <-> NULL::vector(2) LIMIT 1;
INSERT INTO t VALUES (1, '[1,2,3]');
SELECT id FROM t ORDER BY v <-> '[1,2]' LIMIT 1;
--> ERROR 22000: expected 3 dimensions, not 2
SELECT id FROM t ORDER BY v <-> '[1,2,3,4]' LIMIT 1;
--> ERROR 22000: expected 3 dimensions, not 4
SELECT id FROM t ORDER BY v <-> '[1,2'::text::vector LIMIT 1;
--> ERROR 22P02: invalid input syntax for type vector: "[1,2"
SELECT id FROM t ORDER BY v <-> '[1,2,3]' LIMIT 1;
--> 1
DROP TABLE t;
CREATE TABLE t (id int, v vector(3));
CREATE INDEX ON t USING hnsw (v vector_ip_ops);
INSERT INTO t VALUES (1, '[1,2,3]');
SELECT id FROM t ORDER BY v <#> '[1,2]' LIMIT 1;
--> ERROR 22000: expected 3 dimensions, not 2
DROP TABLE t;
CREATE TABLE t (id int, v vector(3));
CREATE INDEX ON t USING hnsw (v vector_cosine_ops);
INSERT INTO t VALUES (1, '[1,2,3]');
SELECT id FROM t ORDER BY v <=> '[1,2]' LIMIT 1;
--> ERROR 22000: expected 3 dimensions, not 2
SELECT id FROM t ORDER BY v <=> '[0,0]' LIMIT 1;
--> ERROR 22000: expected 3 dimensions, not 2
DROP TABLE t;
CREATE TABLE t (id int, v vector(3));
CREATE INDEX ON t USING hnsw (v vector_l1_ops);
INSERT INTO t VALUES (1, '[1,2,3]');
SELECT id FROM t ORDER BY v <+> '[1,2]' LIMIT 1;
--> ERROR 22000: expected 3 dimensions, not 2
DROP TABLE t;

-- What counts are the dimensions that the index was built with, not what the catalogs say now.
CREATE TABLE t (id int, v vector(3));
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
UPDATE pg_attribute SET atttypmod = 2 WHERE attrelid IN ('t'::regclass, 't_v_idx'::regclass) AND attname = 'v';
INSERT INTO t VALUES (1, '[1,2]');
--> ERROR 22000: expected 3 dimensions, not 2
SELECT id FROM t ORDER BY v <-> '[1,2]' LIMIT 1;
--> ERROR 22000: expected 3 dimensions, not 2
REINDEX TABLE t;
INSERT INTO t VALUES (1, '[1,2]');
SELECT id FROM t ORDER BY v <-> '[1,2]' LIMIT 1;
--> 1
DROP TABLE t;

-- generated columns and domains
CREATE TABLE t (a real, b real, v vector(2) GENERATED ALWAYS AS (ARRAY[a, b]::vector(2)) STORED);
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
INSERT INTO t VALUES (1, 2), (3, 4);
UPDATE t SET a = 10 WHERE a = 1;
SELECT v FROM t ORDER BY v <-> '[9,9]';
--> [10,2]
--> [3,4]
DROP TABLE t;
CREATE DOMAIN embedding AS vector(2);
CREATE TABLE t (v embedding);
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
--> ERROR 22023: column does not have dimensions
CREATE INDEX ON t USING hnsw ((v::vector(2)) vector_l2_ops);
DROP TABLE t;
DROP DOMAIN embedding;
RESET enable_seqscan;
