#ifndef CDC_BASE_NUM_H
#define CDC_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Numbers from outside. The whole of the n bytes at s must be a decimal
 * integer between min and max, both included; else ERR_DATA naming the text
 * and the bounds. Return 0 or -1.
 */
int num_i64n(const char *s, size_t n, int64_t min, int64_t max, int64_t *v,
    struct err *e);
int num_u64n(const char *s, size_t n, uint64_t min, uint64_t max, uint64_t *v,
    struct err *e);
int num_i64(const char *s, int64_t min, int64_t max, int64_t *v, struct err *e);
int num_u64(
    const char *s, uint64_t min, uint64_t max, uint64_t *v, struct err *e);

/* The same in base 36, digits and small letters, from 1 on. */
int num_base36(const char *s, size_t n, uint64_t *v, struct err *e);

/* 1 if x is one of the n numbers at v. */
int num_has(const int64_t *v, size_t n, int64_t x);

/* *v = a + b and *v = a * b; -1 when that does not fit. */
int num_add(size_t a, size_t b, size_t *v);
int num_mul(size_t a, size_t b, size_t *v);

/*
 * The shortest decimal that reads back to the same bits, with its length; a
 * NUL stands behind it, and any of the NUM_FLT_MAX bytes of out may be
 * written to. Not for NaN and infinities.
 */
enum { NUM_FLT_MAX = 32 };
size_t num_f32(float v, char out[static NUM_FLT_MAX]);
size_t num_f64(double v, char out[static NUM_FLT_MAX]);

/*
 * Writes *n little-endian floats, of any alignment, as num_f32 does, with a
 * comma behind each. Stops before a NaN or an infinity; *n is then how many
 * were written. Returns the end. out needs room for NUM_F32S_MAX bytes for each
 * float and NUM_FLT_MAX more; any of these may be written to.
 */
enum { NUM_F32S_MAX = sizeof "-0.0000123456789," - 1 };
char *num_f32s(const void *le, size_t *n, char *out);

/*
 * Read a decimal at p, which ends before end: a minus sign, digits, a point, an
 * exponent; no plus sign, no white space, no names. The float is the nearest
 * one, equal to that of strtof to the bit. Returns the length, or 0 if no
 * number begins here or it is larger than the largest float.
 */
size_t num_read_f32(const char *p, const char *end, float *v);
size_t num_read_f64(const char *p, const char *end, double *v);

/*
 * Read up to *n floats as programs write them: number,number,...] without white
 * space. *n is then how many were read, and le has them as little-endian floats
 * of any alignment. Returns the place behind the last number that a comma or
 * the closing bracket followed, or p if there is none.
 */
const char *num_read_f32s(const char *p, const char *end, size_t *n, void *le);

/* Little-endian loads and stores, of any alignment. */
uint16_t num_le16(const void *p);
uint32_t num_le32(const void *p);
uint64_t num_le64(const void *p);
void num_put_le32(void *p, uint32_t v);
void num_put_le64(void *p, uint64_t v);

/* IEEE half and bfloat16 to float, exactly, and back, to nearest even. */
float num_f16(uint16_t h);
float num_bf16(uint16_t h);
uint16_t num_to_f16(float f);
uint16_t num_to_bf16(float f);

#endif
