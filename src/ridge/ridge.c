/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One task of ridge regression on sampled data, from the data to the tables: sample, factorise, check, form.
 * work.h has the method and the data structures.
 */
#include "ridge/ridge.h"

#include <limits.h>
#include <math.h>

#include "base/clock.h"
#include "ridge/check.h"
#include "ridge/deal.h"
#include "ridge/draw.h"
#include "ridge/factor.h"
#include "ridge/fits.h"
#include "ridge/forms.h"
#include "ridge/group.h"
#include "ridge/moments.h"
#include "ridge/population.h"
#include "ridge/sample.h"
#include "ridge/sums.h"
#include "ridge/tall.h"
#include "ridge/work.h"

static enum moat_status check_task(const struct ridge_task *task, int ranks)
{
    size_t r = task->P < task->N ? task->P : task->N, length = task->P < task->N ? task->N : task->P;
    bool power_law = !task->population;
    if (r == 0 || task->lambdas == 0 || (power_law && (task->nus == 0 || !(task->gamma > 0)))) {
        return moat_error_set(MOAT_USAGE,
                              "ridge regression needs P, N >= 1, some nu and lambda and gamma > 0, not P = %zu, "
                              "N = %zu, %zu nu, %zu lambda, gamma = %g",
                              task->P, task->N, task->nus, task->lambdas, task->gamma);
    }
    for (size_t l = 0; l < task->lambdas; l++) {
        if (!(task->lambda[l] >= 0) || isinf(task->lambda[l])) {
            return moat_error_set(MOAT_USAGE, "lambda = %g: expected a number >= 0", task->lambda[l]);
        }
    }
    if (!power_law && task->P != task->population->spectrum.n) {
        return moat_error_set(MOAT_USAGE, "P = %zu: expected the number of directions of the spectrum, %zu", task->P,
                              task->population->spectrum.n);
    }
    if (length / (size_t)ranks >= INT_MAX || r >= INT_MAX / 256 || (power_law && task->nus * task->lambdas > INT_MAX)) {
        return moat_error_set(MOAT_USAGE, "P = %zu, N = %zu are too large for %d ranks (32-bit sizes in BLAS)", task->P,
                              task->N, ranks);
    }
    return MOAT_OK;
}

/* Runs a step if all before it succeeded on all ranks, and adds its time. */
static enum moat_status run_step(enum moat_status status, struct ridge_work *work, enum ridge_step step,
                                 enum moat_status (*function)(struct ridge_work *work))
{
    double start = clock_seconds();
    if (status == MOAT_OK) {
        status = function(work);
    }
    work->profile->seconds[step] += clock_seconds() - start;
    return status;
}

/* From the factorisation to both losses, with tables of coefficients on the way. */
static enum moat_status form_losses(struct ridge_work *work, struct ridge_table *out)
{
    size_t lambdas = work->task->lambdas, aligned = work->aligned * lambdas;
    enum moat_status status = MOAT_OK;
    double *room = ridge_allocate(work, 2 * aligned + work->noises * lambdas, &status);
    status = ridge_agree(work, status);
    struct ridge_table moments = {.A1 = room, .A2 = room + aligned, .D = room + 2 * aligned};
    status = status == MOAT_OK ? ridge_forms(work, &moments) : status;
    if (status == MOAT_OK && work->draw) {
        status = ridge_fits(work, out);
        if (status == MOAT_OK) {
            ridge_add_noise(work, moments.D, out);
        }
    } else if (status == MOAT_OK) {
        ridge_moment_losses(work, &moments, out);
    }
    ridge_release(work, &room);
    return ridge_agree(work, status == MOAT_OK ? ridge_check_losses(work, out) : status);
}

/* Sets the s^2 below which rows that depend on each other leave rounding error. That of Y is 1e-14 |L| for columns that
   were projected on other axes (seen on digits: 5e-14), and no measured feature has twelve digits. */
static void find_null(struct ridge_work *work)
{
    double largest = 0;
    for (size_t k = 0; k < work->r && work->draw; k++) {
        largest = fmax(largest, work->square[k]);
    }
    work->null = work->draw ? 1e-24 * largest : -1;
}

/* What the Gram matrix is made of: sums over the points of tall data; the sums of the trial or, where they cannot
   serve, the data. */
static enum moat_status obtain(struct ridge_work *work, size_t most, struct ridge_sums **sums)
{
    const struct ridge_task *task = work->task;
    if (work->tall) {
        return ridge_tall(work);
    }
    if (most == 0 || work->primal || work->draw || most >= INT_MAX / 256) {
        return run_step(MOAT_OK, work, STEP_SAMPLE, ridge_sample);
    }
    most = most < task->P ? most : task->P - 1;
    enum moat_status status = ridge_sums_provide(work, most, sums);
    if (status != MOAT_OK) {
        return status;
    }
    work->sums = *sums;
    work->vector_rows = (struct row_range){0, ridge_deal_count(work->r, work->size, work->rank)};
    return ridge_sample_labels(work, (*sums)->label);
}

static enum moat_status run_steps(struct ridge_work *work, size_t most, struct ridge_sums **sums,
                                  struct ridge_table *out)
{
    enum moat_status status = obtain(work, most, sums);
    if (status == MOAT_OK) {
        status = ridge_factor(work); /* three steps in one */
    }
    status = run_step(status, work, STEP_CHECK, ridge_check);
    ridge_release(work, &work->data);
    status = run_step(status, work, STEP_REFINE, ridge_refine);
    double start = clock_seconds();
    if (status == MOAT_OK) {
        find_null(work);
        status = work->task->population ? form_losses(work, out) : ridge_forms(work, out);
    }
    work->profile->seconds[STEP_FORMS] += clock_seconds() - start;
    return status;
}

/* The sizes of the task's matrices, which depend on the rows drawn if there are any. Collective over the group. */
static enum moat_status shape(struct ridge_work *work)
{
    const struct ridge_task *task = work->task;
    work->points = task->N;
    enum moat_status status = task->population && task->population->rows ? ridge_draw_rows(work) : MOAT_OK;
    ridge_count_moments(work);
    work->primal = work->points >= task->P;
    work->r = work->primal ? task->P : work->points;
    work->tall = !work->draw && ridge_tall_serves(task->P, task->N, ridge_label_weights(task), work->size);
    work->length = work->primal && !work->tall ? work->points : task->P;
    work->data_rows = ridge_row_range(work->length, work->size, work->rank);
    work->vector_rows = ridge_row_range(work->r, work->size, work->rank);
    return status;
}

enum moat_status ridge_solve_rung_profiled(const struct ridge_task *task, size_t most, MPI_Comm group,
                                           struct ridge_sums **sums, struct ridge_table *out,
                                           struct ridge_profile *profile)
{
    double start = clock_seconds();
    profile->bytes_now += *sums ? (*sums)->bytes : 0;
    struct ridge_work work = {.task = task, .group = group, .profile = profile, .blacs_context = -1};
    ridge_group_join(&work);
    enum moat_status status = check_task(task, work.size); /* the same on every rank */
    if (status == MOAT_OK) {
        status = shape(&work);
    }
    if (status == MOAT_OK) {
        status = ridge_grid_open(&work);
    }
    if (status == MOAT_OK) {
        status = run_steps(&work, most, sums, out);
    }
    ridge_release_draws(&work);
    ridge_release(&work, &work.data);
    ridge_release(&work, &work.image);
    ridge_release(&work, &work.vectors);
    ridge_release(&work, &work.square);
    ridge_release(&work, &work.label);
    ridge_release(&work, &work.crossed);
    ridge_grid_close(&work);
    if (status == MOAT_NUMERICAL) { /* it may be theirs */
        profile->bytes_now -= *sums ? (*sums)->bytes : 0;
        ridge_sums_release(sums);
    }
    profile->bytes_now -= *sums ? (*sums)->bytes : 0;

    double result[] = {work.residual, clock_seconds() - start};
    ridge_broadcast(&work, result, 2);
    out->residual = result[0];
    out->seconds = result[1];
    return status;
}

enum moat_status ridge_solve_rung(const struct ridge_task *task, size_t most, MPI_Comm group, struct ridge_sums **sums,
                                  struct ridge_table *out)
{
    struct ridge_profile profile = {0};
    return ridge_solve_rung_profiled(task, most, group, sums, out, &profile);
}

enum moat_status ridge_solve_profiled(const struct ridge_task *task, MPI_Comm group, struct ridge_table *out,
                                      struct ridge_profile *profile)
{
    struct ridge_sums *none = NULL;
    return ridge_solve_rung_profiled(task, 0, group, &none, out, profile);
}

enum moat_status ridge_solve(const struct ridge_task *task, MPI_Comm group, struct ridge_table *out)
{
    struct ridge_profile profile = {0};
    return ridge_solve_profiled(task, group, out, &profile);
}
