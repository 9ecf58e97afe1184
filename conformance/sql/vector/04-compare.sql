-- Order, btree, grouping.

SELECT '[1,2,3]'::vector < '[1,2,3]', '[1,2,3]'::vector <= '[1,2,3]', '[1,2,3]'::vector = '[1,2,3]';
--> f | t | t
SELECT '[1,2,3]'::vector <> '[1,2,3]', '[1,2,3]'::vector >= '[1,2,3]', '[1,2,3]'::vector > '[1,2,3]';
--> f | t | f
SELECT '[1,2,3]'::vector < '[1,2]', '[1,2,3]'::vector > '[1,2]', '[1,2]'::vector < '[1,2,3]', '[9]'::vector > '[1,2,3]';
--> f | t | t | t
SELECT vector_cmp('[1,2,3]', '[1,2,3]'), vector_cmp('[1,2,3]', '[0,0,0]'), vector_cmp('[0,0,0]', '[1,2,3]');
--> 0 | 1 | -1
SELECT vector_cmp('[1,2]', '[1,2,3]'), vector_cmp('[1,2,3]', '[1,2]'), vector_cmp('[2,3]', '[1,2,3]');
--> -1 | 1 | 1
SELECT '[0]'::vector = '[-0]', vector_cmp('[-0,1]', '[0,0]');
--> t | 1

CREATE TABLE ordered (v vector);
INSERT INTO ordered VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL), ('[1,2]'), ('[1,2,3]');
SELECT v FROM ordered ORDER BY v;
--> [0,0,0]
--> [1,1,1]
--> [1,2]
--> [1,2,3]
--> [1,2,3]
--> NULL
SELECT v FROM ordered ORDER BY v DESC NULLS LAST;
--> [1,2,3]
--> [1,2,3]
--> [1,2]
--> [1,1,1]
--> [0,0,0]
--> NULL
SELECT v, count(*) FROM ordered GROUP BY v ORDER BY v;
--> [0,0,0] | 1
--> [1,1,1] | 1
--> [1,2] | 1
--> [1,2,3] | 2
--> NULL | 1
SELECT count(DISTINCT v) FROM ordered;
--> 4
CREATE INDEX ON ordered (v);
SET enable_seqscan = off;
SELECT v FROM ordered WHERE v = '[1,2,3]';
--> [1,2,3]
--> [1,2,3]
SELECT v FROM ordered WHERE v > '[1,1,1]' ORDER BY v;
--> [1,2]
--> [1,2,3]
--> [1,2,3]
SELECT v FROM ordered WHERE v <= '[1,2]' ORDER BY v;
--> [0,0,0]
--> [1,1,1]
--> [1,2]
RESET enable_seqscan;
CREATE UNIQUE INDEX ON ordered (v);
--> ERROR 23505: could not create unique index "ordered_v_idx1"
--> DETAIL: Key (v)=([1,2,3]) is duplicated.
DROP TABLE ordered;

-- sorting values that are stored out of line
CREATE TABLE wide (id int, v vector);
INSERT INTO wide SELECT i, array_fill((97 - i)::real, ARRAY[1500])::vector || array_fill(i::real, ARRAY[10])::vector FROM generate_series(1, 50) i;
SELECT min(id), max(id) FROM (SELECT id FROM wide ORDER BY v LIMIT 3) s;
--> 48 | 50
SELECT count(*) FROM wide a JOIN wide b ON a.v = b.v;
--> 50
DROP TABLE wide;
