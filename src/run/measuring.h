/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MEASURING_H
#define MOAT_MEASURING_H

#include <mpi.h>
#include <stdbool.h>

#include "moat/error.h"
#include "ridge/measure.h"
#include "ridge/measure_estimate.h"
#include "ridge/power_law.h"

/* From a data file to a spectrum file, on all ranks of a communicator. */

/* The arguments, as the user gave them. */
struct measuring_request {
    const char *command; /* the command line, for the file's history */
    const char *data;    /* path of the data file */
    const char *output;  /* path of the spectrum file */
    struct measure_options options;
    bool force; /* replaces a spectrum file that is there */
    bool quiet; /* shows no progress */
};

struct measuring {
    struct measure_fit fit;           /* on every rank */
    struct measure_estimate estimate; /* on rank 0 */
    struct power_law law;             /* on rank 0 */
};

/* Reads, measures and writes. A refusal leaves no file and changes none. Returns MOAT_USAGE, MOAT_IO, MOAT_MEMORY or
   MOAT_NUMERICAL; rank 0 has the message, whichever rank has failed, and the others return MOAT_OK where rank 0 alone
   fails after the last collective call. The caller frees *out with measuring_free whatever is returned. Collective over
   comm. */
enum moat_status measuring_run(const struct measuring_request *request, MPI_Comm comm, struct measuring *out);

/* Frees the contents; accepts contents that are all zero. Local. */
void measuring_free(struct measuring *measuring);

#endif
