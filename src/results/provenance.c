/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The root attributes of a results file.
 *
 * Texts are strings of fixed length. They lie in the header of the root group, which has a checksum, and not in one of
 * HDF5's heaps, which have none.
 */
#include "results/provenance.h"

#include <stdint.h>
#include <time.h>

#include "moat/version.h"
#include "results/hdf5.h"
#include "results/variable.h"

enum { FORMAT_VERSION = 2 };
static const char references[] =
    "Jagadeesan, Jordan and Steinhardt, arXiv 2409.03734; PNAS 2025, doi 10.1073/pnas.2510004122";

static bool write_number(hid_t file, const char *name, double value)
{
    return variable_write_attribute(file, name, VARIABLE_FLOAT64, 0, NULL, &value);
}

static bool write_integer(hid_t file, const char *name, int64_t value)
{
    return variable_write_attribute(file, name, VARIABLE_INT64, 0, NULL, &value);
}

/* What the file is and where it comes from. */
static bool write_origin(hid_t file, const struct config *config)
{
    char now[32];
    time_t seconds = time(NULL);
    struct tm utc;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    return hdf5_text_fix(file, "Conventions", "CF-1.10") && hdf5_text_fix(file, "title", config->name) &&
           hdf5_text_fix(file, "references", references) && hdf5_text_fix(file, "date_created", now) &&
           hdf5_text_fix(file, "moat_version", moat_version()) &&
           hdf5_text_fix(file, "git_revision", moat_revision()) &&
           write_integer(file, "format_version", FORMAT_VERSION);
}

static bool write_sweep(hid_t file, const struct config *config)
{
    const struct axis *first = &config->grid.axis[GRID_TAU_I];
    bool market = config->sweep == SWEEP_MARKET_ENTRY;
    bool ok = hdf5_text_fix(file, "name", config->name) && hdf5_text_fix(file, "sweep", sweep_name[config->sweep]) &&
              hdf5_text_fix(file, "solver", solver_name[config->solver]) &&
              write_number(file, "gamma", config->gamma) && write_number(file, "P", config->P);
    if (ok && market) {
        ok = hdf5_text_fix(file, "scrutiny", scrutiny_name[config->scrutiny]) &&
             hdf5_text_fix(file, "tau_unit", tau_unit_name[config->tau_unit]);
    }
    if (ok && market && first->scalar) {
        ok = write_number(file, "tau_I", first->values[0]);
    }
    if (ok && config->solver == SOLVER_RIDGE) {
        ok = write_integer(file, "seed", (int64_t)config->ridge.seed) &&
             write_integer(file, "trials", (int64_t)config->ridge.trials);
    }
    return ok;
}

bool provenance_write(hid_t file, const struct config *config)
{
    return write_origin(file, config) && write_sweep(file, config);
}
