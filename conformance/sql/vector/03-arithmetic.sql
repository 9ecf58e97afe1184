-- Vectors from vectors.

SELECT '[1,2,3]'::vector + '[4,5,6]';
--> [5,7,9]
SELECT '[3e38]'::vector + '[3e38]';
--> ERROR 22003: value out of range: overflow
SELECT '[1,2]'::vector + '[3]';
--> ERROR 22000: different vector dimensions 2 and 1
SELECT '[1,2,3]'::vector - '[4,5,6]';
--> [-3,-3,-3]
SELECT '[-3e38]'::vector - '[3e38]';
--> ERROR 22003: value out of range: overflow
SELECT '[1,2]'::vector - '[3]';
--> ERROR 22000: different vector dimensions 2 and 1
SELECT '[1,2,3]'::vector * '[4,5,6]';
--> [4,10,18]
SELECT '[1e37]'::vector * '[1e37]';
--> ERROR 22003: value out of range: overflow
SELECT '[1e-37]'::vector * '[1e-37]';
--> ERROR 22003: value out of range: underflow
SELECT '[1e37,1e-37]'::vector * '[1e37,1e-37]';
--> ERROR 22003: value out of range: overflow
SELECT '[1e-37,1e37]'::vector * '[1e-37,1e37]';
--> ERROR 22003: value out of range: underflow
SELECT '[0,1e-37]'::vector * '[1e-37,0]';
--> [0,0]
SELECT '[1,2]'::vector * '[3]';
--> ERROR 22000: different vector dimensions 2 and 1
SELECT '[1,2,3]'::vector || '[4,5]';
--> [1,2,3,4,5]
SELECT array_fill(0, ARRAY[16000])::vector || '[1]';
--> ERROR 54000: vector cannot have more than 16000 dimensions
SELECT vector_dims(array_fill(0, ARRAY[8000])::vector || array_fill(0, ARRAY[8000])::vector);
--> 16000

SELECT l2_normalize('[3,4]'::vector);
--> [0.6,0.8]
SELECT l2_normalize('[3,0]'::vector);
--> [1,0]
SELECT l2_normalize('[0,0.1]'::vector);
--> [0,1]
SELECT l2_normalize('[0,0]'::vector);
--> [0,0]
SELECT l2_normalize('[3e38]'::vector);
--> [1]
SELECT l2_normalize('[3e38,1e-37]'::vector);
--> [1,0]
SELECT l2_normalize('[2e37,3e37,4e-37,5e-37]'::vector);
--> [0.5547002,0.8320503,0,0]

SELECT binary_quantize('[1,0,-1]'::vector);
--> 100
SELECT binary_quantize('[0,0.1,-0.2,-0.3,0.4,0.5,0.6,-0.7,0.8,-0.9,1]'::vector);
--> 01001110101
SELECT binary_quantize('[1,-1,1,-1,1,-1,1,-1]'::vector);
--> 10101010
SELECT binary_quantize('[-0,1e-45]'::vector);
--> 01

SELECT subvector('[1,2,3,4,5]'::vector, 1, 3);
--> [1,2,3]
SELECT subvector('[1,2,3,4,5]'::vector, 3, 2);
--> [3,4]
SELECT subvector('[1,2,3,4,5]'::vector, -1, 3);
--> [1]
SELECT subvector('[1,2,3,4,5]'::vector, 3, 9);
--> [3,4,5]
SELECT subvector('[1,2,3,4,5]'::vector, 1, 0);
--> ERROR 22000: vector must have at least 1 dimension
SELECT subvector('[1,2,3,4,5]'::vector, 3, -1);
--> ERROR 22000: vector must have at least 1 dimension
SELECT subvector('[1,2,3,4,5]'::vector, -1, 2);
--> ERROR 22000: vector must have at least 1 dimension
SELECT subvector('[1,2,3,4,5]'::vector, 6, 1);
--> ERROR 22000: vector must have at least 1 dimension
SELECT subvector('[1,2,3,4,5]'::vector, 2147483647, 10);
--> ERROR 22000: vector must have at least 1 dimension
SELECT subvector('[1,2,3,4,5]'::vector, 3, 2147483647);
--> [3,4,5]
SELECT subvector('[1,2,3,4,5]'::vector, -2147483644, 2147483647);
--> [1,2]
SELECT subvector('[1,2,3,4,5]'::vector, -2147483648, 2147483647);
--> ERROR 22000: vector must have at least 1 dimension
