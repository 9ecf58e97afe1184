/**
 * What PostgreSQL's catalogs say of extension `vector`, one query an object class, OIDs resolved to names: two
 * servers whose answers are equal hold the same objects to the last flag and comment.
 *
 * Columns that exist in every supported version only.
 */
const members = (catalog: string): string =>
  `SELECT objid FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass
   WHERE e.extname = 'vector' AND d.deptype = 'e' AND d.classid = '${catalog}'::regclass`;

export const CATALOG_QUERIES: Readonly<Record<string, string>> = {
  extension: `SELECT extname, extversion, extrelocatable FROM pg_extension WHERE extname = 'vector'`,
  members: `SELECT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid
    AND d.refclassid = 'pg_extension'::regclass WHERE e.extname = 'vector' AND d.deptype = 'e' ORDER BY 1`,
  types: `SELECT typname, typlen, typbyval, typtype, typcategory, typispreferred, typdelim, typinput::text, typoutput::text,
    typreceive::text, typsend::text, typmodin::text, typmodout::text, typanalyze::text, typalign, typstorage,
    typnotnull, typcollation, obj_description(oid, 'pg_type')
    FROM pg_type WHERE typcategory <> 'A' AND oid IN (${members('pg_type')}) ORDER BY typname`,
  functions: `SELECT oid::regprocedure::text, pg_get_function_result(oid), prosrc, probin, provolatile, proisstrict,
    proparallel, prokind, procost, prorows, proleakproof, prosecdef, proretset, lanname, proconfig::text,
    obj_description(p.oid, 'pg_proc')
    FROM pg_proc p JOIN LATERAL (SELECT l.lanname FROM pg_language l WHERE l.oid = p.prolang) lang ON true
    WHERE oid IN (${members('pg_proc')}) ORDER BY 1`,
  aggregates: `SELECT aggfnoid::regprocedure::text, aggkind, aggnumdirectargs, aggtransfn::text, aggfinalfn::text,
    aggcombinefn::text, aggserialfn::text, aggdeserialfn::text, aggmtransfn::text, aggfinalextra, aggfinalmodify,
    aggsortop::regoper::text, aggtranstype::regtype::text, aggtransspace, agginitval
    FROM pg_aggregate WHERE aggfnoid IN (${members('pg_proc')}) ORDER BY 1`,
  operators: `SELECT oid::regoperator::text, oprresult::regtype::text, oprcom::regoperator::text,
    oprnegate::regoperator::text, oprcode::oid::regprocedure::text, oprrest::text, oprjoin::text, oprcanmerge, oprcanhash,
    obj_description(oid, 'pg_operator')
    FROM pg_operator WHERE oid IN (${members('pg_operator')}) ORDER BY 1`,
  casts: `SELECT castsource::regtype::text, casttarget::regtype::text, castfunc::regprocedure::text, castcontext, castmethod
    FROM pg_cast WHERE oid IN (${members('pg_cast')}) ORDER BY 1, 2`,
  'access methods': `SELECT amname, amtype, amhandler::oid::regprocedure::text, obj_description(oid, 'pg_am')
    FROM pg_am WHERE oid IN (${members('pg_am')}) ORDER BY 1`,
  'operator families': `SELECT opfname, amname, obj_description(f.oid, 'pg_opfamily') FROM pg_opfamily f JOIN pg_am a ON a.oid = opfmethod
    WHERE f.oid IN (${members('pg_opfamily')}) ORDER BY 2, 1`,
  'operator classes': `SELECT opcname, amname, opfname, opcintype::regtype::text, opcdefault, opckeytype::regtype::text,
    amvalidate(c.oid), obj_description(c.oid, 'pg_opclass')
    FROM pg_opclass c JOIN pg_opfamily f ON f.oid = opcfamily JOIN pg_am a ON a.oid = opcmethod
    WHERE c.oid IN (${members('pg_opclass')}) ORDER BY 2, 1`,
  'class operators': `SELECT opfname, amname, amoplefttype::regtype::text, amoprighttype::regtype::text, amopstrategy,
    amoppurpose, amopopr::regoperator::text,
    (SELECT s.opfname || ' ' || sa.amname FROM pg_opfamily s JOIN pg_am sa ON sa.oid = s.opfmethod WHERE s.oid = amopsortfamily)
    FROM pg_amop o JOIN pg_opfamily f ON f.oid = amopfamily JOIN pg_am a ON a.oid = amopmethod
    WHERE amopfamily IN (${members('pg_opfamily')}) ORDER BY 2, 1, 5`,
  'class functions': `SELECT opfname, amname, amproclefttype::regtype::text, amprocrighttype::regtype::text, amprocnum,
    amproc::regprocedure::text
    FROM pg_amproc p JOIN pg_opfamily f ON f.oid = amprocfamily JOIN pg_am a ON a.oid = f.opfmethod
    WHERE amprocfamily IN (${members('pg_opfamily')}) ORDER BY 2, 1, 5`,
};

/**
 * Settings of access method `hnsw`, in the order and with the values that a catalog record has. They exist only once the library
 * is loaded.
 */
export const SETTINGS_QUERY = `SELECT name, short_desc, extra_desc, vartype, context, boot_val, min_val, max_val, enumvals::text,
  unit, category, setting FROM pg_settings WHERE name LIKE 'hnsw.%' ORDER BY name`;

/** Objects of pgvector that are not of the `vector` type and `hnsw` alone: other types and another access method. */
export const OTHER_OBJECTS = /halfvec|sparsevec|hnsw_bit|ivfflat|hamming|jaccard|\(bit,bit\)/;

/** The array type: some servers count it among an extension's members (17 and 18 do), others (15) do not. */
export const ARRAY_TYPE = /^type vector\[\]$/;
