/*
 * float32_text.h - float32 to and from decimal text, exactly as PostgreSQL does
 * it, several times faster.
 *
 * No PostgreSQL header is needed: these functions neither allocate nor report,
 * so that tests and fuzzers can link them alone.
 */
#ifndef RUVECTOR_FLOAT32_TEXT_H
#define RUVECTOR_FLOAT32_TEXT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "-1.23456789e-38," */
#define RV_FLOAT32_TEXT_MAX 16

/* Whole words are written, past the end of a short text. */
#define RV_FLOAT32_TEXT_SLACK 16

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
 * Writes `count` floats, each as the shortest decimal text that reads back as it
 * (the bytes of PostgreSQL's float_to_shortest_decimal_bufn()) and a comma behind
 * it.  All must be finite.  Returns the position behind the last comma.
 *
 * A number and its comma take at most RV_FLOAT32_TEXT_MAX bytes; `out` must have
 * room for that many for each number, and RV_FLOAT32_TEXT_SLACK once.
 */
extern char *rv_float32_print_list(const float *values, size_t count, char *out);

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_FLOAT32_TEXT_H */
