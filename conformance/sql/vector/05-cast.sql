-- Casts from and to arrays.

SELECT ARRAY[1,2,3]::vector;
--> [1,2,3]
SELECT ARRAY[1.0,2.5,-3]::vector;
--> [1,2.5,-3]
SELECT ARRAY[1,2,3]::float4[]::vector;
--> [1,2,3]
SELECT ARRAY[1,2.5,3]::float8[]::vector;
--> [1,2.5,3]
SELECT ARRAY[1,2,3]::numeric[]::vector;
--> [1,2,3]
SELECT ARRAY[2147483647,-2147483648,16777217]::vector;
--> [2.1474836e+09,-2.1474836e+09,1.6777216e+07]
SELECT '{1.123456789123456789}'::float8[]::vector, '{1.123456789123456789}'::numeric[]::vector;
--> [1.1234568] | [1.1234568]
SELECT '{NULL}'::real[]::vector;
--> ERROR 22004: array must not contain nulls
SELECT '{1,NULL}'::int[]::vector;
--> ERROR 22004: array must not contain nulls
SELECT '{NULL,1}'::numeric[]::vector;
--> ERROR 22004: array must not contain nulls
SELECT '{NaN}'::real[]::vector;
--> ERROR 22000: NaN not allowed in vector
SELECT '{NaN}'::numeric[]::vector;
--> ERROR 22000: NaN not allowed in vector
SELECT '{Infinity}'::real[]::vector;
--> ERROR 22000: infinite value not allowed in vector
SELECT '{-Infinity,1}'::float8[]::vector;
--> ERROR 22000: infinite value not allowed in vector
SELECT '{1e300}'::float8[]::vector;
--> ERROR 22000: infinite value not allowed in vector
SELECT '{1e-300}'::float8[]::vector;
--> [0]
SELECT '{}'::real[]::vector;
--> ERROR 22000: vector must have at least 1 dimension
SELECT '{}'::int[]::vector;
--> ERROR 22000: vector must have at least 1 dimension
SELECT '{{1,2},{3,4}}'::real[]::vector;
--> ERROR 22000: array must be 1-D
SELECT '{{1}}'::numeric[]::vector;
--> ERROR 22000: array must be 1-D
SELECT '[5:7]={1,2,3}'::int[]::vector;
--> [1,2,3]
SELECT ('[5:7]={1,NULL,3}'::int[])[7:7]::vector;
--> [3]
SELECT array_fill(1::real, ARRAY[16001])::vector;
--> ERROR 54000: vector cannot have more than 16000 dimensions
SELECT vector_dims(array_fill(1::real, ARRAY[16000])::vector);
--> 16000
SELECT ARRAY[1,2,3]::vector(3);
--> [1,2,3]
SELECT ARRAY[1,2,3]::vector(2);
--> ERROR 22000: expected 2 dimensions, not 3
SELECT array_to_vector(ARRAY[1,2,3]::real[], 2, false);
--> ERROR 22000: expected 2 dimensions, not 3
SELECT '[1,2,3]'::vector::real[];
--> {1,2,3}
SELECT ('[1,2,3]'::vector::real[])[2], array_dims('[1,2,3]'::vector::real[]);
--> 2 | [1:3]
SELECT '[1,2.5]'::vector::real[]::float8[];
--> {1,2.5}
SELECT '[1,2,3]'::vector::vector(3), '[1,2,3]'::vector::vector(2);
--> ERROR 22000: expected 2 dimensions, not 3

CREATE TABLE assigned (v vector(3));
INSERT INTO assigned VALUES (ARRAY[1,2,3]), (ARRAY[1.5,2,3]), ('{4,5,6}'::real[]), ('{7,8,9}'::float8[]);
INSERT INTO assigned VALUES (ARRAY[1,2]);
--> ERROR 22000: expected 3 dimensions, not 2
SELECT v FROM assigned ORDER BY v;
--> [1,2,3]
--> [1.5,2,3]
--> [4,5,6]
--> [7,8,9]
UPDATE assigned SET v = v + '[1,1,1]' WHERE v = '[1,2,3]';
SELECT v FROM assigned ORDER BY v;
--> [1.5,2,3]
--> [2,3,4]
--> [4,5,6]
--> [7,8,9]
ALTER TABLE assigned ALTER v TYPE vector(2);
--> ERROR 22000: expected 2 dimensions, not 3
ALTER TABLE assigned ALTER v TYPE real[] USING v::real[];
DROP TABLE assigned;
