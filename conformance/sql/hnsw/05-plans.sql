-- When the index is chosen, and when it is not.
--
-- Plans are given as the names of their nodes, which are the same in every version of the server.
CREATE FUNCTION nodes(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text
; found text := ''
; BEGIN FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    line := substring(line from '^ *(?:-> *)?([A-Z][A-Za-z -]*(?: using \w+)?(?: on \w+)?)')
  ; IF line ~ 'Scan|Sort|Limit|Join|Loop|Aggregate|Append|Memoize|Materialize|Result'
      AND line !~ 'Sort Key|Presorted' THEN found := found || ' < ' || line
  ; END IF
; END LOOP
; RETURN substr(found, 4)
; END $$;
SET max_parallel_workers_per_gather = 0;

CREATE TABLE t (id int, v vector(3), c int);
INSERT INTO t SELECT i, ARRAY[i % 101, i % 37, i % 13], i % 50 FROM generate_series(1, 3000) i;
CREATE INDEX idx ON t USING hnsw (v vector_l2_ops);
ANALYZE t;

-- with ORDER BY and LIMIT: by cost alone
SELECT nodes('SELECT id FROM t ORDER BY v <-> ''[1,2,3]'' LIMIT 5');
--> Limit < Index Scan using idx on t
SELECT nodes('SELECT v <-> ''[1,2,3]'' AS d FROM t ORDER BY d LIMIT 5');
--> Limit < Index Scan using idx on t
SELECT nodes('SELECT id FROM t ORDER BY ''[1,2,3]'' <-> v LIMIT 5');
--> Limit < Index Scan using idx on t
SELECT nodes('SELECT id FROM t ORDER BY v <-> (SELECT v FROM t LIMIT 1) LIMIT 5');
--> Limit < Limit < Seq Scan on t t < Index Scan using idx on t
-- All rows: reading and sorting is cheaper.
SELECT nodes('SELECT id FROM t ORDER BY v <-> ''[1,2,3]''');
--> Sort < Seq Scan on t

-- other operators, directions and expressions
SELECT nodes('SELECT id FROM t ORDER BY v <=> ''[1,2,3]'' LIMIT 5');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT id FROM t ORDER BY v <#> ''[1,2,3]'' LIMIT 5');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT id FROM t ORDER BY v <+> ''[1,2,3]'' LIMIT 5');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT id FROM t ORDER BY v <-> ''[1,2,3]'' DESC LIMIT 5');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT id FROM t ORDER BY v <-> ''[1,2,3]'' NULLS FIRST LIMIT 5');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT id FROM t ORDER BY -(v <-> ''[1,2,3]'') LIMIT 5');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT id FROM t ORDER BY l2_distance(v, ''[1,2,3]'') LIMIT 5');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT id FROM t ORDER BY (v <-> ''[1,2,3]'') + 1 LIMIT 5');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT id FROM t ORDER BY v LIMIT 5');
--> Limit < Sort < Seq Scan on t

-- filters
SELECT nodes('SELECT id FROM t WHERE c = 1 ORDER BY v <-> ''[1,2,3]'' LIMIT 20');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT id FROM t WHERE c <> 1 ORDER BY v <-> ''[1,2,3]'' LIMIT 20');
--> Limit < Index Scan using idx on t
SELECT nodes('SELECT id FROM t WHERE c >= 1 ORDER BY v <-> ''[1,2,3]'' LIMIT 20');
--> Limit < Index Scan using idx on t
SELECT nodes('SELECT id FROM t WHERE c < 1 ORDER BY v <-> ''[1,2,3]'' LIMIT 20');
--> Limit < Sort < Seq Scan on t

-- Without ORDER BY it never is, even where everything else is forbidden.
SELECT nodes('SELECT id FROM t WHERE v <-> ''[1,2,3]'' < 1');
--> Seq Scan on t
SET enable_seqscan = off;
SELECT nodes('SELECT id FROM t');
--> Seq Scan on t
SELECT nodes('SELECT count(*) FROM t');
--> Aggregate < Seq Scan on t
SELECT nodes('SELECT id FROM t LIMIT 1');
--> Limit < Seq Scan on t
SELECT nodes('SELECT id FROM t WHERE v <-> ''[1,2,3]'' < 1');
--> Seq Scan on t
SELECT nodes('SELECT id FROM t WHERE v = ''[1,2,3]''');
--> Seq Scan on t
SELECT nodes('SELECT id FROM t WHERE v IS NULL');
--> Seq Scan on t
SELECT nodes('SELECT id FROM t ORDER BY id LIMIT 1');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT id FROM t ORDER BY v LIMIT 1');
--> Limit < Sort < Seq Scan on t
SELECT nodes('SELECT max(v <-> ''[1,2,3]'') FROM t');
--> Aggregate < Seq Scan on t
SELECT nodes('SELECT min(v <-> ''[1,2,3]'') FROM t');
--> Result < Limit < Index Scan using idx on t
SELECT count(*) FROM t;
--> 3000
SELECT count(*) FROM t WHERE v <-> '[1,2,3]' < 5;
--> 19
-- With it, it is: also for all rows.
SELECT nodes('SELECT id FROM t ORDER BY v <-> ''[1,2,3]''');
--> Index Scan using idx on t
SELECT nodes('SELECT id FROM t WHERE c = 1 ORDER BY v <-> ''[1,2,3]''');
--> Index Scan using idx on t
SELECT nodes('SELECT v FROM t ORDER BY v <-> ''[1,2,3]''');
--> Index Scan using idx on t
RESET enable_seqscan;
SET enable_indexscan = off;
SELECT nodes('SELECT id FROM t ORDER BY v <-> ''[1,2,3]'' LIMIT 1');
--> Limit < Sort < Seq Scan on t
RESET enable_indexscan;

-- joins
CREATE TABLE cat (i int PRIMARY KEY, name text);
INSERT INTO cat SELECT i, 'cat ' || i FROM generate_series(0, 49) i;
ANALYZE cat;
SELECT nodes('SELECT name FROM cat JOIN t ON cat.i = t.c ORDER BY v <-> ''[1,2,3]'' LIMIT 5') LIKE '%Index Scan using idx%';
--> t
SELECT nodes('SELECT * FROM cat CROSS JOIN LATERAL (SELECT id FROM t ORDER BY v <-> ARRAY[cat.i, 1, 2]::vector LIMIT 2) n');
--> Nested Loop < Seq Scan on cat < Limit < Index Scan using idx on t
DROP TABLE cat;

-- An index of another kind, or a partial one, may be better.
CREATE INDEX by_c ON t (c);
SELECT nodes('SELECT id FROM t WHERE c = 1 ORDER BY v <-> ''[1,2,3]'' LIMIT 20');
--> Limit < Sort < Bitmap Heap Scan on t < Bitmap Index Scan on by_c
DROP INDEX by_c;
CREATE INDEX part ON t USING hnsw (v vector_l2_ops) WHERE c = 1;
SELECT nodes('SELECT id FROM t WHERE c = 1 ORDER BY v <-> ''[1,2,3]'' LIMIT 20');
--> Limit < Index Scan using part on t
SELECT nodes('SELECT id FROM t WHERE c = 2 ORDER BY v <-> ''[1,2,3]'' LIMIT 20');
--> Limit < Sort < Seq Scan on t
DROP TABLE t;
DROP FUNCTION nodes;
RESET max_parallel_workers_per_gather;

-- An index of a table without rows.
CREATE TABLE t (v vector(3));
CREATE INDEX idx ON t USING hnsw (v vector_l2_ops);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <-> '[1,2,3]' LIMIT 5;
--> Limit
-->   ->  Index Scan using idx on t
-->         Order By: (v <-> '[1,2,3]'::vector)
SELECT v FROM t ORDER BY v <-> '[1,2,3]' LIMIT 5;
RESET enable_seqscan;
DROP TABLE t;
