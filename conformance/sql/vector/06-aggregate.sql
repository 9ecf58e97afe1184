-- avg and sum.

SELECT avg(v) FROM unnest(ARRAY['[1,2,3]'::vector, '[3,5,7]']) v;
--> [2,3.5,5]
SELECT avg(v) FROM unnest(ARRAY['[1,2,3]'::vector, '[3,5,7]', NULL]) v;
--> [2,3.5,5]
SELECT avg(v) FROM unnest(ARRAY[]::vector[]) v;
--> NULL
SELECT avg(v) FROM unnest(ARRAY['[1,2]'::vector, '[3]']) v;
--> ERROR 22000: expected 2 dimensions, not 1
SELECT avg(v) FROM unnest(ARRAY['[3e38]'::vector, '[3e38]']) v;
--> [3e+38]
SELECT avg(v) FILTER (WHERE v > '[2]') FROM unnest(ARRAY['[1]'::vector, '[3]', '[5]']) v;
--> [4]
SELECT sum(v) FROM unnest(ARRAY['[1,2,3]'::vector, '[3,5,7]']) v;
--> [4,7,10]
SELECT sum(v) FROM unnest(ARRAY['[1,2,3]'::vector, '[3,5,7]', NULL]) v;
--> [4,7,10]
SELECT sum(v) FROM unnest(ARRAY[]::vector[]) v;
--> NULL
SELECT sum(v) FROM unnest(ARRAY['[1,2]'::vector, '[3]']) v;
--> ERROR 22000: different vector dimensions 2 and 1
SELECT sum(v) FROM unnest(ARRAY['[3e38]'::vector, '[3e38]']) v;
--> ERROR 22003: value out of range: overflow

SELECT g % 3, avg(ARRAY[g, -g]::vector), sum(ARRAY[g, 2 * g]::vector) FROM generate_series(1, 10) g GROUP BY 1 ORDER BY 1;
--> 0 | [6,-6] | [18,36]
--> 1 | [5.5,-5.5] | [22,44]
--> 2 | [5,-5] | [15,30]
SELECT g, avg(ARRAY[g]::vector) OVER (ORDER BY g ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM generate_series(1, 4) g;
--> 1 | [1]
--> 2 | [1.5]
--> 3 | [2.5]
--> 4 | [3.5]
SELECT g, avg(ARRAY[g]::vector) OVER (ORDER BY g) FROM generate_series(1, 4) g;
--> 1 | [1]
--> 2 | [1.5]
--> 3 | [2]
--> 4 | [2.5]

-- the state, called directly
SELECT vector_accum('{0}', '[1,2]');
--> {1,1,2}
SELECT vector_accum('{1,1,2}', '[1,2]');
--> {2,2,4}
SELECT vector_accum('{1,1,2}', '[1,2,3]');
--> ERROR 22000: expected 2 dimensions, not 3
SELECT vector_accum('{1,1.7976931348623157e308}', '[3e38]');
--> {2,1.7976931348623157e+308}
SELECT vector_accum('{}', '[1]');
--> ERROR XX000: vector_accum: expected state array
SELECT vector_accum('{NULL}', '[1]');
--> ERROR XX000: vector_accum: expected state array
SELECT vector_accum('{{1,2}}', '[1]');
--> ERROR XX000: vector_accum: expected state array
SELECT vector_combine('{0}', '{0}');
--> {0}
SELECT vector_combine('{0}', '{1,2,3}');
--> {1,2,3}
SELECT vector_combine('{1,2,3}', '{0}');
--> {1,2,3}
SELECT vector_combine('{1,2,3}', '{2,3,4}');
--> {3,5,7}
SELECT vector_combine('{1,2,3}', '{2,3}');
--> ERROR 22000: expected 2 dimensions, not 1
SELECT vector_combine('{1,1e308}', '{1,1e308}');
--> ERROR 22003: value out of range: overflow
SELECT vector_combine(array_fill(0::float8, ARRAY[16002]), '{0}');
--> ERROR 54000: vector cannot have more than 16000 dimensions
SELECT vector_combine('{}', '{0}');
--> ERROR XX000: vector_combine: expected state array
SELECT vector_avg('{0}');
--> NULL
SELECT vector_avg('{2,4,6}');
--> [2,3]
SELECT vector_avg('{1}');
--> ERROR 22000: vector must have at least 1 dimension
SELECT vector_avg('{1e-300,1e300}');
--> ERROR 22000: infinite value not allowed in vector
SELECT vector_avg('{1,NaN}');
--> ERROR 22000: NaN not allowed in vector
SELECT vector_avg(array_fill(1::float8, ARRAY[16002]));
--> ERROR 54000: vector cannot have more than 16000 dimensions

-- one state variable used twice must not change
SELECT s, vector_accum(s, '[1]'), vector_accum(s, '[1]'), s FROM (SELECT '{1,5}'::float8[] OFFSET 0) t(s);
--> {1,5} | {2,6} | {2,6} | {1,5}

-- partial aggregation in parallel workers
CREATE TABLE many (v vector);
INSERT INTO many SELECT ARRAY[g % 512, -(g % 512), 1]::vector FROM generate_series(1, 20000) g;
ANALYZE many;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT avg(v), sum(v) FROM many WHERE v IS NOT NULL;
--> [255.1176,-255.1176,1] | [5.102352e+06,-5.102352e+06,20000]
DROP TABLE many;
