/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat measure: from features and two sets of labels to a spectrum file. */
#include <argp.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "program/command.h"
#include "program/measure.h"
#include "program/output.h"
#include "results/results.h"
#include "run/measuring.h"

struct measure_arguments {
    struct measuring_request request;
    bool json;
};

enum { KEY_DIRECTIONS = 0x300, KEY_POPULATION };

static const struct argp_option options[] = {
    {"output", 'o', "SPECTRUM.h5", 0, "the spectrum file to write", 0},
    {"directions", KEY_DIRECTIONS, "K", 0,
     "keep only the K directions of largest variance; what the labels owe to the others counts as label noise", 0},
    {"whole-population", KEY_POPULATION, NULL, 0,
     "the rows are the whole population, as for `ridge: {data: DATA.h5}`, and not a sample of it: take the fits as "
     "they "
     "are",
     0},
    {"force", 'f', NULL, 0, "replace a spectrum file", 0},
    {"quiet", 'q', NULL, 0, "print nothing but errors", 0},
    COMMAND_JSON_OPTION,
    {0},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct measure_arguments *arguments = state->input;
    struct measuring_request *request = &arguments->request;
    char *end;
    switch (key) {
    case 'o':
        request->output = text;
        return 0;
    case KEY_DIRECTIONS: {
        long number = strtol(text, &end, 10);
        if (*end || end == text || number < 1) {
            argp_error(state, "--directions: found `%s`, expected a whole number from 1", text);
        }
        request->options.directions = (size_t)number;
        return 0;
    }
    case KEY_POPULATION:
        request->options.whole_population = true;
        return 0;
    case 'f':
        request->force = true;
        return 0;
    case 'q':
        request->quiet = true;
        return 0;
    case COMMAND_JSON:
        arguments->json = true;
        return 0;
    case ARGP_KEY_END:
        if (request->data && !request->output) {
            argp_error(state, "--output is missing: %s", options[0].doc);
        }
        /* fall through */
    default:
        return command_parse_file(key, text, state, "data file", &request->data);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "DATA.h5",
    .doc = "Measures the spectrum of a data set, for `model: {spectrum: SPECTRUM.h5}`, under mpirun, srun or alone. "
           "DATA.h5 (HDF5) holds `features`, n rows of P numbers, and the labels `performance` and `safety`, n numbers "
           "each. Prints what was found, and the nearest power law."};

/* Measures on every rank; only rank 0 prints, and returns another status than MOAT_OK. */
static enum moat_status measure(const struct measure_arguments *arguments, int rank)
{
    struct measuring measuring;
    enum moat_status status = measuring_run(&arguments->request, MPI_COMM_WORLD, &measuring);
    if (rank == 0) {
        command_print_error(status);
        if (status == MOAT_OK && arguments->json) {
            measure_write_json(stdout, &arguments->request, &measuring);
        } else if (status == MOAT_OK && !arguments->request.quiet) {
            measure_print(&arguments->request, &measuring);
        }
    }
    measuring_free(&measuring);
    return rank == 0 ? status : MOAT_OK;
}

static int run(int argc, char **argv)
{
    struct measure_arguments arguments = {0};
    int rank, code;
    char *line = command_line(argc, argv);
    arguments.request.command = line ? line : "";
    command_parse(&argp, argc, argv, &arguments);
    results_prepare();
    if (command_start_mpi(&rank, &code)) {
        code = command_exit_code(measure(&arguments, rank));
        output_flush(); /* Open MPI 5 flushes it too, and keeps to itself why it could not */
        MPI_Finalize();
    }
    free(line);
    return code;
}

const struct command command_measure = {.name = "measure",
                                        .summary = "measure a data set's spectrum; under mpirun, srun or alone",
                                        .argp = &argp,
                                        .required = 1,
                                        .run = run};
