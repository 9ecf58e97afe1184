-- Text input and output.

SELECT '[1,2,3]'::vector;
--> [1,2,3]
SELECT '[-1,-2,-3]'::vector;
--> [-1,-2,-3]
SELECT '[1.,.5,+3]'::vector;
--> [1,0.5,3]
SELECT (E' \t[ 1 ,  2\r,' || chr(11) || E'3\f ]\n')::vector;
--> [1,2,3]
SELECT ('[1' || chr(160) || ']')::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1 ]"
SELECT '[1.23456]'::vector;
--> [1.23456]
SELECT '[0,-0,0.0,-0e5]'::vector;
--> [0,-0,0,-0]
SELECT '[1e5,1e6,123456,1234567,1e-4,1e-5,12345.678]'::vector;
--> [100000,1e+06,123456,1.234567e+06,0.0001,1e-05,12345.678]
SELECT '[1.5e38,-1.5e-38,3.4028235e38]'::vector;
--> [1.5e+38,-1.5e-38,3.4028235e+38]
SELECT '[16777216,16777217,16777219,0.1,0.30000001192092896]'::vector;
--> [1.6777216e+07,1.6777216e+07,1.677722e+07,0.1,0.3]
SELECT '[0x10,0x1p-3]'::vector;
--> [16,0.125]
-- underflow gives the nearest float, which may be zero
SELECT '[1e-46,-1e-46,1e-45,7e-46,1.1754942e-38]'::vector;
--> [0,-0,1e-45,0,1.1754942e-38]
SELECT '[0.000000000000000000000000000000000000000000000001e48]'::vector;
--> [1]
SELECT '[123456789012345678901234567890,0.1234567890123456789012345678901234567890]'::vector;
--> [1.2345679e+29,0.12345679]

-- what is not a vector
SELECT ''::vector;
--> ERROR 22P02: invalid input syntax for type vector: ""
--> DETAIL: Vector contents must start with "[".
SELECT ' '::vector;
--> ERROR 22P02: invalid input syntax for type vector: " "
--> DETAIL: Vector contents must start with "[".
SELECT '['::vector;
--> ERROR 22P02: invalid input syntax for type vector: "["
SELECT '[ '::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[ "
SELECT '[,'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[,"
SELECT '[]'::vector;
--> ERROR 22000: vector must have at least 1 dimension
SELECT '[ ]'::vector;
--> ERROR 22000: vector must have at least 1 dimension
SELECT '[,]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[,]"
SELECT '[1,]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1,]"
SELECT '[1, '::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1, "
SELECT '[1a]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1a]"
SELECT '[1 2]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1 2]"
SELECT '[1,,3]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1,,3]"
SELECT '[1, ,3]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1, ,3]"
SELECT '[1,2,3'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1,2,3"
SELECT '[1,2,3]9'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1,2,3]9"
--> DETAIL: Junk after closing right brace.
SELECT '[1,2,3],'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1,2,3],"
--> DETAIL: Junk after closing right brace.
SELECT '1,2,3'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "1,2,3"
--> DETAIL: Vector contents must start with "[".
SELECT '{1,2,3}'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "{1,2,3}"
--> DETAIL: Vector contents must start with "[".
SELECT '[hello,1]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[hello,1]"
SELECT '[1e]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1e]"
SELECT '[1e+]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1e+]"
SELECT '[.]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[.]"
SELECT '[-]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[-]"
SELECT '[--1]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[--1]"
SELECT '[1.2.3]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1.2.3]"
SELECT '[1_000]'::vector;
--> ERROR 22P02: invalid input syntax for type vector: "[1_000]"

-- NaN, infinity, overflow
SELECT '[NaN,1]'::vector;
--> ERROR 22000: NaN not allowed in vector
SELECT '[nan(1)]'::vector;
--> ERROR 22000: NaN not allowed in vector
SELECT '[Infinity,1]'::vector;
--> ERROR 22000: infinite value not allowed in vector
SELECT '[-inf,1]'::vector;
--> ERROR 22000: infinite value not allowed in vector
SELECT '[4e38,1]'::vector;
--> ERROR 22003: "4e38" is out of range for type vector
SELECT '[-4e38,1]'::vector;
--> ERROR 22003: "-4e38" is out of range for type vector
SELECT '[3.4028236e38]'::vector;
--> ERROR 22003: "3.4028236e38" is out of range for type vector
SELECT '[1e999999999999999999999]'::vector;
--> ERROR 22003: "1e999999999999999999999" is out of range for type vector

-- type modifiers
SELECT '[1,2,3]'::vector(3);
--> [1,2,3]
SELECT '[1,2,3]'::vector(2);
--> ERROR 22000: expected 2 dimensions, not 3
SELECT '[1,2,3]'::vector(3, 2);
--> ERROR 22023: invalid type modifier
SELECT '[1,2,3]'::vector('a');
--> ERROR 22P02: invalid input syntax for type integer: "a"
SELECT '[1,2,3]'::vector(0);
--> ERROR 22023: dimensions for type vector must be at least 1
SELECT '[1,2,3]'::vector(-1);
--> ERROR 22023: dimensions for type vector must be at least 1
SELECT '[1,2,3]'::vector(16001);
--> ERROR 22023: dimensions for type vector cannot exceed 16000
SELECT '[1,2,3]'::vector(16000);
--> ERROR 22000: expected 16000 dimensions, not 3
SELECT format_type('vector'::regtype, 3);
--> vector(3)
SELECT '{"[1,2,3]"}'::vector(2)[];
--> ERROR 22000: expected 2 dimensions, not 3
SELECT unnest('{"[1,2,3]","[4,5,6]"}'::vector[]);
--> [1,2,3]
--> [4,5,6]

-- the largest, and one more
SELECT vector_dims(('[' || repeat('1,', 15999) || '1]')::vector);
--> 16000
SELECT ('[' || repeat('1,', 16000) || '1]')::vector;
--> ERROR 54000: vector cannot have more than 16000 dimensions

-- a failed statement aborts the transaction, and nothing more
CREATE TABLE items (id int PRIMARY KEY, embedding vector(3));
INSERT INTO items VALUES (1, '[1,2,3]'), (2, '[4,5,6]');
BEGIN;
INSERT INTO items VALUES (3, '[7,8,9]');
INSERT INTO items VALUES (4, '[1,2]');
--> ERROR 22000: expected 3 dimensions, not 2
SELECT 1;
--> ERROR 25P02: current transaction is aborted, commands ignored until end of transaction block
ROLLBACK;
INSERT INTO items VALUES (5, '[1,2,3,4]');
--> ERROR 22000: expected 3 dimensions, not 4
INSERT INTO items VALUES (6, NULL);
SELECT id, embedding FROM items ORDER BY id;
--> 1 | [1,2,3]
--> 2 | [4,5,6]
--> 6 | NULL
DROP TABLE items;
