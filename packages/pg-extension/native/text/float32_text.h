/*
 * float32_text.h - float32 to and from decimal text, exactly as PostgreSQL does
 * it, several times faster.
 *
 * No PostgreSQL header is needed: these functions neither allocate nor report,
 * so that tests and fuzzers can link them alone.
 */
#ifndef RUVECTOR_FLOAT32_TEXT_H
#define RUVECTOR_FLOAT32_TEXT_H

#ifdef __cplusplus
extern "C" {
#endif

/* "-1.23456789e-38" and a little air; no terminating zero is written. */
#define RV_FLOAT32_TEXT_MAX 16

/*
 * Reads a decimal number at `text`, not past `end`, rounded to the nearest
 * float (ties to even).  Returns the position behind it and stores the value,
 * or NULL when the caller must ask strtof(): the text is not of the plain form
 *
 *     [+-] digits [. digits] [(e|E) [+-] digits]
 *
 * with a digit in it (hexadecimal, infinity, NaN, junk), or the value is too
 * close to a rounding boundary or too extreme for the arithmetic used here.
 * Where a position is returned, position and value are strtof()'s.
 */
extern const char *rv_float32_parse(const char *text, const char *end,
									float *value);

/*
 * Writes the shortest decimal text that reads back as `value`: the bytes of
 * PostgreSQL's float_to_shortest_decimal_bufn().  `value` must be finite.
 * Returns the number of bytes, at most RV_FLOAT32_TEXT_MAX - 1; all
 * RV_FLOAT32_TEXT_MAX bytes of `out` may be overwritten.
 */
extern int	rv_float32_print(float value, char *out);

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_FLOAT32_TEXT_H */
