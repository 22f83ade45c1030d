/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cost of a task: counted operations, and memory as ridge_solve allocates it, stage by stage. */
#include "ridge/deal.h"
#include "ridge/eigen.h"
#include "ridge/forms.h"
#include "ridge/group.h"
#include "ridge/profile.h"
#include "ridge/spread.h"
#include "ridge/sums.h"
#include "ridge/tall.h"

/* A task of tall data: its numbers of matrices B, of noises and of label weights. */
struct tall_size {
    size_t P, N, aligned, noises, weights, lambdas;
};

static void data_flops(size_t P, size_t N, size_t nus, size_t lambdas, double flops[RIDGE_STEPS])
{
    double r = (double)(P < N ? P : N), length = (double)(P < N ? N : P), products = (double)nus;
    double features = N < P ? length : r, points = N < P ? r : length;
    flops[STEP_SAMPLE] = 0;
    flops[STEP_GRAM] = r * r * length;
    /* reduction to tridiagonal form, divide and conquer without deflation, back-transformation */
    flops[STEP_EIGEN] = (4.0 / 3 + 4.0 / 3 + 2) * r * r * r;
    flops[STEP_ROTATE] = 2 * r * r * length;
    flops[STEP_REFINE] = 0; /* depends on the spectrum; beyond what the method needs */
    flops[STEP_CHECK] = 0;
    /* symmetric products, then half a symmetric matrix on a vector for each lambda, twice */
    flops[STEP_FORMS] =
        (1 + products) * r * r * features + products * r * r * points + 2 * products * (double)lambdas * r * r;
}

/* The sums over the points, their root and its Gram matrix; and the products with U as those of sums. */
static void tall_flops(const struct tall_size *size, double flops[RIDGE_STEPS])
{
    double P = (double)size->P, N = (double)size->N, aligned = (double)size->aligned, noises = (double)size->noises;
    data_flops(size->P, size->P, 0, size->lambdas, flops);
    flops[STEP_GRAM] = (1 + (double)size->weights) * P * P * N + 4.0 / 3 * P * P * P;
    flops[STEP_FORMS] = (1 + aligned + 3 * noises) * P * P * P + (aligned + noises) * (double)size->lambdas * P * P;
}

void ridge_step_flops(size_t P, size_t N, size_t nus, size_t lambdas, double flops[RIDGE_STEPS])
{
    if (ridge_tall_serves(P, N, nus, 1)) {
        tall_flops(&(struct tall_size){P, N, nus, nus, nus, lambdas}, flops);
    } else {
        data_flops(P, N, nus, lambdas, flops);
    }
}

static double sum_of(const double flops[RIDGE_STEPS])
{
    double sum = 0;
    for (int step = 0; step < RIDGE_STEPS; step++) {
        sum += flops[step];
    }
    return sum;
}

double ridge_flops(size_t P, size_t N, size_t nus, size_t lambdas)
{
    double flops[RIDGE_STEPS];
    ridge_step_flops(P, N, nus, lambdas, flops);
    return sum_of(flops);
}

size_t ridge_data_bytes(size_t P, size_t N, size_t nus, size_t lambdas, int ranks)
{
    size_t r = P < N ? P : N, length = P < N ? N : P;
    struct ridge_work work = {.size = ranks, .r = r};
    ridge_grid_shape(&work);
    struct ridge_layout layout = ridge_layout(&work, r); /* of rank 0, which has the largest part of everything */
    size_t rows = ridge_row_range(length, ranks, 0).count, vector_rows = ridge_row_range(r, ranks, 0).count;
    size_t features = N < P ? rows : vector_rows, points = N < P ? vector_rows : rows;
    size_t spread = (size_t)layout.local_rows * (size_t)layout.local_columns, panel = r * ridge_panel(r);

    size_t always = points * nus + r, data = rows * r, vectors = vector_rows * r;
    size_t sample = data + (N < P ? features * (nus + 1) + N * nus : P * (nus + 1));
    size_t gram = spread + panel, eigen = spread + ridge_eigen_work(&layout);
    size_t factor = data + (gram > eigen ? gram : eigen);
    size_t rotate = 2 * data + vectors + spread + panel;
    /* refining all columns but a few: the data are gone, one factor is held twice */
    size_t refine = data + vectors + (gram > eigen ? gram : eigen);
    size_t turn = data + vectors + (data > vectors ? data : vectors) + spread + panel;

    size_t width = ridge_forms_panel(r, nus), own = ranks > 1 ? ridge_row_range(width, ranks, 0).count : 0;
    size_t sides = ((nus + 1) * features + nus * points) * width + (2 * nus + 1) * r * (width + own);
    size_t forms =
        data + vectors + sides + features * (2 * nus + 1) + r * (2 * lambdas + nus) + lambdas * (2 * nus + width);

    size_t stage[] = {sample, factor, rotate, refine, turn, forms}, most = 0;
    for (size_t i = 0; i < sizeof stage / sizeof *stage; i++) {
        most = most > stage[i] ? most : stage[i];
    }
    return (always + most + 4096) * sizeof(double);
}

/* As ridge_tall allocates: the sums, and what a task of P rows takes beside them. */
static size_t tall_bytes(const struct tall_size *size, int ranks)
{
    size_t P = size->P, whole = ranks > 1 ? P : 0, a = size->aligned, k = size->noises;
    struct ridge_work work = {.size = ranks, .r = P};
    ridge_grid_shape(&work);
    struct ridge_layout layout = ridge_layout(&work, P); /* of rank 0, which has the largest part of everything */
    size_t rows = ridge_row_range(P, ranks, 0).count, part = rows * P, panel = P * ridge_panel(P);
    size_t spread = (size_t)layout.local_rows * (size_t)layout.local_columns;
    size_t gram = spread + panel, eigen = spread + ridge_eigen_work(&layout);

    size_t panels = 2 * P * TALL_PANEL + (P + TALL_PANEL) * size->weights;
    size_t sample = P + part + (panels > P * P ? panels : P * P);
    size_t factor = part + (gram > eigen ? gram : eigen);
    size_t rotate = 3 * part + spread + panel; /* no less than refining */
    size_t refine = 2 * part + (gram > eigen ? gram : eigen);

    size_t width = ridge_forms_panel(P, a > k ? a : k), own = ranks > 1 ? ridge_row_range(width, ranks, 0).count : 0;
    size_t forms = 2 * part + (1 + a + k) * (rows * width + P * (width + own)) + whole * width + rows * (2 * a + 1) +
                   P * (2 * size->lambdas + a) + size->lambdas * (a + k + width);

    size_t stage[] = {sample, factor, rotate, refine, forms}, most = 0;
    for (size_t i = 0; i < sizeof stage / sizeof *stage; i++) {
        most = most > stage[i] ? most : stage[i];
    }
    return ((1 + size->weights) * P * P + P + most + 4096) * sizeof(double);
}

size_t ridge_bytes(size_t P, size_t N, size_t nus, size_t lambdas, int ranks)
{
    return ridge_tall_serves(P, N, nus, ranks) ? tall_bytes(&(struct tall_size){P, N, nus, nus, nus, lambdas}, ranks)
                                               : ridge_data_bytes(P, N, nus, lambdas, ranks);
}

double ridge_sums_flops(size_t P, size_t most, size_t aligned)
{
    return (2 + 2 * (double)aligned) * (double)most * (double)most * (double)P;
}

double ridge_rung_flops(size_t N, size_t aligned, size_t noises, size_t lambdas)
{
    double n = (double)N, b = (double)aligned, k = (double)noises;
    /* eigenvectors; U^T H U, the lower triangle; the diagonals of the linear terms; U^T diag(c) U; the forms */
    return n * n * (n * (4.0 / 3 + 4.0 / 3 + 2 + 3 * (1 + b) + 2 * b + k) + (b + k) * (double)lambdas);
}

/* Doubles that a rank takes for sums, and beside them while they are made. */
static size_t sums_size(size_t rows, size_t aligned, size_t label_weights, int ranks)
{
    return (2 + 2 * aligned) * ridge_deal_count(rows, ranks, 0) * rows + rows * label_weights + 64;
}

static size_t sums_making(size_t P, size_t rows, size_t aligned, size_t label_weights, int ranks)
{
    size_t products = 2 + 2 * aligned, width = SUMS_PANEL;
    size_t sum = ranks > 1 ? products * rows * ridge_sums_pass(rows, products, ranks) : 0;
    width = width < P ? width : P;
    return sum + 2 * width * rows + width * (2 * products + label_weights + 2 + aligned) + rows * label_weights + 64;
}

size_t ridge_rung_bytes(const struct ridge_rung_size *size, int ranks)
{
    size_t r = size->N, a = size->aligned, own = ridge_deal_count(r, ranks, 0), panel = r * ridge_panel(r);
    struct ridge_work work = {.size = ranks, .r = r};
    ridge_grid_shape(&work);
    struct ridge_layout layout = ridge_layout(&work, r); /* of rank 0, which has the largest part of everything */
    size_t spread = (size_t)layout.local_rows * (size_t)layout.local_columns, vectors = own * r;
    size_t eigen = spread + ridge_eigen_work(&layout), rotate = spread + vectors + panel;
    size_t making = sums_making(size->P, size->most, a, size->label_weights, ranks);

    size_t width = ridge_forms_panel(r, a > size->noises ? a : size->noises), products = a + 1 + size->noises;
    size_t part = ranks > 1 ? ridge_row_range(width, ranks, 0).count : 0, whole = ranks > 1 ? r * width : 0;
    size_t forms = vectors + products * (own * width + r * (width + part)) + whole + own * width +
                   r * (2 * size->lambdas + a) + size->lambdas * (a + size->noises + width);

    size_t stage[] = {making, spread + panel, eigen, rotate, forms}, most = 0;
    for (size_t i = 0; i < sizeof stage / sizeof *stage; i++) {
        most = most > stage[i] ? most : stage[i];
    }
    size_t sums = sums_size(size->most, a, size->label_weights, ranks);
    return (sums + own * size->noises + r + most + 4096) * sizeof(double);
}

/* The moments of the targets stand in for three nu. With rows one product is left, of which the fits take more. */
enum { MOMENTS = RIDGE_MOMENTS, ROW_PRODUCTS = 1 };

double ridge_population_flops(size_t P, size_t N, bool rows, size_t lambdas)
{
    double flops[RIDGE_STEPS];
    if (!rows && ridge_tall_serves(P, N, 1, 1)) {
        tall_flops(&(struct tall_size){P, N, MOMENTS, RIDGE_MOMENT_NOISES, 1, lambdas}, flops);
    } else {
        data_flops(P, N, rows ? ROW_PRODUCTS : MOMENTS, lambdas, flops);
    }
    return sum_of(flops);
}

size_t ridge_population_bytes(size_t P, size_t N, bool rows, size_t lambdas, int ranks)
{
    size_t r = P < N ? P : N, features = ridge_row_range(P, ranks, 0).count;
    if (!rows && ridge_tall_serves(P, N, 1, ranks)) {
        return tall_bytes(&(struct tall_size){P, N, MOMENTS, RIDGE_MOMENT_NOISES, 1, lambdas}, ranks) +
               12 * lambdas * sizeof(double);
    }
    size_t factor = ridge_row_range(P < N ? N : P, ranks, 0).count * r + ridge_row_range(r, ranks, 0).count * r;
    size_t fits = rows ? 2 * lambdas * (r + features) + 4 * r + 2 * N : 0, draws = rows ? 2 * N : 0;
    size_t forms = ridge_data_bytes(P, N, rows ? ROW_PRODUCTS : MOMENTS, lambdas, ranks);
    size_t most = (factor + fits + N + 4096) * sizeof(double);
    return (forms > most ? forms : most) + (draws + 12 * lambdas) * sizeof(double);
}
