/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counter-based normals: Philox4x64-10 words, then Box and Muller's transform.
 *
 * A tile of up to TILE quads (four columns of one row) is made at a time: the words first, then logarithm, sine and
 * cosine in loops without branches, which the compiler turns into vector code. Logarithm, sine and cosine are those of
 * Sun's fdlibm (error below 1 ulp) in plain arithmetic, so a value does not depend on the lane or the machine it is
 * computed on. The Makefile compiles with -ffp-contract=off, which this relies on, and -fno-math-errno, which lets sqrt
 * be a vector instruction.
 */
#include "ridge/random.h"

#include <math.h>
#include <string.h>

#include "ridge/random123.h"

enum { TILE = 128, WORDS = 4 };

/* On x86-64 the tile is compiled for several vector widths; the loader picks one. */
#if defined(__x86_64__) && defined(__gnu_linux__)
#define VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VECTOR_CLONES
#endif

static inline double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint64_t to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* A uniform on [1, 2) from the upper 52 bits. */
static inline double one_to_two(uint64_t word)
{
    return from_bits((word >> 12) | 0x3FF0000000000000u);
}

/* ln u for a normal u in (0, 1]: fdlibm's e_log.c. */
static inline double logarithm(double u)
{
    /* u = 2^k (1 + f) with 1 + f in [sqrt 1/2, sqrt 2) up to the last bits */
    uint64_t bits = to_bits(u) + (0x3FF0000000000000u - 0x3FE6A09E667F3BCDu);
    double k = from_bits((bits >> 52) | 0x4330000000000000u) - (4503599627370496.0 + 1023.0);
    double f = from_bits((bits & 0x000FFFFFFFFFFFFFu) + 0x3FE6A09E667F3BCDu) - 1;
    double s = f / (2 + f), z = s * s, w = z * z;
    double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double odd = z * (6.666666666666735130e-01 +
                      w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    double half = 0.5 * f * f;
    return k * 6.93147180369123816490e-01 - ((half - (s * (half + (even + odd)) + k * 1.90821492927058770002e-10)) - f);
}

/* sin and cos of 2 pi v for v in [-1/2, 1/2): fdlibm's k_sin.c and k_cos.c on the nearest quarter turn's remainder. */
static inline void sine_cosine(double v, double *sine, double *cosine)
{
    const double round = 6755399441055744.0; /* 1.5 * 2^52: the sum's last bits are the rounded quarter turns */
    double shifted = 4 * v + round;
    uint64_t quarter = to_bits(shifted);
    double x = (4 * v - (shifted - round)) * 1.57079632679489661923;
    double z = x * x;
    double s = x + z * x *
                       (-1.66666666666666324348e-01 +
                        z * (8.33333333332248946124e-03 +
                             z * (-1.98412698298579493134e-04 +
                                  z * (2.75573137070700676789e-06 +
                                       z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
    double c =
        1 - (0.5 * z - z * z *
                           (4.16666666666666019037e-02 +
                            z * (-1.38888888888741095749e-03 +
                                 z * (2.48015872894767294178e-05 +
                                      z * (-2.75573143513906633035e-07 +
                                           z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11))))));
    uint64_t swap = 0 - (quarter & 1); /* all ones on odd quarter turns */
    uint64_t sine_bits = (to_bits(s) & ~swap) | (to_bits(c) & swap);
    uint64_t cosine_bits = (to_bits(c) & ~swap) | (to_bits(s) & swap);
    *sine = from_bits(sine_bits ^ ((quarter & 2) << 62));
    *cosine = from_bits(cosine_bits ^ (((quarter + 1) & 2) << 62));
}

#ifdef __clang__ /* it says so where it does not vectorise, which costs time but no bit of the result */
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

/* The transform, in place: words[0..3][q] of quad q become z[0..3][q]. */
VECTOR_CLONES static void box_muller(uint64_t words[WORDS][TILE], double z[WORDS][TILE])
{
    for (int pair = 0; pair < WORDS; pair += 2) {
        double radius[TILE];
#pragma omp simd
        for (int q = 0; q < TILE; q++) {
            radius[q] = sqrt(-2 * logarithm(2 - one_to_two(words[pair][q])));
        }
#pragma omp simd
        for (int q = 0; q < TILE; q++) {
            double sine, cosine;
            sine_cosine(one_to_two(words[pair + 1][q]) - 1.5, &sine, &cosine);
            z[pair][q] = radius[q] * cosine;
            z[pair + 1][q] = radius[q] * sine;
        }
    }
}

/* Quads (row + i, quad + j), numbered q = i * across + j for across * down <= TILE. */
/* NOLINTNEXTLINE(readability-function-size): the key and both ranges of counters */
static void tile_fill(uint64_t seed, uint32_t trial, uint64_t row, size_t down, uint64_t quad, size_t across,
                      double z[WORDS][TILE])
{
    uint64_t words[WORDS][TILE] = {{0}}; /* the unused end of the tile is computed too: keep it defined */
    philox4x64_key_t key = {{seed, trial}};
    for (size_t i = 0; i < down; i++) {
        for (size_t j = 0; j < across; j++) {
            philox4x64_ctr_t counter = {{quad + j, row + i, 0, 0}};
            philox4x64_ctr_t word = philox4x64(counter, key);
            for (int w = 0; w < WORDS; w++) {
                words[w][i * across + j] = word.v[w];
            }
        }
    }
    box_muller(words, z);
}

/* The normals' counters have a 0 where this one has a 1. */
size_t random_index(uint64_t seed, uint32_t trial, uint64_t row, size_t count)
{
    philox4x64_key_t key = {{seed, trial}};
    philox4x64_ctr_t counter = {{0, row, 1, 0}};
    unsigned __int128 scaled = (unsigned __int128)philox4x64(counter, key).v[0] * count;
    return (size_t)(scaled >> 64);
}

/* NOLINTNEXTLINE(readability-function-size): the key, both ranges of counters and the layout of the result */
void random_normals(uint64_t seed, uint32_t trial, uint64_t row, size_t rows, uint64_t column, size_t columns,
                    double *out, size_t row_stride, size_t column_stride)
{
    if (columns == 0) {
        return;
    }
    uint64_t first_quad = column / WORDS, end_quad = (column + columns - 1) / WORDS + 1;
    size_t tile_across = column_stride == 1 ? TILE : 1, tile_down = TILE / tile_across;
    double z[WORDS][TILE];
    for (size_t i0 = 0; i0 < rows; i0 += tile_down) {
        size_t down = rows - i0 < tile_down ? rows - i0 : tile_down;
        for (uint64_t quad = first_quad; quad < end_quad; quad += tile_across) {
            size_t across = end_quad - quad < tile_across ? (size_t)(end_quad - quad) : tile_across;
            tile_fill(seed, trial, row + i0, down, quad, across, z);
            for (int w = 0; w < WORDS; w++) {
                for (size_t j = 0; j < across; j++) {
                    uint64_t at = WORDS * (quad + j) + (uint64_t)w; /* the column */
                    if (at < column || at - column >= columns) {
                        continue;
                    }
                    double *to = out + (at - column) * column_stride + i0 * row_stride;
                    for (size_t i = 0; i < down; i++) {
                        to[i * row_stride] = z[w][i * across + j];
                    }
                }
            }
        }
    }
}
