-- Distances, norm, dimensions.

SELECT l2_distance('[0,0]'::vector, '[3,4]');
--> 5
SELECT l2_distance('[0,0]'::vector, '[0,1]');
--> 1
SELECT l2_distance('[1,2]'::vector, '[3]');
--> ERROR 22000: different vector dimensions 2 and 1
SELECT l2_distance('[3e38]'::vector, '[-3e38]');
--> Infinity
SELECT l2_distance('[1,1,1,1,1,1,1,1,1]'::vector, '[1,1,1,1,1,1,1,4,5]');
--> 5
SELECT '[0,0]'::vector <-> '[3,4]';
--> 5
SELECT vector_l2_squared_distance('[0,0]'::vector, '[3,4]');
--> 25

SELECT inner_product('[1,2]'::vector, '[3,4]');
--> 11
SELECT inner_product('[1,2]'::vector, '[3]');
--> ERROR 22000: different vector dimensions 2 and 1
SELECT inner_product('[3e38]'::vector, '[3e38]');
--> Infinity
SELECT inner_product('[1,1,1,1,1,1,1,1,1]'::vector, '[1,2,3,4,5,6,7,8,9]');
--> 45
SELECT '[1,2]'::vector <#> '[3,4]';
--> -11
SELECT vector_negative_inner_product('[1,2]'::vector, '[3,4]');
--> -11

SELECT cosine_distance('[1,2]'::vector, '[2,4]');
--> 0
SELECT cosine_distance('[1,2]'::vector, '[0,0]');
--> NaN
SELECT cosine_distance('[1,1]'::vector, '[1,1]');
--> 0
SELECT cosine_distance('[1,0]'::vector, '[0,2]');
--> 1
SELECT cosine_distance('[1,1]'::vector, '[-1,-1]');
--> 2
SELECT cosine_distance('[1,2]'::vector, '[3]');
--> ERROR 22000: different vector dimensions 2 and 1
SELECT cosine_distance('[1,1]'::vector, '[1.1,1.1]');
--> 0
SELECT cosine_distance('[1,1]'::vector, '[-1.1,-1.1]');
--> 2
SELECT cosine_distance('[3e38]'::vector, '[3e38]');
--> NaN
SELECT cosine_distance('[1e-30]'::vector, '[1e-30]');
--> NaN
SELECT '[1,2]'::vector <=> '[2,4]';
--> 0

SELECT l1_distance('[0,0]'::vector, '[3,4]');
--> 7
SELECT l1_distance('[0,0]'::vector, '[0,1]');
--> 1
SELECT l1_distance('[1,2]'::vector, '[3]');
--> ERROR 22000: different vector dimensions 2 and 1
SELECT l1_distance('[3e38]'::vector, '[-3e38]');
--> Infinity
SELECT '[0,0]'::vector <+> '[3,4]';
--> 7

SELECT vector_spherical_distance('[1,0]'::vector, '[0,1]');
--> 0.5
SELECT vector_spherical_distance('[1,0]'::vector, '[-1,0]');
--> 1
SELECT vector_spherical_distance('[2,0]'::vector, '[2,0]');
--> 0
SELECT vector_spherical_distance('[1,2]'::vector, '[3]');
--> ERROR 22000: different vector dimensions 2 and 1

SELECT vector_norm('[3,4]');
--> 5
SELECT vector_norm('[0,1]');
--> 1
SELECT vector_norm('[3e37,4e37]');
--> 5.000000042966943e+37
SELECT vector_norm('[1e-45]') > 0;
--> t
SELECT vector_dims('[1,2,3]'::vector);
--> 3

-- NULL in, NULL out
SELECT l2_distance(NULL::vector, '[1]'), NULL::vector <=> '[1]', vector_norm(NULL);
--> NULL | NULL | NULL

-- values in tables: short, plain, out of line, compressed
CREATE TABLE stored (id int, v vector);
INSERT INTO stored SELECT d, array_fill(1::real, ARRAY[d])::vector FROM unnest(ARRAY[1, 2, 28, 29, 30, 31, 500, 2000, 16000]) d;
SELECT id, pg_column_size(v), v <-> array_fill(3::real, ARRAY[id])::vector, vector_norm(v) FROM stored ORDER BY id;
--> 1 | 9 | 2 | 1
--> 2 | 13 | 2.8284271247461903 | 1.4142135623730951
--> 28 | 117 | 10.583005244258363 | 5.291502622129181
--> 29 | 121 | 10.770329614269007 | 5.385164807134504
--> 30 | 125 | 10.954451150103322 | 5.477225575051661
--> 31 | 132 | 11.135528725660043 | 5.5677643628300215
--> 500 | 2004 | 44.721359549995796 | 22.360679774997898
--> 2000 | 8004 | 89.44271909999159 | 44.721359549995796
--> 16000 | 64004 | 252.98221281347034 | 126.49110640673517
ALTER TABLE stored ALTER v SET STORAGE EXTENDED;
CREATE TABLE compressed (LIKE stored INCLUDING STORAGE);
INSERT INTO compressed SELECT id, v || '[2]'::vector FROM stored WHERE id < 16000;
SELECT c.id, c.v <-> (s.v || '[5]'::vector), vector_dims(c.v) FROM compressed c JOIN stored s USING (id) ORDER BY id;
--> 1 | 3 | 2
--> 2 | 3 | 3
--> 28 | 3 | 29
--> 29 | 3 | 30
--> 30 | 3 | 31
--> 31 | 3 | 32
--> 500 | 3 | 501
--> 2000 | 3 | 2001
SELECT id FROM stored WHERE vector_dims(v) = 2 ORDER BY v <-> '[1,1]' LIMIT 1;
--> 2
SELECT id FROM stored ORDER BY v <-> '[1,1]' LIMIT 1;
--> ERROR 22000: different vector dimensions 1 and 2
DROP TABLE stored, compressed;
