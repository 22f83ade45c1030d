/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The solvers of one nu, behind one interface. */
#include "sweep/model.h"

#include <math.h>
#include <stdlib.h>

#include "moat/deterministic.h"
#include "moat/measured.h"
#include "sweep/field.h"
#include "sweep/jackknife.h"

struct model {
    struct moat_deterministic *table; /* of power laws, or of a measured spectrum; the other is NULL */
    struct moat_measured *measured;
    struct moat_measured *sampled; /* of the rows that are sampled, whose spectrum need not be that of the file */
    struct moat_solver deterministic;
    struct jackknife *jackknife;   /* with SOLVER_RIDGE, else NULL */
    struct moat_company *on_trial; /* [jackknife_sets], likewise */
    const struct moat_solver *solver;
    bool beside; /* the deterministic equivalent is solved too, beside `solver` or as it */
};

/* What costs a solution for each trial, and what costs one of the deterministic equivalent. */
static const enum field_id error_fields[] = {FIELD_N_E_STAR_STDERR, FIELD_LOSS_STDERR};
static const enum field_id deterministic_fields[] = {FIELD_N_E_STAR_DETERMINISTIC, FIELD_LOSS_DETERMINISTIC,
                                                     FIELD_EXCESS_LOSS_DETERMINISTIC};

/* Returns true if files of the sweep have one of these fields. */
static bool stores(const struct config *config, const enum field_id *field, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any = any || field_stored(&field_table[field[i]], config);
    }
    return any;
}

static enum moat_status create_jackknife(const struct config *config, const struct ladder *ladder, size_t nu,
                                         struct model *model)
{
    struct jackknife_basis basis = {model->table, model->measured};
    enum moat_status status = MOAT_OK;
    if (config->rows) {
        struct ridge_population population = config_population(config);
        status = moat_measured_create(&population.spectrum, &model->sampled);
        basis.measured = model->sampled;
    }
    if (status == MOAT_OK) {
        status = jackknife_create(&basis, ladder, nu,
                                  stores(config, error_fields, sizeof error_fields / sizeof *error_fields),
                                  &model->jackknife);
    }
    return status;
}

/* The one place that knows which solvers exist. */
static enum moat_status choose_solver(const struct config *config, const struct ladder *ladder, size_t nu,
                                      struct model *model)
{
    enum moat_status status = MOAT_OK;
    switch (config->solver) {
    case SOLVER_DETERMINISTIC:
        model->solver = &model->deterministic;
        break;
    case SOLVER_RIDGE:
        status = create_jackknife(config, ladder, nu, model);
        if (status == MOAT_OK) {
            model->solver = jackknife_solver(model->jackknife);
            model->on_trial = calloc(jackknife_sets(model->jackknife), sizeof *model->on_trial);
            status = model->on_trial ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory for the incumbents");
        }
        break;
    }
    return status;
}

/* Makes the tables of the deterministic equivalent, and its solver. */
static enum moat_status tabulate(const struct config *config, size_t nu, struct model *model)
{
    enum moat_status status;
    if (config->measured) {
        status = moat_measured_create(&config->directions.spectrum, &model->measured);
    } else {
        status =
            moat_deterministic_create(config->gamma, config->grid.axis[GRID_NU].values[nu], config->P, &model->table);
    }
    if (status == MOAT_OK) {
        model->deterministic =
            config->measured ? moat_measured_solver(model->measured) : moat_deterministic_solver(model->table);
    }
    return status;
}

enum moat_status model_create(const struct config *config, const struct ladder *ladder, size_t nu, struct model **out)
{
    struct model *model = *out = calloc(1, sizeof *model);
    if (!model) {
        return moat_error_set(MOAT_MEMORY, "out of memory for a solver");
    }
    enum moat_status status = tabulate(config, nu, model);
    if (status == MOAT_OK) {
        model->beside =
            config->solver == SOLVER_DETERMINISTIC ||
            stores(config, deterministic_fields, sizeof deterministic_fields / sizeof *deterministic_fields);
        status = choose_solver(config, ladder, nu, model);
    }
    if (status != MOAT_OK) {
        model_destroy(out);
    }
    return status;
}

void model_destroy(struct model **model)
{
    if (*model) {
        jackknife_destroy(&(*model)->jackknife);
        free((*model)->on_trial);
        moat_deterministic_destroy(&(*model)->table);
        moat_measured_destroy(&(*model)->measured);
        moat_measured_destroy(&(*model)->sampled);
        free(*model);
        *model = NULL;
    }
}

const struct moat_solver *model_solver(const struct model *model)
{
    return model->solver;
}

/* The same market under the deterministic equivalent. */
static struct moat_market deterministic_market(const struct model *model, const struct moat_market *market)
{
    struct moat_market out = *market;
    out.solver = &model->deterministic;
    return out;
}

void model_solve_incumbent(struct model *model, const struct moat_market *market, double N_I,
                           struct model_incumbent *out)
{
    struct moat_market equivalent = deterministic_market(model, market);
    *out = (struct model_incumbent){.on_trial = model->on_trial};
    if (model->beside) {
        moat_market_incumbent(&equivalent, N_I, &out->deterministic);
    }
    out->company = out->deterministic;
    if (model->jackknife) {
        jackknife_incumbents(model->jackknife, market, N_I, model->on_trial);
        out->company = model->on_trial[jackknife_sets(model->jackknife) - 1];
    }
}

void model_solve_threshold(const struct model *model, const struct moat_market *market,
                           const struct model_incumbent *incumbent, struct model_threshold *out)
{
    struct moat_market equivalent = deterministic_market(model, market);
    *out = (struct model_threshold){.N_E_star_deterministic = NAN, .standard_error = NAN};
    if (model->beside) {
        moat_market_threshold(&equivalent, &incumbent->deterministic, &out->threshold);
        out->N_E_star_deterministic = out->threshold.N_E_star;
    }
    if (model->jackknife) {
        out->standard_error = jackknife_threshold(model->jackknife, market, incumbent->on_trial, &out->threshold);
    }
}

void model_solve_scaling_law(const struct model *model, double N, double Q, double alpha, double lambda,
                             struct model_scaling_law *out)
{
    *out = (struct model_scaling_law){.loss_deterministic = NAN, .excess_deterministic = NAN, .standard_error = NAN};
    if (model->beside) {
        moat_scaling_law_solve(&model->deterministic, N, Q, alpha, lambda, &out->law);
        out->loss_deterministic = out->law.loss;
        out->excess_deterministic = out->law.excess;
    }
    if (model->jackknife) {
        out->standard_error = jackknife_scaling_law(model->jackknife, N, Q, alpha, lambda, &out->law);
    }
}
