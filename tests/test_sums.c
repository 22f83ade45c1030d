/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ridge tables through the sums of a trial: against their definition, against the way through Y, on groups of different
 * sizes, and where the sums are too ill-conditioned. Runs on any number of ranks: all run the same tests, every verdict
 * is that of all ranks, rank 0 prints.
 */
#include <float.h>
#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "moat/sampled.h"
#include "mpi_suite.h"
#include "ridge/cost.h"
#include "ridge/population.h"
#include "ridge/profile.h"
#include "ridge/sums.h"
#include "ridge/way.h"
#include "ridge_reference.h"
#include "ridge_tables.h"

static enum moat_status solve(const struct ridge_task *task, size_t most, MPI_Comm group, struct ridge_sums **sums,
                              struct tables *tables, struct ridge_profile *profile)
{
    struct ridge_table table = {.A1 = tables->A1, .A2 = tables->A2, .D = tables->D};
    memset(tables, 0xff, sizeof *tables); /* NaNs */
    memset(profile, 0, sizeof *profile);
    return ridge_solve_rung_profiled(task, most, group, sums, &table, profile);
}

static const double gammas[] = {0.1, 1};

/* The rungs of one trial, the largest first, all from the same sums as far as these serve; against the definition. */
static void test_definition(void)
{
    const size_t P = 48, N[] = {49, 47, 40, 20, 1};
    size_t through = 0, most = 0;
    for (size_t g = 0; g < 2; g++) {
        struct ridge_sums *sums = NULL;
        for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
            double nu[NUS];
            struct ridge_task task = make_task(gammas[g], P, N[n], nu);
            struct tables tables, reference;
            struct ridge_table table = {.A1 = reference.A1, .A2 = reference.A2, .D = reference.D};
            struct ridge_profile profile;
            CU_ASSERT(everywhere(ridge_reference(&task, true, &table)));
            CU_ASSERT(everywhere(solve(&task, 47, MPI_COMM_WORLD, &sums, &tables, &profile) == MOAT_OK));
            CU_ASSERT(everywhere(difference(&task, !profile.through_sums, &tables, &reference) < 1e-9));
            CU_ASSERT(everywhere(N[n] < P || profile.through_sums == 0));
            through += profile.through_sums;
            most += N[n] < P;
        }
        CU_ASSERT(everywhere(sums && sums->rows == 47));
        ridge_sums_release(&sums);
    }
    CU_ASSERT(through > most / 2 && through <= most);
}

/* Orders at which more than one rank uses ScaLAPACK and sums go over the group in more than one pass, against the way
   through Y. The error is what the bound says, and the bound what is expected of it. At lambda = 0 only the sums are
   held to it: there Y has no promise. */
static void test_both_ways(void)
{
    const size_t P = 700, N[] = {699, 350, 80};
    double most = 0;
    for (size_t g = 0; g < 2; g++) {
        struct ridge_sums *sums = NULL;
        for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
            double nu[NUS], expected = ridge_way_expected(gammas[g], P, NULL, N[n]);
            struct ridge_task task = make_task(gammas[g], P, N[n], nu);
            struct ridge_sums *none = NULL;
            struct tables tables, direct;
            struct ridge_profile profile, other;
            CU_ASSERT(everywhere(solve(&task, P - 1, MPI_COMM_WORLD, &sums, &tables, &profile) == MOAT_OK));
            CU_ASSERT(everywhere(solve(&task, 0, MPI_COMM_WORLD, &none, &direct, &other) == MOAT_OK));
            double error = difference(&task, !profile.through_sums, &tables, &direct);
            CU_ASSERT(everywhere(error < 1e-9));
            CU_ASSERT(everywhere(!profile.through_sums || error < 5 * profile.bound));
            CU_ASSERT(everywhere(N[n] > P - 10 || fabs(log(profile.bound / expected)) < 0.5));
            CU_ASSERT(everywhere(profile.through_sums == (profile.bound <= RIDGE_WAY_MOST)));
            CU_ASSERT(everywhere(other.through_sums == 0 && !none));
            most = profile.through_sums ? fmax(most, error / profile.bound) : most;
            if (getenv("MOAT_TEST_VERBOSE")) {
                printf("gamma = %g, N = %zu: bound %.1e, expected %.1e, %s, error %.1e\n", gammas[g], N[n],
                       profile.bound, expected, profile.through_sums ? "sums" : "Y", error);
            }
        }
        ridge_sums_release(&sums);
    }
    CU_ASSERT(everywhere(most > 0.2)); /* the bound is no idle one */
}

/* Rank 0 alone and the others together, all together, and each rank by itself; rungs in any order from sums that are
   replaced when they do not reach. */
static void test_groups(void)
{
    const size_t N[] = {60, 250, 7, 230};
    int rank;
    MPI_Comm part;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split(MPI_COMM_WORLD, rank > 0, rank, &part);
    MPI_Comm group[] = {MPI_COMM_SELF, MPI_COMM_NULL, part, MPI_COMM_WORLD};
    struct ridge_sums *sums[4] = {NULL};
    for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
        double nu[NUS];
        struct ridge_task task = make_task(0.5, 1001, N[n], nu);
        struct tables tables[4];
        struct ridge_profile profile;
        for (int i = 0; i < 4; i++) {
            CU_ASSERT(everywhere(solve(&task, 60, group[i], &sums[i], &tables[i], &profile) == MOAT_OK));
            CU_ASSERT(everywhere(difference(&task, 0, &tables[0], &tables[i]) < 1e-9));
            CU_ASSERT(everywhere(profile.through_sums == 1 && profile.bytes_now == 0));
            CU_ASSERT(everywhere(sums[i] && sums[i]->rows == (n == 0 ? 60 : 250)));
        }
        CU_ASSERT(everywhere(memcmp(&tables[0], &tables[1], sizeof tables[0]) == 0));
        struct tables first = tables[3]; /* every rank has the same bits */
        MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, MPI_COMM_WORLD);
        CU_ASSERT(everywhere(memcmp(&first, &tables[3], sizeof first) == 0));
    }
    for (int i = 0; i < 4; i++) {
        ridge_sums_release(&sums[i]);
    }
    MPI_Comm_free(&part);
}

/* Gaussian samples of a measured spectrum, whose joint moments have both signs, against the way through Y. */
static void test_population(void)
{
    enum { P = 300, CELLS_OF_LOSSES = LAMBDAS * MOAT_SAMPLED_ALPHAS };
    double sigma[P], b11[P], b12[P], b22[P], loss[2][2][CELLS_OF_LOSSES];
    for (size_t j = 0; j < P; j++) {
        sigma[j] = pow((double)(j * 7 % P + 1), -1.4); /* in no order */
        b11[j] = 1 / (1 + (double)j), b22[j] = 0.3;
        b12[j] = (j % 3 == 0 ? -0.4 : 0.7) * sqrt(b11[j] * b22[j]);
    }
    struct ridge_population population = {
        .spectrum = {.n = P, .sigma = sigma, .b11 = b11, .b22 = b22, .b12 = b12, .noise1 = 0.1, .noise2 = 0.3}};
    struct ridge_task task = {
        /* such a config has no gamma */
        .gamma = NAN, .P = P, .N = 90, .seed = 3, .lambdas = LAMBDAS, .lambda = lambdas, .population = &population};
    struct ridge_sums *sums = NULL;
    for (size_t way = 0; way < 2; way++) {
        struct ridge_table table = {.performance = loss[way][0], .safety = loss[way][1]};
        struct ridge_profile profile = {0};
        CU_ASSERT(everywhere(ridge_solve_rung_profiled(&task, way * 120, MPI_COMM_WORLD, &sums, &table, &profile) ==
                             MOAT_OK));
        CU_ASSERT(profile.through_sums == way);
    }
    const struct ridge_sums *made = sums;
    double smaller[2][CELLS_OF_LOSSES];
    struct ridge_table table = {.performance = smaller[0], .safety = smaller[1]};
    struct ridge_task next = task;
    next.N = 60;
    CU_ASSERT(everywhere(ridge_solve_rung(&next, next.N, MPI_COMM_WORLD, &sums, &table) == MOAT_OK));
    CU_ASSERT(everywhere(sums == made && sums->rows == 120)); /* those of the larger rung serve */
    for (size_t i = 0; i < CELLS_OF_LOSSES; i++) {
        CU_ASSERT(everywhere(fabs(loss[1][0][i] / loss[0][0][i] - 1) < 1e-9));
        CU_ASSERT(everywhere(fabs(loss[1][1][i] / loss[0][1][i] - 1) < 1e-9));
    }
    ridge_sums_release(&sums);
}

/* Prediction of memory: at least what is used, at most a quarter more, also where another data set made the sums. */
static void test_bytes(void)
{
    const size_t N[] = {500, 300, 100};
    int ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    struct ridge_sums *sums = NULL;
    for (size_t n = 0; n < sizeof N / sizeof *N; n++) {
        double nu[NUS];
        struct ridge_task task = make_task(0.5, 20000, N[n], nu);
        struct tables tables;
        struct ridge_profile profile;
        CU_ASSERT(everywhere(solve(&task, N[n], MPI_COMM_WORLD, &sums, &tables, &profile) == MOAT_OK));
        unsigned long long used = profile.bytes_peak,
                           predicted = ridge_rung_bytes(
                               &(struct ridge_rung_size){20000, N[n], N[n], NUS, NUS, NUS, LAMBDAS}, ranks);
        MPI_Allreduce(MPI_IN_PLACE, &used, 1, MPI_UNSIGNED_LONG_LONG, MPI_MAX, MPI_COMM_WORLD);
        CU_ASSERT(used <= predicted);
        CU_ASSERT((double)predicted <= 1.25 * (double)used);
        CU_ASSERT(profile.bytes_now == 0);
        ridge_sums_release(&sums);
    }
}

#ifdef MOAT_FAULTS
/* Every allocation fails once on the last rank, in a data set that makes the sums and in one that finds them too
   ill-conditioned: the same status everywhere, nothing leaks. Data that are not finite leave no sums behind. */
static void test_failures(void)
{
    const size_t N[] = {220, 239};
    int ranks;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    for (size_t n = 0; n < 2; n++) {
        double nu[NUS];
        struct ridge_task task = make_task(0.5, n == 0 ? 2000 : 240, N[n], nu);
        struct ridge_sums *sums = NULL;
        struct ridge_profile profile;
        struct tables tables;
        enum moat_status status = MOAT_MEMORY;
        unsigned call = 0;
        while (status == MOAT_MEMORY && call < 1000) {
            char fault[64];
            ridge_sums_release(&sums);
            snprintf(fault, sizeof fault, "ridge:alloc:rank%d:call%u", ranks - 1, ++call);
            setenv("MOAT_FAULT", fault, 1);
            status = solve(&task, N[n], MPI_COMM_WORLD, &sums, &tables, &profile);
            CU_ASSERT(profile.bytes_now == 0);
        }
        CU_ASSERT(everywhere(status == MOAT_OK && call > 25));
        ridge_sums_release(&sums);
        setenv("MOAT_FAULT", "ridge:nan:rank0", 1);
        CU_ASSERT(everywhere(solve(&task, N[n], MPI_COMM_WORLD, &sums, &tables, &profile) == MOAT_NUMERICAL));
        CU_ASSERT(everywhere(strstr(moat_error_message(), "not finite") && !sums && profile.bytes_now == 0));
        unsetenv("MOAT_FAULT");
    }
}
#endif

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {{"against the definition", test_definition},
                           {"both ways", test_both_ways},
                           {"groups of different sizes", test_groups},
                           {"Gaussian samples of a measured spectrum", test_population},
                           {"memory as predicted", test_bytes},
#ifdef MOAT_FAULTS
                           {"failures", test_failures},
#endif
                           CU_TEST_INFO_NULL};
    return mpi_suite_run("sums", tests, &argc, &argv);
}
