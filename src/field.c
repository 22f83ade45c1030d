/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of stored fields, and the packing of one block's values into a record. */
#include "moat/field.h"

enum {
    ALL = 1u << GRID_N_I | 1u << GRID_TAU_E | 1u << GRID_Q | 1u << GRID_NU,
    INCUMBENT = 1u << GRID_N_I | 1u << GRID_Q | 1u << GRID_NU,
    MARKET = 1u << GRID_Q | 1u << GRID_NU,
    ENTRANT_RULE = 1u << GRID_TAU_E | 1u << GRID_Q | 1u << GRID_NU
};

const struct field field_table[FIELD_COUNT] = {
    [FIELD_N_E_STAR] = {"N_E_star", FIELD_FLOAT64, ALL, "data points",
                        "market entry threshold: the least data with which the entrant wins", false},
    [FIELD_STATUS] = {"status", FIELD_UINT8, ALL, "1", "outcome at the grid point", false},
    [FIELD_ENTRANT_ALPHA] = {"entrant_alpha", FIELD_FLOAT64, ALL, "1",
                             "entrant's share of data labelled for performance, at N_E_star", false},
    [FIELD_ENTRANT_LAMBDA] = {"entrant_lambda", FIELD_FLOAT64, ALL, "1", "entrant's ridge level, at N_E_star", false},
    [FIELD_ENTRANT_LOSS_PERFORMANCE] = {"entrant_loss_performance", FIELD_FLOAT64, ALL, "1",
                                        "entrant's performance loss L1, at N_E_star", false},
    [FIELD_ENTRANT_LOSS_SAFETY] = {"entrant_loss_safety", FIELD_FLOAT64, ALL, "1",
                                   "entrant's safety loss L2, at N_E_star", false},
    [FIELD_INCUMBENT_ALPHA] = {"incumbent_alpha", FIELD_FLOAT64, INCUMBENT, "1",
                               "incumbent's share of data labelled for performance", false},
    [FIELD_INCUMBENT_LAMBDA] = {"incumbent_lambda", FIELD_FLOAT64, INCUMBENT, "1", "incumbent's ridge level", false},
    [FIELD_INCUMBENT_LOSS_PERFORMANCE] = {"incumbent_loss_performance", FIELD_FLOAT64, INCUMBENT, "1",
                                          "incumbent's performance loss L1", false},
    [FIELD_INCUMBENT_LOSS_SAFETY] = {"incumbent_loss_safety", FIELD_FLOAT64, INCUMBENT, "1",
                                     "incumbent's safety loss L2", false},
    [FIELD_L_STAR] = {"L_star", FIELD_FLOAT64, MARKET, "1",
                      "expected squared distance of the performance and safety targets, L*", false},
    [FIELD_TAU_I] = {"tau_I", FIELD_FLOAT64, MARKET, "1", "incumbent's safety threshold, absolute", false},
    [FIELD_TAU_E_ABSOLUTE] = {"tau_E_absolute", FIELD_FLOAT64, ENTRANT_RULE, "1",
                              "entrant's safety threshold, absolute", false},
    [FIELD_N_E_STAR_STDERR] = {"N_E_star_stderr", FIELD_FLOAT64, ALL, "data points",
                               "standard error of N_E_star, jackknife over trials", true},
    [FIELD_N_E_STAR_DETERMINISTIC] = {"N_E_star_deterministic", FIELD_FLOAT64, ALL, "data points",
                                      "N_E_star of the deterministic equivalent at the same P", true},
};

const char *const field_axis_name[GRID_AXES] = {"N_I", "tau_E", "Q", "nu"};

const char *const field_axis_units[GRID_AXES] = {"data points", "1", "1", "1"};

const char *const field_axis_long_name[GRID_AXES] = {
    "incumbent's number of data points",
    "entrant's safety threshold, as in the config (in its tau_unit)",
    "misalignment of performance and safety, 1 - rho",
    "data efficiency, min(2 (1 + gamma), gamma + delta)",
};

bool field_stored(const struct field *field, enum solver_kind solver)
{
    return !field->ridge_only || solver == SOLVER_RIDGE;
}

size_t field_element_size(enum field_type type)
{
    return type == FIELD_UINT8 ? sizeof(uint8_t) : sizeof(double);
}

int field_box(const struct field *field, const struct block *block, size_t start[GRID_AXES], size_t count[GRID_AXES])
{
    int rank = 0;
    for (unsigned a = 0; a < GRID_AXES; a++) {
        if (field->axes & 1u << a) {
            start[rank] = block->start[a];
            count[rank] = block->count[a];
            rank++;
        }
    }
    return rank;
}

void field_offsets(const struct block *block, size_t offset[FIELD_COUNT + 1])
{
    offset[0] = 0;
    for (int f = 0; f < FIELD_COUNT; f++) {
        size_t start[GRID_AXES], count[GRID_AXES];
        int rank = field_box(&field_table[f], block, start, count);
        size_t bytes = field_element_size(field_table[f].type);
        for (int a = 0; a < rank; a++) {
            bytes *= count[a];
        }
        offset[f + 1] = offset[f] + (bytes + 7) / 8 * 8; /* doubles stay aligned */
    }
}
