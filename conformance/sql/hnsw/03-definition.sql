-- What may be indexed, and with which options.
CREATE TABLE t (id int, v vector(3), w vector, x real[], y bit(3));

-- an operator class must be named, and be one for the type
CREATE INDEX ON t USING hnsw (v);
--> ERROR 42704: data type vector has no default operator class for access method "hnsw"
--> HINT: You must specify an operator class for the index or define a default operator class for the data type.
CREATE INDEX ON t USING hnsw (v vector_ops);
--> ERROR 42704: operator class "vector_ops" does not exist for access method "hnsw"
CREATE INDEX ON t USING hnsw (x vector_l2_ops);
--> ERROR 42804: operator class "vector_l2_ops" does not accept data type real[]
CREATE INDEX ON t USING hnsw (id vector_l2_ops);
--> ERROR 42804: operator class "vector_l2_ops" does not accept data type integer
CREATE INDEX ON t USING hnsw (y vector_l2_ops);
--> ERROR 42804: operator class "vector_l2_ops" does not accept data type bit
CREATE INDEX ON t USING hnsw (v no_such_ops);
--> ERROR 42704: operator class "no_such_ops" does not exist for access method "hnsw"
CREATE INDEX ON t USING hnsw (nothing vector_l2_ops);
--> ERROR 42703: column "nothing" does not exist
CREATE INDEX ON t USING btree (v vector_l2_ops);
--> ERROR 42704: operator class "vector_l2_ops" does not exist for access method "btree"

-- what the access method cannot do
CREATE UNIQUE INDEX ON t USING hnsw (v vector_l2_ops);
--> ERROR 0A000: access method "hnsw" does not support unique indexes
CREATE INDEX ON t USING hnsw (v vector_l2_ops, w vector_l2_ops);
--> ERROR 0A000: access method "hnsw" does not support multicolumn indexes
CREATE INDEX ON t USING hnsw (v vector_l2_ops) INCLUDE (id);
--> ERROR 0A000: access method "hnsw" does not support included columns
CREATE INDEX ON t USING hnsw (v vector_l2_ops DESC);
--> ERROR 0A000: access method "hnsw" does not support ASC/DESC options
CREATE INDEX ON t USING hnsw (v vector_l2_ops NULLS FIRST);
--> ERROR 0A000: access method "hnsw" does not support NULLS FIRST/LAST options

-- dimensions
CREATE INDEX ON t USING hnsw (w vector_l2_ops);
--> ERROR 22023: column does not have dimensions
CREATE TABLE wide (v vector(2000), w vector(2001));
CREATE INDEX ON wide USING hnsw (v vector_l2_ops);
CREATE INDEX ON wide USING hnsw (w vector_l2_ops);
--> ERROR 54000: column cannot have more than 2000 dimensions for hnsw index
CREATE INDEX ON wide USING hnsw (w vector_cosine_ops);
--> ERROR 54000: column cannot have more than 2000 dimensions for hnsw index
INSERT INTO wide (v) SELECT array_agg(i)::vector(2000) FROM generate_series(1, 2000) i;
SET enable_seqscan = off;
SELECT vector_dims(v) FROM wide ORDER BY v <-> (SELECT array_agg(1)::vector(2000) FROM generate_series(1, 2000));
--> 2000
RESET enable_seqscan;
DROP TABLE wide;
CREATE TABLE narrow (v vector(1));
CREATE INDEX ON narrow USING hnsw (v vector_l2_ops);
CREATE INDEX ON narrow USING hnsw (v vector_ip_ops);
CREATE INDEX ON narrow USING hnsw (v vector_cosine_ops);
CREATE INDEX ON narrow USING hnsw (v vector_l1_ops);
DROP TABLE narrow;

-- options
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (m = 1);
--> ERROR 22023: value 1 out of bounds for option "m"
--> DETAIL: Valid values are between "2" and "100".
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (m = 101);
--> ERROR 22023: value 101 out of bounds for option "m"
--> DETAIL: Valid values are between "2" and "100".
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (m = many);
--> ERROR 22023: invalid value for integer option "m": many
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (m = 16.5);
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (m);
--> ERROR 22023: invalid value for integer option "m": true
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (m = 2, m = 3);
--> ERROR 22023: parameter "m" specified more than once
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (ef_construction = 3);
--> ERROR 22023: value 3 out of bounds for option "ef_construction"
--> DETAIL: Valid values are between "4" and "1000".
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (ef_construction = 1001);
--> ERROR 22023: value 1001 out of bounds for option "ef_construction"
--> DETAIL: Valid values are between "4" and "1000".
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (ef_construction = 31);
--> ERROR 22023: ef_construction must be greater than or equal to 2 * m
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (m = 33);
--> ERROR 22023: ef_construction must be greater than or equal to 2 * m
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (m = 16, ef_construction = 31);
--> ERROR 22023: ef_construction must be greater than or equal to 2 * m
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (lists = 100);
--> ERROR 22023: unrecognized parameter "lists"
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (fillfactor = 70);
--> ERROR 22023: unrecognized parameter "fillfactor"
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (no.such = 1);
--> ERROR 22023: unrecognized parameter namespace "no"
CREATE INDEX a ON t USING hnsw (v vector_l2_ops) WITH (m = 16, ef_construction = 32);
CREATE INDEX b ON t USING hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 4);
CREATE INDEX c ON t USING hnsw (v vector_l2_ops) WITH (m = 100, ef_construction = 1000);
CREATE INDEX d ON t USING hnsw (v vector_l2_ops) WITH (M = 7, "ef_construction" = '50');
SELECT relname, reloptions::text FROM pg_class WHERE relname IN ('a', 'b', 'c', 'd') ORDER BY 1;
--> a | {m=16,ef_construction=32}
--> b | {m=2,ef_construction=4}
--> c | {m=100,ef_construction=1000}
--> d | {m=7,ef_construction=50}
SELECT pg_get_indexdef('d'::regclass);
--> CREATE INDEX d ON public.t USING hnsw (v vector_l2_ops) WITH (m='7', ef_construction='50')

-- Options that are changed later count at the next build.
ALTER INDEX a SET (m = 8);
ALTER INDEX a SET (m = 500);
--> ERROR 22023: value 500 out of bounds for option "m"
--> DETAIL: Valid values are between "2" and "100".
ALTER INDEX a SET (lists = 5);
--> ERROR 22023: unrecognized parameter "lists"
ALTER INDEX a SET (ef_construction = 15);
REINDEX INDEX a;
--> ERROR 22023: ef_construction must be greater than or equal to 2 * m
ALTER INDEX a RESET (ef_construction);
REINDEX INDEX a;
ALTER INDEX a RESET (m);
SELECT relname, reloptions::text FROM pg_class WHERE relname = 'a';
--> a | NULL
INSERT INTO t (id, v) VALUES (1, '[1,2,3]');
SET enable_seqscan = off;
SELECT v FROM t ORDER BY v <-> '[1,1,1]';
--> [1,2,3]
RESET enable_seqscan;

-- what is not for it
CLUSTER t USING a;
--> ERROR 0A000: cannot cluster on index "a" because access method does not support clustering
ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX a;
--> ERROR 42809: "a" is not a unique index
--> DETAIL: Cannot create a primary key or unique constraint using such an index.
ALTER TABLE t REPLICA IDENTITY USING INDEX a;
--> ERROR 42809: cannot use non-unique index "a" as replica identity
DROP TABLE t;

-- A row of the wrong type or dimensions never reaches the index.
CREATE TABLE t (v vector(3));
CREATE INDEX ON t USING hnsw (v vector_l2_ops);
INSERT INTO t VALUES ('[1,2]');
--> ERROR 22000: expected 3 dimensions, not 2
INSERT INTO t VALUES ('[1,2,3,4]');
--> ERROR 22000: expected 3 dimensions, not 4
INSERT INTO t VALUES (ARRAY[1,2]);
--> ERROR 22000: expected 3 dimensions, not 2
DROP TABLE t;

-- properties that the planner and clients ask for
SELECT p, pg_indexam_has_property(oid, p) FROM pg_am, unnest(ARRAY['can_order', 'can_unique', 'can_multi_col', 'can_exclude', 'can_include']) p WHERE amname = 'hnsw';
--> can_order | f
--> can_unique | f
--> can_multi_col | f
--> can_exclude | t
--> can_include | f
CREATE TABLE t (v vector(3));
CREATE INDEX i ON t USING hnsw (v vector_l2_ops);
SELECT p, pg_index_has_property('i'::regclass, p) FROM unnest(ARRAY['clusterable', 'index_scan', 'bitmap_scan', 'backward_scan']) p;
--> clusterable | f
--> index_scan | t
--> bitmap_scan | f
--> backward_scan | f
SELECT p, pg_index_column_has_property('i'::regclass, 1, p) FROM unnest(ARRAY['asc', 'desc', 'nulls_first', 'nulls_last', 'orderable', 'distance_orderable', 'returnable', 'search_array', 'search_nulls']) p;
--> asc | f
--> desc | f
--> nulls_first | f
--> nulls_last | f
--> orderable | f
--> distance_orderable | NULL
--> returnable | f
--> search_array | f
--> search_nulls | f
SELECT amvalidate(oid) FROM pg_opclass WHERE opcmethod = (SELECT oid FROM pg_am WHERE amname = 'hnsw') AND opcintype = 'vector'::regtype;
--> t
--> t
--> t
--> t
SELECT pg_get_indexdef('i'::regclass), pg_get_indexdef('i'::regclass, 1, true);
--> CREATE INDEX i ON public.t USING hnsw (v vector_l2_ops) | v
ANALYZE t;
SELECT relpages > 0, reltuples, relkind, relam = (SELECT oid FROM pg_am WHERE amname = 'hnsw') FROM pg_class WHERE relname = 'i';
--> t | 0 | i | t
DROP TABLE t;

-- an operator class of one's own
CREATE OPERATOR CLASS my_ops FOR TYPE vector USING hnsw AS OPERATOR 1 <-> FOR ORDER BY float_ops, FUNCTION 4 l2_distance(vector, vector);
--> ERROR 42P17: invalid function number 4, must be between 1 and 3
CREATE OPERATOR CLASS my_ops FOR TYPE vector USING hnsw AS OPERATOR 1 <-> FOR ORDER BY float_ops, FUNCTION 1 l2_distance(vector, vector);
CREATE TABLE t (v vector(2));
INSERT INTO t VALUES ('[1,1]'), ('[3,3]'), ('[2,2]');
CREATE INDEX ON t USING hnsw (v my_ops);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT v FROM t ORDER BY v <-> '[0,0]';
--> Index Scan using t_v_idx on t
-->   Order By: (v <-> '[0,0]'::vector)
SELECT v FROM t ORDER BY v <-> '[0,0]';
--> [1,1]
--> [2,2]
--> [3,3]
RESET enable_seqscan;
DROP TABLE t;
DROP OPERATOR FAMILY my_ops USING hnsw;
