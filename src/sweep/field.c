/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of stored fields, and the packing of one block's values into a record. */
#include "sweep/field.h"

#include <zlib.h>

#include "moat/market.h"

enum {
    ALL = (1u << GRID_AXES) - 1,
    INCUMBENT = ALL & ~(1u << GRID_TAU_E),
    THRESHOLDS = ALL & ~(1u << GRID_N_I),
    ENTRANT_THRESHOLD = THRESHOLDS & ~(1u << GRID_TAU_I),
    INCUMBENT_THRESHOLD = THRESHOLDS & ~(1u << GRID_TAU_E),
    MARKET = 1u << GRID_Q | 1u << GRID_NU,
    NU = 1u << GRID_NU,
    ANY_SWEEP = FIELD_OF_MARKET_ENTRY | FIELD_OF_SCALING_LAW,
    ENTRY = FIELD_OF_MARKET_ENTRY,
    SCALING = FIELD_OF_SCALING_LAW,
    POWER_LAWS = FIELD_IF_POWER_LAWS
};

/* Versions of clang-format differ on braces in macros and tables. */
/* clang-format off */
#define NUMBER(name, axes, files, units, long_name) {name, units, long_name, NULL, 0, FIELD_FLOAT64, axes, files}
#define FLAG(name, files, long_name, flags, count) {name, "1", long_name, flags, count, FIELD_UINT8, ALL, files}
/* clang-format on */

const struct field field_table[FIELD_COUNT] = {
    [FIELD_STATUS] =
        FLAG("status", ANY_SWEEP, "outcome at the grid point", moat_market_status_name, MOAT_MARKET_STATUSES),
    [FIELD_REGIME] = FLAG("regime", ANY_SWEEP | POWER_LAWS,
                          "theory's regime in whose range the point is and whose exponent the local exponent is near",
                          moat_regime_name, MOAT_REGIMES),
    [FIELD_L_STAR] =
        NUMBER("L_star", MARKET, ANY_SWEEP, "1", "expected squared distance of the performance and safety targets, L*"),
    [FIELD_NU_PRIME] =
        NUMBER("nu_prime", NU, ANY_SWEEP | POWER_LAWS, "1", "second data efficiency, min(1 + gamma, gamma + delta)"),

    [FIELD_N_E_STAR] = NUMBER("N_E_star", ALL, ENTRY, "data points",
                              "market entry threshold: the least data with which the entrant wins"),
    [FIELD_ENTRANT_ALPHA] =
        NUMBER("entrant_alpha", ALL, ENTRY, "1", "entrant's share of data labelled for performance, at N_E_star"),
    [FIELD_ENTRANT_LAMBDA] = NUMBER("entrant_lambda", ALL, ENTRY, "1", "entrant's ridge level, at N_E_star"),
    [FIELD_ENTRANT_LOSS_PERFORMANCE] =
        NUMBER("entrant_loss_performance", ALL, ENTRY, "1", "entrant's performance loss L1, at N_E_star"),
    [FIELD_ENTRANT_LOSS_SAFETY] =
        NUMBER("entrant_loss_safety", ALL, ENTRY, "1", "entrant's safety loss L2, at N_E_star"),
    [FIELD_INCUMBENT_ALPHA] =
        NUMBER("incumbent_alpha", INCUMBENT, ENTRY, "1", "incumbent's share of data labelled for performance"),
    [FIELD_INCUMBENT_LAMBDA] = NUMBER("incumbent_lambda", INCUMBENT, ENTRY, "1", "incumbent's ridge level"),
    [FIELD_INCUMBENT_LOSS_PERFORMANCE] =
        NUMBER("incumbent_loss_performance", INCUMBENT, ENTRY, "1", "incumbent's performance loss L1"),
    [FIELD_INCUMBENT_LOSS_SAFETY] =
        NUMBER("incumbent_loss_safety", INCUMBENT, ENTRY, "1", "incumbent's safety loss L2"),
    [FIELD_TAU_I] = NUMBER("tau_I", MARKET, ENTRY | FIELD_IF_SCALAR, "1", "incumbent's safety threshold, absolute"),
    [FIELD_TAU_I_ABSOLUTE] = NUMBER("tau_I_absolute", INCUMBENT_THRESHOLD, ENTRY | FIELD_IF_AXIS, "1",
                                    "incumbent's safety threshold, absolute"),
    [FIELD_TAU_E_ABSOLUTE] =
        NUMBER("tau_E_absolute", ENTRANT_THRESHOLD, ENTRY, "1", "entrant's safety threshold, absolute"),
    [FIELD_GAP] = NUMBER("D", THRESHOLDS, ENTRY, "1",
                         "performance loss of an incumbent less that of an entrant, both with infinite data"),
    [FIELD_ELASTICITY_N_I] = NUMBER("elasticity_N_I", ALL, ENTRY, "1", "d ln N_E_star / d ln N_I"),
    [FIELD_ELASTICITY_TAU_E] = NUMBER("elasticity_tau_E", ALL, ENTRY, "1", "d ln N_E_star / d ln tau_E"),
    [FIELD_ELASTICITY_TAU_I] = NUMBER("elasticity_tau_I", ALL, ENTRY, "1", "d ln N_E_star / d ln tau_I"),
    [FIELD_ELASTICITY_Q] = NUMBER("elasticity_Q", ALL, ENTRY | POWER_LAWS, "1",
                                  "d ln N_E_star / d ln Q, the thresholds held as written in the config"),
    [FIELD_EXPONENT_D] = NUMBER("exponent_D", ALL, ENTRY, "1", "d ln N_E_star / d ln (1/D), tau_I moving"),
    [FIELD_BREAK_N_I_FIRST] = NUMBER("break_elasticity_N_I_first", INCUMBENT_THRESHOLD, ENTRY | POWER_LAWS,
                                     "data points", "N_I at which theory's first regime of elasticity_N_I ends"),
    [FIELD_BREAK_N_I_OVER_REGULARISED] =
        NUMBER("break_elasticity_N_I_over_regularised", INCUMBENT_THRESHOLD, ENTRY | POWER_LAWS, "data points",
               "N_I at which theory's regime of an over-regularising incumbent ends"),
    [FIELD_BREAK_N_I_SECOND] = NUMBER("break_elasticity_N_I_second", INCUMBENT_THRESHOLD, ENTRY | POWER_LAWS,
                                      "data points", "N_I at which theory's second regime of elasticity_N_I ends"),
    [FIELD_BREAK_D_FIRST] = NUMBER("break_exponent_D_first", ENTRANT_THRESHOLD, ENTRY | POWER_LAWS, "1",
                                   "1/D at which theory's first regime of exponent_D ends"),
    [FIELD_BREAK_D_SECOND] = NUMBER("break_exponent_D_second", ENTRANT_THRESHOLD, ENTRY | POWER_LAWS, "1",
                                    "1/D at which theory's second regime of exponent_D ends"),
    [FIELD_N_E_STAR_STDERR] = NUMBER("N_E_star_stderr", ALL, ENTRY | FIELD_IF_RIDGE, "data points",
                                     "standard error of N_E_star, jackknife over trials"),
    [FIELD_N_E_STAR_DETERMINISTIC] = NUMBER("N_E_star_deterministic", ALL, ENTRY | FIELD_IF_RIDGE, "data points",
                                            "N_E_star of the deterministic equivalent at the same P"),

    [FIELD_LOSS] = NUMBER("loss", ALL, SCALING, "1", "performance loss L1"),
    [FIELD_EXCESS_LOSS] =
        NUMBER("excess_loss", ALL, SCALING, "1", "performance loss less that of infinite data, L1 - (1 - alpha)^2 L*"),
    [FIELD_LAMBDA_LOSS] =
        NUMBER("lambda_loss", ALL, SCALING | FIELD_IF_SCALAR, "1", "ridge level at which loss is least"),
    [FIELD_LAMBDA_EXCESS] =
        NUMBER("lambda_excess", ALL, SCALING | FIELD_IF_SCALAR, "1",
               "ridge level at which excess_loss is least: the same, for they differ by a constant"),
    [FIELD_FINITE_DATA_ERROR] = NUMBER("finite_data_error", ALL, SCALING, "1", "the finite-data term of loss"),
    [FIELD_OVERFITTING_ERROR] = NUMBER("overfitting_error", ALL, SCALING, "1", "the overfitting term of loss"),
    [FIELD_MIXTURE_ERROR] =
        NUMBER("mixture_error", ALL, SCALING, "1", "the mixture term of loss: that of infinite data"),
    [FIELD_MIXTURE_FINITE_DATA_ERROR] =
        NUMBER("mixture_finite_data_error", ALL, SCALING, "1", "the mixture finite-data term of loss"),
    [FIELD_EXPONENT_LOSS] = NUMBER("exponent_loss", ALL, SCALING, "1", "- d ln loss / d ln N"),
    [FIELD_EXPONENT_EXCESS] = NUMBER("exponent_excess", ALL, SCALING, "1", "- d ln excess_loss / d ln N"),
    [FIELD_BREAK_LOSS_FIRST] = NUMBER("break_exponent_loss_first", ENTRANT_THRESHOLD, SCALING | POWER_LAWS,
                                      "data points", "N at which theory's first regime of exponent_loss ends"),
    [FIELD_BREAK_LOSS_SECOND] = NUMBER("break_exponent_loss_second", ENTRANT_THRESHOLD, SCALING | POWER_LAWS,
                                       "data points", "N at which theory's second regime of exponent_loss ends"),
    [FIELD_BREAK_EXCESS_FIRST] = NUMBER("break_exponent_excess_first", ENTRANT_THRESHOLD, SCALING | POWER_LAWS,
                                        "data points", "N at which theory's first regime of exponent_excess ends"),
    [FIELD_BREAK_EXCESS_SECOND] = NUMBER("break_exponent_excess_second", ENTRANT_THRESHOLD, SCALING | POWER_LAWS,
                                         "data points", "N at which theory's second regime of exponent_excess ends"),
    [FIELD_REGIME_EXCESS] = FLAG("regime_excess", SCALING | POWER_LAWS, "the same as regime, of exponent_excess",
                                 moat_regime_name, MOAT_REGIMES),
    [FIELD_LOSS_STDERR] = NUMBER("loss_stderr", ALL, SCALING | FIELD_IF_RIDGE, "1",
                                 "standard error of loss and of excess_loss, jackknife over trials"),
    [FIELD_LOSS_DETERMINISTIC] = NUMBER("loss_deterministic", ALL, SCALING | FIELD_IF_RIDGE, "1",
                                        "loss of the deterministic equivalent at the same P"),
    [FIELD_EXCESS_LOSS_DETERMINISTIC] = NUMBER("excess_loss_deterministic", ALL, SCALING | FIELD_IF_RIDGE, "1",
                                               "excess_loss of the deterministic equivalent at the same P"),
};

_Static_assert(FIELD_COUNT <= 64, "the bits of field_all");

static bool has_field(const struct field *field, const struct config *config)
{
    bool scalar = config->grid.axis[0].scalar;
    return field->files & 1u << config->sweep && !(field->files & FIELD_IF_RIDGE && config->solver != SOLVER_RIDGE) &&
           !(field->files & FIELD_IF_SCALAR && !scalar) && !(field->files & FIELD_IF_AXIS && scalar) &&
           !(field->files & FIELD_IF_POWER_LAWS && config->measured);
}

uint64_t field_all(const struct config *config)
{
    uint64_t fields = 0;
    for (int f = 0; f < FIELD_COUNT; f++) {
        fields |= (uint64_t)has_field(&field_table[f], config) << f;
    }
    return fields;
}

bool field_stored(const struct field *field, const struct config *config)
{
    return has_field(field, config) && config->stored >> (field - field_table) & 1;
}

const enum moat_regime field_theory_regime[MOAT_REGIME_EXPONENTS] = {MOAT_REGIME_FIRST, MOAT_REGIME_SECOND,
                                                                     MOAT_REGIME_THIRD, MOAT_REGIME_OVER_REGULARISED};

/* Exponents depend on neither Q nor a, unlike their ranges. */
bool field_theory(enum field_id field, const struct config *config, double nu, double exponent[MOAT_REGIME_EXPONENTS])
{
    struct moat_regimes regimes;
    const double Q = 1, a = 0;
    if (config->measured) {
        return false;
    }
    switch (field) {
    case FIELD_ELASTICITY_N_I:
        moat_regime_result_1(config->scrutiny, config->gamma, nu, Q, a, &regimes);
        break;
    case FIELD_EXPONENT_D:
        moat_regime_result_2(config->scrutiny, config->gamma, nu, Q, a, &regimes);
        break;
    case FIELD_EXPONENT_LOSS:
        moat_regime_scaling_law(nu, Q, a, &regimes);
        break;
    case FIELD_EXPONENT_EXCESS:
        moat_regime_excess_loss(config->gamma, nu, Q, a, &regimes);
        break;
    default:
        return false;
    }
    for (int i = 0; i < MOAT_REGIME_EXPONENTS; i++) {
        exponent[i] = moat_regime_exponent(&regimes, field_theory_regime[i]);
    }
    return true;
}

size_t field_element_size(enum field_type type)
{
    return type == FIELD_UINT8 ? sizeof(uint8_t) : sizeof(double);
}

int field_axes(const struct field *field, const struct grid *grid, int axis[GRID_AXES])
{
    int rank = 0;
    for (int a = 0; a < GRID_AXES; a++) {
        if (field->axes & 1u << a && !grid->axis[a].scalar) {
            axis[rank++] = a;
        }
    }
    return rank;
}

int field_box(const struct field *field, const struct grid *grid, const struct block *block, size_t start[GRID_AXES],
              size_t count[GRID_AXES])
{
    int axis[GRID_AXES], rank = field_axes(field, grid, axis);
    for (int i = 0; i < rank; i++) {
        start[i] = block->start[axis[i]];
        count[i] = block->count[axis[i]];
    }
    return rank;
}

/* Bytes of the values of field f in `block`, without padding. */
static size_t field_bytes(const struct config *config, int f, const struct block *block)
{
    size_t start[GRID_AXES], count[GRID_AXES], bytes = field_element_size(field_table[f].type);
    int rank = field_box(&field_table[f], &config->grid, block, start, count);
    for (int a = 0; a < rank; a++) {
        bytes *= count[a];
    }
    return field_stored(&field_table[f], config) ? bytes : 0;
}

void field_offsets(const struct config *config, const struct block *block, size_t offset[FIELD_COUNT + 1])
{
    offset[0] = 0;
    for (int f = 0; f < FIELD_COUNT; f++) {
        offset[f + 1] = offset[f] + (field_bytes(config, f, block) + 7) / 8 * 8; /* doubles stay aligned */
    }
}

uint32_t field_checksum(const struct config *config, const struct block *block, const unsigned char *record)
{
    size_t offset[FIELD_COUNT + 1];
    unsigned long sum = 0;
    field_offsets(config, block, offset);
    for (int f = 0; f < FIELD_COUNT; f++) {
        sum = crc32_z(sum, record + offset[f], field_bytes(config, f, block));
    }
    return (uint32_t)sum;
}
