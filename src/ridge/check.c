/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Residuals of the factorisation: (G U - U S^2)/|G| and U^T U - I; after a refinement, Y^T Y - S^2 of the refined
 * columns, divided by the largest of them. Each is applied to PROBES random vectors. The mean squared length of the
 * images is the squared Frobenius norm on average, so a single wrong eigenvector shows, at the cost of a few products
 * with thin matrices.
 */
#include "ridge/check.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "ridge/group.h"
#include "ridge/random.h"
#include "ridge/turn.h"

enum { PROBES = 4 };

struct probe {
    double *z, *uz, *s; /* r x PROBES each: the vectors, U z, and the residual in the making */
    double *own;        /* this rank's rows of U z */
    double *t;          /* this rank's rows of L or Y x PROBES */
};

static enum moat_status probe_allocate(struct ridge_work *work, struct probe *probe)
{
    enum moat_status status = MOAT_OK;
    probe->z = ridge_allocate(work, work->r * PROBES, &status);
    probe->uz = ridge_allocate(work, work->r * PROBES, &status);
    probe->s = ridge_allocate(work, work->r * PROBES, &status);
    probe->own = ridge_allocate(work, work->vector_rows.count * PROBES, &status);
    probe->t = ridge_allocate(work, work->sums ? 0 : work->data_rows.count * PROBES, &status);
    status = ridge_agree(work, status);
    if (status == MOAT_OK) {
        random_normals(0, 0, 0, work->r, 0, PROBES, probe->z, 1, work->r);
    }
    return status;
}

static void probe_release(struct ridge_work *work, struct probe *probe)
{
    ridge_release(work, &probe->z);
    ridge_release(work, &probe->uz);
    ridge_release(work, &probe->s);
    ridge_release(work, &probe->own);
    ridge_release(work, &probe->t);
}

static double norm(const double *values, size_t stride, size_t rows)
{
    double sum = 0;
    for (size_t p = 0; p < PROBES; p++) {
        for (size_t i = 0; i < rows; i++) {
            sum += values[p * stride + i] * values[p * stride + i];
        }
    }
    return sqrt(sum / (double)PROBES);
}

static double largest_of(double left, double right)
{
    return left > right || isnan(left) ? left : right; /* a NaN wins */
}

/* uz = U z with the first `columns` of U. */
static void apply_vectors(const struct ridge_work *work, const struct probe *probe, size_t columns)
{
    size_t own = work->vector_rows.count;
    memset(probe->uz, 0, work->r * PROBES * sizeof *probe->uz);
    ridge_multiply('N', 'N', own, PROBES, columns, 1, work->vectors, own, probe->z, work->r, 0, probe->own, own);
    for (size_t i = 0; i < own * PROBES; i++) {
        probe->uz[i / own * work->r + ridge_vector_row(work, i % own)] = probe->own[i];
    }
    ridge_sum(work, probe->uz, work->r * PROBES);
}

/* s = scale A^T A x with the first `columns` of A, this rank's rows of L, Y. */
static void apply_gram(const struct ridge_work *work, const struct probe *probe, const double *a, size_t columns,
                       double scale, const double *x)
{
    size_t rows = work->data_rows.count;
    memset(probe->s, 0, work->r * PROBES * sizeof *probe->s);
    ridge_multiply('N', 'N', rows, PROBES, columns, 1, a, rows, x, work->r, 0, probe->t, rows);
    if (rows > 0) {
        ridge_multiply('T', 'N', columns, PROBES, rows, scale, a, rows, probe->t, rows, 0, probe->s, work->r);
    }
    ridge_sum(work, probe->s, work->r * PROBES);
}

/* |U^T (U z) - z| for the first `columns` of U, from this rank's rows of U z. */
static double orthogonality(const struct ridge_work *work, const struct probe *probe, size_t columns)
{
    size_t own = work->vector_rows.count;
    memset(probe->s, 0, work->r * PROBES * sizeof *probe->s);
    if (own > 0) {
        ridge_multiply('T', 'N', columns, PROBES, own, 1, work->vectors, own, probe->own, own, 0, probe->s, work->r);
    }
    ridge_sum(work, probe->s, work->r * PROBES);
    for (size_t i = 0; i < work->r * PROBES; i++) {
        probe->s[i] -= i % work->r < columns ? probe->z[i] : 0;
    }
    return norm(probe->s, work->r, columns);
}

/* z becomes S^2 z; returns the largest s^2 of the first `columns`. */
static double apply_square(const struct ridge_work *work, const struct probe *probe, size_t columns)
{
    double largest = 0;
    for (size_t k = 0; k < columns; k++) {
        largest = largest_of(work->square[k], largest);
        for (size_t p = 0; p < PROBES; p++) {
            probe->z[p * work->r + k] *= work->square[k];
        }
    }
    return largest;
}

static enum moat_status judge(struct ridge_work *work, double residual)
{
    double limit = 1e3 * DBL_EPSILON * sqrt((double)work->r);
    residual = ridge_fault(work, "residual") ? 1 : residual;
    work->residual = largest_of(residual, work->residual);
    if (residual <= limit) {
        return ridge_agree(work, MOAT_OK);
    }
    return ridge_agree(
        work, moat_error_set(MOAT_NUMERICAL,
                             "the eigenvectors have a residual of %.2g, expected below %.2g (P = %zu, N = %zu, "
                             "trial %u on %d ranks); another number of ranks per group may help",
                             residual, limit, work->task->P, work->task->N, (unsigned)work->task->trial, work->size));
}

enum moat_status ridge_check(struct ridge_work *work)
{
    struct probe probe = {0};
    enum moat_status status = probe_allocate(work, &probe);
    if (status == MOAT_OK) {
        apply_vectors(work, &probe, work->r);
        double turned = orthogonality(work, &probe, work->r);
        if (work->sums) {
            ridge_turn_apply(work, probe.uz, PROBES, probe.own, probe.s);
        } else {
            apply_gram(work, &probe, work->data, work->r, 1 / (double)work->task->N, probe.uz);
        }
        double largest = apply_square(work, &probe, work->r);
        apply_vectors(work, &probe, work->r);
        for (size_t i = 0; i < work->r * PROBES; i++) {
            probe.s[i] -= probe.uz[i];
        }
        status = judge(work, largest_of(norm(probe.s, work->r, work->r) / largest, turned));
    }
    probe_release(work, &probe);
    return status;
}

enum moat_status ridge_check_refined(struct ridge_work *work, size_t columns)
{
    struct probe probe = {0};
    enum moat_status status = probe_allocate(work, &probe);
    if (status == MOAT_OK) {
        apply_vectors(work, &probe, columns);
        double turned = orthogonality(work, &probe, columns);
        apply_gram(work, &probe, work->image, columns, 1, probe.z);
        double largest = apply_square(work, &probe, columns);
        for (size_t i = 0; i < work->r * PROBES; i++) {
            probe.s[i] -= i % work->r < columns ? probe.z[i] : 0;
        }
        double off = norm(probe.s, work->r, columns);
        /* columns of zeros have no scale: data may be of exactly lower rank */
        status = judge(work, largest_of(largest > 0 || isnan(largest) ? off / largest : off, turned));
    }
    probe_release(work, &probe);
    return status;
}
