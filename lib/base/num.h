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
 * *n little-endian floats, of any alignment, as num_f32 has them, and a comma
 * behind each. Stops at a NaN and at an infinity: *n is then how many stand
 * before it. Returns the end; out has room for NUM_F32S_MAX bytes of each
 * float and for NUM_FLT_MAX more, any of which may be written to.
 */
enum { NUM_F32S_MAX = sizeof "-0.0000123456789," - 1 };
char *num_f32s(const void *le, size_t *n, char *out);

/*
 * A decimal at p, which ends before end, to the nearest float, as strtof has
 * it to the bit: a minus sign, digits, a point, an exponent, but no other
 * sign, no white space, no names. Returns how long it is, 0 if there is none
 * that begins with a digit or a minus sign, or if it is over the largest.
 */
size_t num_read_f32(const char *p, const char *end, float *v);
size_t num_read_f64(const char *p, const char *end, double *v);

/*
 * Up to *n floats as programs write them, number,number,...] with nothing
 * between; *n is then how many there were, and le has them as little-endian
 * floats, of any alignment. Returns what stands behind the last number that
 * was followed by a comma or by the closing bracket, or p if there is none.
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
