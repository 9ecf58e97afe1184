-- Binary output; binary input comes over the protocol, in vector-binary.test.ts.

SELECT vector_send('[1,2,-3.5]');
--> \x000300003f80000040000000c0600000
SELECT vector_send('[0,-0,1e-45,3.4028235e38]');
--> \x000400000000000080000000000000017f7fffff
SELECT length(vector_send(array_fill(1, ARRAY[16000])::vector));
--> 64004

-- the datum itself: two int16, then float4s, 4-byte aligned
SELECT pg_column_size('[1,2,3]'::vector), typlen, typalign, typstorage, typbyval, typcategory FROM pg_type WHERE typname = 'vector';
--> 20 | -1 | i | e | f | U
SELECT typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze FROM pg_type WHERE typname = 'vector';
--> vector_in | vector_out | vector_recv | vector_send | vector_typmod_in | - | -
