/*
 * vector_io.c - text, binary and typmod input and output.
 *
 * Input is hostile: sizes are checked before memory is taken, and every message
 * and SQLSTATE is pgvector's.  Text input reports through the soft-error
 * interface where the server has one (16 and later).
 */
#include "vector.h"

#include <errno.h>

#include "float32_text.h"
#include "libpq/pqformat.h"
#include "port/pg_bswap.h"

/*
 * What the scanner calls white space: blank, and \t \n \v \f \r, which are
 * neighbours in ASCII.  Not isspace(), which asks the locale.
 */
static inline bool
is_space(char c)
{
	return c == ' ' || (unsigned char) (c - '\t') <= '\r' - '\t';
}

static inline const char *
skip_space(const char *p)
{
	while (is_space(*p))
		p++;
	return p;
}

#define INVALID_SYNTAX(fcinfo, text) \
	rv_input_error(fcinfo, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), \
							errmsg("invalid input syntax for type vector: \"%s\"", text)))

/*
 * How many numbers a text can hold: one more than its commas.  This bounds the
 * allocation by the text's own length and by VECTOR_MAX_DIM.
 */
static int
count_numbers(const char *p, const char *end)
{
	Size		commas = 0;

	for (; p < end; p++)
		commas += *p == ',';
	return commas < VECTOR_MAX_DIM ? (int) commas + 1 : VECTOR_MAX_DIM;
}

RV_SQL_FUNCTION(vector_in);
Datum
vector_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	int32		typmod = PG_GETARG_INT32(2);
	const char *end = text + strlen(text);
	const char *p = skip_space(text);
	Vector	   *result;
	int			capacity;
	int			dim = 0;

	if (*p != '[')
		rv_input_error(fcinfo,
					   (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("invalid input syntax for type vector: \"%s\"", text),
						errdetail("Vector contents must start with \"[\".")));
	p = skip_space(p + 1);
	if (*p == ']')
		rv_input_error(fcinfo,
					   (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("vector must have at least 1 dimension")));

	capacity = count_numbers(p, end);
	result = rv_vector_new(capacity);

	for (;;)
	{
		float4		value;
		const char *next;

		if (dim == VECTOR_MAX_DIM)
			rv_input_error(fcinfo,
						   (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("vector cannot have more than %d dimensions", VECTOR_MAX_DIM)));
		Assert(dim < capacity);

		p = skip_space(p);
		next = rv_float32_parse(p, end, &value);
		if (unlikely(next == NULL))
		{
			char	   *stop;

			if (p == end)
				INVALID_SYNTAX(fcinfo, text);

			/* PostgreSQL runs with LC_NUMERIC = C. */
			errno = 0;
			value = strtof(p, &stop);
			if (stop == p)
				INVALID_SYNTAX(fcinfo, text);
			if (errno == ERANGE && isinf(value))
				rv_input_error(fcinfo,
							   (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
								errmsg("\"%s\" is out of range for type vector",
									   pnstrdup(p, (Size) (stop - p)))));
			if (isnan(value))
				rv_input_error(fcinfo,
							   (errcode(ERRCODE_DATA_EXCEPTION),
								errmsg("NaN not allowed in vector")));
			if (isinf(value))
				rv_input_error(fcinfo,
							   (errcode(ERRCODE_DATA_EXCEPTION),
								errmsg("infinite value not allowed in vector")));
			next = stop;
		}
		result->x[dim++] = value;

		p = skip_space(next);
		if (*p == ',')
			p++;
		else if (*p == ']')
			break;
		else
			INVALID_SYNTAX(fcinfo, text);
	}

	if (*skip_space(p + 1) != '\0')
		rv_input_error(fcinfo,
					   (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						errmsg("invalid input syntax for type vector: \"%s\"", text),
						errdetail("Junk after closing right brace.")));
	if (typmod != -1 && typmod != dim)
		rv_input_error(fcinfo,
					   (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("expected %d dimensions, not %d", typmod, dim)));

	/* Every comma was a separator, or an error was reported above. */
	Assert(dim == capacity);
	PG_RETURN_POINTER(result);
}

RV_SQL_FUNCTION(vector_out);
Datum
vector_out(PG_FUNCTION_ARGS)
{
	VectorArg	vector;
	char	   *text;
	char	   *p;

	rv_vector_arg(PG_GETARG_DATUM(0), &vector);

	/* Brackets and zero, the first of the brackets before the numbers. */
	text = (char *) palloc((Size) vector.dim * RV_FLOAT32_TEXT_MAX + RV_FLOAT32_TEXT_SLACK + 3);
	p = text;
	*p++ = '[';
	p = rv_float32_print_list(vector.x, (size_t) vector.dim, p);
	/* The last comma becomes the bracket. */
	if (vector.dim > 0)
		p--;
	*p++ = ']';
	*p = '\0';

	rv_vector_arg_free(&vector);
	PG_RETURN_CSTRING(text);
}

RV_SQL_FUNCTION(vector_typmod_in);
Datum
vector_typmod_in(PG_FUNCTION_ARGS)
{
	ArrayType  *modifiers = PG_GETARG_ARRAYTYPE_P(0);
	int			count;
	int32	   *values = ArrayGetIntegerTypmods(modifiers, &count);

	if (count != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid type modifier")));
	if (values[0] < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions for type vector must be at least 1")));
	if (values[0] > VECTOR_MAX_DIM)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions for type vector cannot exceed %d", VECTOR_MAX_DIM)));
	PG_RETURN_INT32(values[0]);
}

/* Big-endian float4s to or from the machine's order. */
static inline void
swap_floats(void *to, const void *from, int count)
{
	const char *source = (const char *) from;
	char	   *target = (char *) to;

	for (int i = 0; i < count; i++)
	{
		uint32		bits;

		memcpy(&bits, source + i * sizeof(bits), sizeof(bits));
		bits = pg_ntoh32(bits);
		memcpy(target + i * sizeof(bits), &bits, sizeof(bits));
	}
}

RV_SQL_FUNCTION(vector_recv);
Datum
vector_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int32		typmod = PG_GETARG_INT32(2);
	int			dim = (int16) pq_getmsgint(buffer, sizeof(int16));
	int			unused = (int16) pq_getmsgint(buffer, sizeof(int16));
	Vector	   *result;
	int			whole;

	rv_check_dim(dim);
	rv_check_typmod(typmod, dim);
	if (unused != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected unused to be 0, not %d", unused)));

	result = rv_vector_new(dim);

	/*
	 * A message that is too short is reported by pq_getmsgbytes(), but only
	 * after the elements it does hold: pgvector reads one by one, and a NaN among
	 * them comes first.
	 */
	whole = Min(dim, (buffer->len - buffer->cursor) / (int) sizeof(float4));
	swap_floats(result->x, buffer->data + buffer->cursor, whole);
	rv_check_finite(result->x, whole);
	(void) pq_getmsgbytes(buffer, dim * (int) sizeof(float4));
	PG_RETURN_POINTER(result);
}

RV_SQL_FUNCTION(vector_send);
Datum
vector_send(PG_FUNCTION_ARGS)
{
	VectorArg	vector;
	int			bytes;
	StringInfoData buffer;

	rv_vector_arg(PG_GETARG_DATUM(0), &vector);
	bytes = (int) sizeof(float4) * vector.dim;
	pq_begintypsend(&buffer);
	pq_sendint16(&buffer, (uint16) vector.dim);
	pq_sendint16(&buffer, 0);
	enlargeStringInfo(&buffer, bytes);
	swap_floats(buffer.data + buffer.len, vector.x, vector.dim);
	buffer.len += bytes;
	rv_vector_arg_free(&vector);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}
