/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat plan: prints the work, memory and time that a sweep will take. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "program/command.h"
#include "program/json.h"
#include "results/spectrum_file.h"
#include "run/measurement.h"
#include "run/plan.h"
#include "sweep/config.h"

struct plan_arguments {
    const char *config, **settings;
    int ranks;
    bool json;
};

static const struct argp_option options[] = {
    {"ranks", 'n', "K", 0, "ranks of the run; default: one more than this machine has cores", 0},
    COMMAND_SET_OPTION,
    COMMAND_JSON_OPTION,
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct plan_arguments *arguments = state->input;
    switch (key) {
    case 'n':
        command_parse_ranks(argument, state, &arguments->ranks);
        return 0;
    case COMMAND_JSON:
        arguments->json = true;
        return 0;
    case COMMAND_SET:
        return command_add_word(argument, &arguments->settings) ? 0 : ENOMEM;
    default:
        return command_parse_file(key, argument, state, "config", &arguments->config);
    }
}

static const struct argp argp = {
    .options = options,
    .parser = parse_option,
    .args_doc = "CONFIG.yaml",
    .doc =
        "Prints what the sweep of CONFIG.yaml will take: tasks, flops, memory, groups of ranks, the size of the file, "
        "and the time, from a calibration of a few seconds on this machine."};

static void print_duration(const char *name, double seconds)
{
    if (seconds < 120) {
        printf("%-22s %.3g s\n", name, seconds);
    } else {
        printf("%-22s %.3g h\n", name, seconds / 3600);
    }
}

static void print_ladder(const struct plan *plan)
{
    size_t trials = plan->config->ridge.trials;
    printf("%-22s %zu rungs x %zu trials = %zu data sets\n", "ridge tasks", plan->rungs, trials, plan->rungs * trials);
    printf("%10s %10s %12s %12s %10s\n", "N", "ranks", "Gflop", "MB per rank", "s");
    for (size_t k = 0; k < plan->rungs; k++) {
        const struct plan_rung *rung = &plan->rung[k];
        printf("%10.0f %10d %12.4g %12.4g %10.3g\n", rung->N, rung->ranks, rung->flops / 1e9, rung->bytes / 1e6,
               rung->seconds);
    }
    printf("%-22s %.4g Gflop, %.3g Gflop/s on one rank here\n", "all tasks", plan->flops / 1e9,
           plan->flops_per_second / 1e9);
    print_duration("predicted, tables", plan->tables_seconds);
}

static void print_plan(const struct plan *plan)
{
    printf("%-22s %s\n", "sweep", plan->config->name);
    printf("%-22s %d, of which %d solve\n", "ranks", plan->ranks, plan->workers);
    printf("%-22s %zu in %zu blocks\n", "grid points", plan->points, plan->blocks);
    printf("%-22s %.4g MB\n", "results file", plan->file_bytes / 1e6);
    if (plan->rungs > 0) {
        print_ladder(plan);
    }
    printf("%-22s %.3g per second and worker here\n", "points", 1 / plan->seconds_per_point);
    print_duration("predicted, grid", plan->grid_seconds);
    print_duration("predicted, whole sweep", plan->tables_seconds + plan->grid_seconds);
}

/* The ladder of data sets, which is empty without `solver: ridge`. */
static void write_ladder(struct json *json, const struct plan *plan)
{
    size_t trials = plan->rungs > 0 ? plan->config->ridge.trials : 0;
    json_count(json, "trials", trials);
    json_count(json, "tasks", plan->rungs * trials);
    json_number(json, "flops", plan->flops);
    json_number(json, "flops_per_second", plan->flops_per_second);
    json_begin(json, "rungs", '[');
    for (size_t k = 0; k < plan->rungs; k++) {
        const struct plan_rung *rung = &plan->rung[k];
        json_begin(json, NULL, '{');
        json_number(json, "N", rung->N);
        json_count(json, "ranks", (size_t)rung->ranks);
        json_number(json, "flops", rung->flops);
        json_number(json, "rank_bytes", rung->bytes);
        json_number(json, "seconds", rung->seconds);
        json_end(json, '}');
    }
    json_end(json, ']');
}

static void write_json(const struct plan *plan)
{
    struct json json = {.out = stdout};
    const struct config *config = plan->config;
    json_begin(&json, NULL, '{');
    json_text(&json, "name", config->name);
    json_text(&json, "sweep", sweep_name[config->sweep]);
    json_text(&json, "solver", solver_name[config->solver]);
    json_text(&json, "output", config->output);
    json_count(&json, "ranks", (size_t)plan->ranks);
    json_count(&json, "workers", (size_t)plan->workers);
    json_count(&json, "points", plan->points);
    json_count(&json, "blocks", plan->blocks);
    json_number(&json, "file_bytes", plan->file_bytes);
    json_number(&json, "rank_bytes", plan->rank_bytes);
    write_ladder(&json, plan);
    json_number(&json, "seconds_per_point", plan->seconds_per_point);
    json_number(&json, "tables_seconds", plan->tables_seconds);
    json_number(&json, "grid_seconds", plan->grid_seconds);
    json_number(&json, "seconds", plan->tables_seconds + plan->grid_seconds);
    json_end(&json, '}');
}

static enum moat_status make_plan(const struct plan_arguments *arguments)
{
    struct config *config = NULL;
    struct plan *plan = NULL;
    int ranks = arguments->ranks > 0 ? arguments->ranks : (int)sysconf(_SC_NPROCESSORS_ONLN) + 1;
    enum moat_status status = config_load(arguments->config, arguments->settings, &config);
    if (status == MOAT_OK) {
        status = spectrum_file_give(config);
    }
    if (status == MOAT_OK) {
        int workers = ranks > 1 ? ranks - 1 : 1;
        status = plan_create(config, ranks, measurement_free_memory() / workers, &plan);
    }
    if (status == MOAT_OK) {
        arguments->json ? write_json(plan) : print_plan(plan);
    }
    plan_destroy(&plan);
    config_destroy(&config);
    return status;
}

static int run(int argc, char **argv)
{
    struct plan_arguments arguments = {0};
    command_parse(&argp, argc, argv, &arguments);
    enum moat_status status = command_is_first() ? make_plan(&arguments) : MOAT_OK;
    command_print_error(status);
    free(arguments.settings);
    return command_exit_code(status);
}

const struct command command_plan = {.name = "plan",
                                     .summary = "print what a sweep will take: tasks, memory, time, file size",
                                     .argp = &argp,
                                     .run = run};
