-- Every operator class: an index on three rows and a NULL, one row more, and every row in order.
-- The distances of each query are different, so that the order is decided.
SET enable_seqscan = off;

-- L2
CREATE TABLE t (v vector(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
CREATE INDEX t_idx ON t USING hnsw (v vector_l2_ops);
INSERT INTO t VALUES ('[1,2,4]');
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <-> '[3,3,3]';
--> Index Scan using t_idx on t
-->   Order By: (v <-> '[3,3,3]'::vector)
SELECT v, v <-> '[3,3,3]' FROM t ORDER BY v <-> '[3,3,3]';
--> [1,2,3] | 2.23606797749979
--> [1,2,4] | 2.449489742783178
--> [1,1,1] | 3.4641016151377544
--> [0,0,0] | 5.196152422706632
SELECT v FROM t ORDER BY v <-> '[3,3,3]' LIMIT 2;
--> [1,2,3]
--> [1,2,4]
SELECT v FROM t ORDER BY v <-> '[3,3,3]' OFFSET 2;
--> [1,1,1]
--> [0,0,0]
-- The operands may change places.
SELECT v FROM t ORDER BY '[3,3,3]' <-> v;
--> [1,2,3]
--> [1,2,4]
--> [1,1,1]
--> [0,0,0]
-- A NULL query returns what is indexed, in no order; NULLs are not.
SELECT count(*), count(v) FROM (SELECT v FROM t ORDER BY v <-> NULL::vector) q;
--> 5 | 4
SELECT count(*), count(v) FROM (SELECT v FROM t ORDER BY v <-> (SELECT NULL::vector)) q;
--> 4 | 4
SELECT count(*), count(v) FROM t;
--> 5 | 4
-- An infinite distance comes last.
INSERT INTO t VALUES ('[3e38,3e38,3e38]');
SELECT v, v <-> '[3,3,3]' FROM t ORDER BY v <-> '[3,3,3]' OFFSET 3;
--> [0,0,0] | 5.196152422706632
--> [3e+38,3e+38,3e+38] | Infinity
DROP TABLE t;

-- inner product
CREATE TABLE t (v vector(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
CREATE INDEX ON t USING hnsw (v vector_ip_ops);
INSERT INTO t VALUES ('[1,2,4]');
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <#> '[3,3,3]';
--> Index Scan using t_v_idx on t
-->   Order By: (v <#> '[3,3,3]'::vector)
SELECT v, v <#> '[3,3,3]' FROM t ORDER BY v <#> '[3,3,3]';
--> [1,2,4] | -21
--> [1,2,3] | -18
--> [1,1,1] | -9
--> [0,0,0] | -0
SELECT v FROM t ORDER BY v <#> '[-1,0,-1]';
--> [0,0,0]
--> [1,1,1]
--> [1,2,3]
--> [1,2,4]
SELECT count(*), count(v) FROM (SELECT v FROM t ORDER BY v <#> (SELECT NULL::vector)) q;
--> 4 | 4
DROP TABLE t;

-- cosine: the zero vector is not indexed
CREATE TABLE t (v vector(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
CREATE INDEX ON t USING hnsw (v vector_cosine_ops);
INSERT INTO t VALUES ('[1,2,4]'), ('[0,0,0]');
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <=> '[3,3,3]';
--> Index Scan using t_v_idx on t
-->   Order By: (v <=> '[3,3,3]'::vector)
SELECT v FROM t ORDER BY v <=> '[3,3,3]';
--> [1,1,1]
--> [1,2,3]
--> [1,2,4]
SELECT v FROM t ORDER BY v <=> '[-1,-1,0]';
--> [1,2,4]
--> [1,2,3]
--> [1,1,1]
-- The query is normalized as the rows are: its length does not matter.
SELECT v FROM t ORDER BY v <=> '[3e-20,3e-20,3e-20]';
--> [1,1,1]
--> [1,2,3]
--> [1,2,4]
SELECT v FROM t ORDER BY v <=> '[3e15,3e15,3e15]';
--> [1,1,1]
--> [1,2,3]
--> [1,2,4]
-- A zero query has no distances; every indexed row comes.
SELECT count(*) FROM (SELECT v FROM t ORDER BY v <=> '[0,0,0]') q;
--> 3
SELECT count(*) FROM (SELECT v FROM t ORDER BY v <=> (SELECT NULL::vector)) q;
--> 3
SELECT a.v, b.v FROM t a CROSS JOIN LATERAL (SELECT v FROM t ORDER BY v <=> a.v LIMIT 1) b WHERE a.v <> '[0,0,0]' ORDER BY a.v;
--> [1,1,1] | [1,1,1]
--> [1,2,3] | [1,2,3]
--> [1,2,4] | [1,2,4]
DROP TABLE t;

-- cosine, from an empty index and with nothing but what it leaves out
CREATE TABLE t (v vector(2));
CREATE INDEX ON t USING hnsw (v vector_cosine_ops);
INSERT INTO t VALUES ('[0,0]'), (NULL);
SELECT v FROM t ORDER BY v <=> '[1,1]';
INSERT INTO t VALUES ('[1,0]'), ('[1,3]'), ('[-2,0]');
SELECT v, v <=> '[2,0]' FROM t ORDER BY v <=> '[2,0]';
--> [1,0] | 0
--> [1,3] | 0.683772233983162
--> [-2,0] | 2
DROP TABLE t;

-- L1
CREATE TABLE t (v vector(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
CREATE INDEX ON t USING hnsw (v vector_l1_ops);
INSERT INTO t VALUES ('[1,2,4]');
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <+> '[3,2,3]';
--> Index Scan using t_v_idx on t
-->   Order By: (v <+> '[3,2,3]'::vector)
SELECT v, v <+> '[3,2,3]' FROM t ORDER BY v <+> '[3,2,3]';
--> [1,2,3] | 2
--> [1,2,4] | 3
--> [1,1,1] | 5
--> [0,0,0] | 8
SELECT count(*), count(v) FROM (SELECT v FROM t ORDER BY v <+> (SELECT NULL::vector)) q;
--> 4 | 4
DROP TABLE t;

-- One column with an index for each operator: each query finds its own.
CREATE TABLE t (v vector(2));
INSERT INTO t VALUES ('[1,0]'), ('[10,1]'), ('[4,4]');
CREATE INDEX l2 ON t USING hnsw (v vector_l2_ops);
CREATE INDEX ip ON t USING hnsw (v vector_ip_ops);
CREATE INDEX cosine ON t USING hnsw (v vector_cosine_ops);
CREATE INDEX l1 ON t USING hnsw (v vector_l1_ops);
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <-> '[3,1]' LIMIT 2;
--> Limit
-->   ->  Index Scan using l2 on t
-->         Order By: (v <-> '[3,1]'::vector)
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <#> '[3,1]' LIMIT 2;
--> Limit
-->   ->  Index Scan using ip on t
-->         Order By: (v <#> '[3,1]'::vector)
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <=> '[3,1]' LIMIT 2;
--> Limit
-->   ->  Index Scan using cosine on t
-->         Order By: (v <=> '[3,1]'::vector)
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <+> '[3,1]' LIMIT 2;
--> Limit
-->   ->  Index Scan using l1 on t
-->         Order By: (v <+> '[3,1]'::vector)
SELECT v FROM t ORDER BY v <-> '[3,1]';
--> [1,0]
--> [4,4]
--> [10,1]
SELECT v FROM t ORDER BY v <#> '[3,1]';
--> [10,1]
--> [4,4]
--> [1,0]
SELECT v FROM t ORDER BY v <=> '[3,1]';
--> [10,1]
--> [1,0]
--> [4,4]
SELECT v FROM t ORDER BY v <+> '[3,1]';
--> [1,0]
--> [4,4]
--> [10,1]
DROP TABLE t;
RESET enable_seqscan;
