-- Settings, which exist once the library is loaded.
LOAD 'vector';
SHOW hnsw.ef_search;
--> 40
SET hnsw.ef_search = 0;
--> ERROR 22023: 0 is outside the valid range for parameter "hnsw.ef_search" (1 .. 1000)
SET hnsw.ef_search = 1001;
--> ERROR 22023: 1001 is outside the valid range for parameter "hnsw.ef_search" (1 .. 1000)
SET hnsw.ef_search = -1;
--> ERROR 22023: -1 is outside the valid range for parameter "hnsw.ef_search" (1 .. 1000)
SET hnsw.ef_search = many;
--> ERROR 22023: invalid value for parameter "hnsw.ef_search": "many"
SET hnsw.ef_search = 1.4;
SHOW hnsw.ef_search;
--> 1
SET hnsw.ef_search = 1000;
SET hnsw.ef_search = 1;
SET hnsw.ef_search = '10MB';
--> ERROR 22023: invalid value for parameter "hnsw.ef_search": "10MB"
SHOW hnsw.ef_search;
--> 1
RESET hnsw.ef_search;
SHOW hnsw.ef_search;
--> 40

SHOW hnsw.iterative_scan;
--> off
SET hnsw.iterative_scan = on;
--> ERROR 22023: invalid value for parameter "hnsw.iterative_scan": "on"
--> HINT: Available values: off, relaxed_order, strict_order.
SET hnsw.iterative_scan = true;
--> ERROR 22023: invalid value for parameter "hnsw.iterative_scan": "true"
--> HINT: Available values: off, relaxed_order, strict_order.
SET hnsw.iterative_scan = strict;
--> ERROR 22023: invalid value for parameter "hnsw.iterative_scan": "strict"
--> HINT: Available values: off, relaxed_order, strict_order.
SET hnsw.iterative_scan = '';
--> ERROR 22023: invalid value for parameter "hnsw.iterative_scan": ""
--> HINT: Available values: off, relaxed_order, strict_order.
SET hnsw.iterative_scan = RELAXED_ORDER;
SHOW hnsw.iterative_scan;
--> relaxed_order
SET hnsw.iterative_scan = strict_order;
SHOW hnsw.iterative_scan;
--> strict_order
RESET hnsw.iterative_scan;
SHOW hnsw.iterative_scan;
--> off

SHOW hnsw.max_scan_tuples;
--> 20000
SET hnsw.max_scan_tuples = 0;
--> ERROR 22023: 0 is outside the valid range for parameter "hnsw.max_scan_tuples" (1 .. 2147483647)
SET hnsw.max_scan_tuples = 2147483648;
--> ERROR 22023: invalid value for parameter "hnsw.max_scan_tuples": "2147483648"
--> HINT: Value exceeds integer range.
SET hnsw.max_scan_tuples = 2147483647;
SET hnsw.max_scan_tuples = 1;
SHOW hnsw.max_scan_tuples;
--> 1
RESET hnsw.max_scan_tuples;

SHOW hnsw.scan_mem_multiplier;
--> 1
SET hnsw.scan_mem_multiplier = 0;
--> ERROR 22023: 0 is outside the valid range for parameter "hnsw.scan_mem_multiplier" (1 .. 1000)
SET hnsw.scan_mem_multiplier = 0.99;
--> ERROR 22023: 0.99 is outside the valid range for parameter "hnsw.scan_mem_multiplier" (1 .. 1000)
SET hnsw.scan_mem_multiplier = 1001;
--> ERROR 22023: 1001 is outside the valid range for parameter "hnsw.scan_mem_multiplier" (1 .. 1000)
SET hnsw.scan_mem_multiplier = 'NaN';
--> ERROR 22023: invalid value for parameter "hnsw.scan_mem_multiplier": "NaN"
SET hnsw.scan_mem_multiplier = 1.5;
SHOW hnsw.scan_mem_multiplier;
--> 1.5
SET hnsw.scan_mem_multiplier = 1000;
RESET hnsw.scan_mem_multiplier;
SHOW hnsw.scan_mem_multiplier;
--> 1

-- The prefix is taken.
SET hnsw.probes = 1;
--> ERROR 42602: invalid configuration parameter name "hnsw.probes"
--> DETAIL: "hnsw" is a reserved prefix.
SET hnsw.no_such = 1;
--> ERROR 42602: invalid configuration parameter name "hnsw.no_such"
--> DETAIL: "hnsw" is a reserved prefix.
SET hnsw.ef_search.more = 1;
--> ERROR 42602: invalid configuration parameter name "hnsw.ef_search.more"
--> DETAIL: "hnsw" is a reserved prefix.
SHOW hnsw.no_such;
--> ERROR 42704: unrecognized configuration parameter "hnsw.no_such"
SELECT current_setting('hnsw.no_such', true);
--> NULL
SELECT set_config('hnsw.no_such', '1', false);
--> ERROR 42602: invalid configuration parameter name "hnsw.no_such"
--> DETAIL: "hnsw" is a reserved prefix.
CREATE ROLE hnsw_role;
ALTER ROLE hnsw_role SET hnsw.no_such = 1;
--> ERROR 42602: invalid configuration parameter name "hnsw.no_such"
--> DETAIL: "hnsw" is a reserved prefix.
ALTER ROLE hnsw_role SET hnsw.ef_search = 0;
--> ERROR 22023: 0 is outside the valid range for parameter "hnsw.ef_search" (1 .. 1000)
ALTER ROLE hnsw_role SET hnsw.ef_search = 100;
SELECT rolconfig::text FROM pg_roles WHERE rolname = 'hnsw_role';
--> {hnsw.ef_search=100}
-- Any user may set them.
SET ROLE hnsw_role;
SET hnsw.ef_search = 50;
SET hnsw.iterative_scan = strict_order;
SET hnsw.max_scan_tuples = 5;
SET hnsw.scan_mem_multiplier = 2;
RESET ROLE;
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;
RESET hnsw.max_scan_tuples;
RESET hnsw.scan_mem_multiplier;
DROP ROLE hnsw_role;

-- in a transaction, and of a function
BEGIN;
SET LOCAL hnsw.ef_search = 7;
SHOW hnsw.ef_search;
--> 7
COMMIT;
SHOW hnsw.ef_search;
--> 40
CREATE FUNCTION ef() RETURNS text LANGUAGE sql SET hnsw.ef_search = 9 AS $$ SELECT current_setting('hnsw.ef_search') $$;
SELECT ef(), current_setting('hnsw.ef_search');
--> 9 | 40
DROP FUNCTION ef();
CREATE FUNCTION ef() RETURNS text LANGUAGE sql SET hnsw.ef_search = 9999 AS $$ SELECT current_setting('hnsw.ef_search') $$;
--> ERROR 22023: 9999 is outside the valid range for parameter "hnsw.ef_search" (1 .. 1000)

SELECT name, setting, unit, short_desc, extra_desc, context, vartype, min_val, max_val, enumvals::text, boot_val FROM pg_settings WHERE name LIKE 'hnsw.%' ORDER BY name;
--> hnsw.ef_search | 40 | NULL | Sets the size of the dynamic candidate list for search | Valid range is 1..1000. | user | integer | 1 | 1000 | NULL | 40
--> hnsw.iterative_scan | off | NULL | Sets the mode for iterative scans | NULL | user | enum | NULL | NULL | {off,relaxed_order,strict_order} | off
--> hnsw.max_scan_tuples | 20000 | NULL | Sets the max number of tuples to visit for iterative scans | NULL | user | integer | 1 | 2147483647 | NULL | 20000
--> hnsw.scan_mem_multiplier | 1 | NULL | Sets the multiple of work_mem to use for iterative scans | NULL | user | real | 1 | 1000 | NULL | 1
