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
#include "run/inputs.h"
#include "run/measurement.h"
#include "run/plan.h"
#include "sweep/config.h"

struct plan_arguments {
    const char *config, *tables, **settings;
    int ranks;
    bool json;
};

static const struct argp_option options[] = {
    {"ranks", 'n', "K", 0, "ranks of the run; default: one more than this machine has cores", 0},
    COMMAND_SET_OPTION,
    COMMAND_TABLES_OPTION,
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
    case COMMAND_TABLES:
        arguments->tables = argument;
        return 0;
    case COMMAND_SET:
        return command_add_word(argument, &arguments->settings) ? 0 : ENOMEM;
    default:
        return command_parse_file(key, argument, state, "config", &arguments->config);
    }
}

static const struct argp argp = {.options = options,
                                 .parser = parse_option,
                                 .args_doc = "CONFIG.yaml",
                                 .doc = "Prints what the sweep of CONFIG.yaml will take: first time, points, data "
                                        "sets, memory and the size of the file, "
                                        "then flops, memory and ranks of each data set. The time comes from a "
                                        "calibration of a few seconds on this machine."};

/* A predicted time, in the unit that makes it a small number. */
static const char *format_time(double seconds, char *text, size_t size)
{
    static const struct {
        double from, unit;
        const char *name;
    } units[] = {{172800, 86400, "days"}, {7200, 3600, "h"}, {120, 60, "min"}, {0, 1, "s"}};
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof units[0] && !(seconds >= units[i].from)) {
        i++;
    }
    snprintf(text, size, "%.3g %s", seconds / units[i].unit, units[i].name);
    return text;
}

/* What one wants to know before starting the sweep. */
static void print_totals(const struct plan *plan, const char *tables)
{
    const struct config *config = plan->config;
    size_t trials = config->ridge.trials;
    char time[32];
    printf("%-14s %s: %s, solver %s\n", "sweep", config->name, sweep_name[config->sweep], solver_name[config->solver]);
    printf("%-14s %s on %d rank%s, of which %d solve%s\n", "time",
           format_time(plan->tables_seconds + plan->grid_seconds, time, sizeof time), plan->ranks,
           plan->ranks > 1 ? "s" : "", plan->workers, plan->workers > 1 ? "" : "s");
    printf("%-14s %zu in %zu blocks\n", "grid points", plan->points, plan->blocks);
    if (plan->rungs > 0) {
        printf("%-14s %zu: %zu rungs x %zu trials\n", "data sets", plan->rungs * trials, plan->rungs, trials);
    }
    if (tables) {
        printf("%-14s %zu data sets, and %zu at some nu, from %s; %zu left to solve\n", "tables", plan->taken.wholly,
               plan->taken.partly, tables, plan->rungs * trials - plan->taken.wholly);
    }
    if (config->rows) {
        printf("%-14s %zu of %zu features from %s, %.4g MB on each rank\n", "rows", config->rows->n, config->rows->P,
               config->ridge.data, ridge_rows_bytes((double)config->rows->n, (double)config->rows->P) / 1e6);
    }
    printf("%-14s %.4g MB, %.4g MB on each rank\n", "memory", plan->ranks * plan->rank_bytes / 1e6,
           plan->rank_bytes / 1e6);
    printf("%-14s %.4g MB, %s\n", "results file", plan->file_bytes / 1e6, config->output);
}

static void print_plan(const struct plan *plan, const char *tables)
{
    char time[32];
    print_totals(plan, tables);
    if (plan->rungs > 0) {
        printf("\ndata sets, %s: %.4g Gflop, %.3g Gflop/s on one rank here\n",
               format_time(plan->tables_seconds, time, sizeof time), plan->flops / 1e9, plan->flops_per_second / 1e9);
        printf("%10s %10s %12s %12s %10s%s\n", "N", "ranks", "Gflop", "MB per rank", "s", tables ? "   to solve" : "");
    }
    for (size_t k = 0; k < plan->rungs; k++) {
        const struct plan_rung *rung = &plan->rung[k];
        printf("%10.0f %10d %12.4g %12.4g %10.3g", rung->N, rung->ranks, rung->flops / 1e9, rung->bytes / 1e6,
               rung->seconds);
        tables ? printf(" %10zu\n", rung->left) : printf("\n");
    }
    printf("\ngrid points, %s: %.3g points/s on one worker here\n", format_time(plan->grid_seconds, time, sizeof time),
           1 / plan->seconds_per_point);
}

/* The ladder of data sets, which is empty without `solver: ridge`. */
static void write_ladder(struct json *json, const struct plan *plan, const char *tables)
{
    size_t trials = plan->rungs > 0 ? plan->config->ridge.trials : 0;
    json_count(json, "trials", trials);
    json_count(json, "tasks", plan->rungs * trials);
    json_text(json, "tables_from", tables);
    json_count(json, "tasks_taken", plan->taken.wholly);
    json_count(json, "tasks_partly_taken", plan->taken.partly);
    json_number(json, "flops", plan->flops);
    json_number(json, "flops_per_second", plan->flops_per_second);
    json_begin(json, "rungs", '[');
    for (size_t k = 0; k < plan->rungs; k++) {
        const struct plan_rung *rung = &plan->rung[k];
        json_begin(json, NULL, '{');
        json_number(json, "N", rung->N);
        json_count(json, "tasks_left", rung->left);
        json_count(json, "ranks", (size_t)rung->ranks);
        json_number(json, "flops", rung->flops);
        json_number(json, "rank_bytes", rung->bytes);
        json_number(json, "seconds", rung->seconds);
        json_end(json, '}');
    }
    json_end(json, ']');
}

static void write_json(const struct plan *plan, const char *tables)
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
    write_ladder(&json, plan, tables);
    json_number(&json, "seconds_per_point", plan->seconds_per_point);
    json_number(&json, "tables_seconds", plan->tables_seconds);
    json_number(&json, "grid_seconds", plan->grid_seconds);
    json_number(&json, "seconds", plan->tables_seconds + plan->grid_seconds);
    json_end(&json, '}');
}

static enum moat_status make_plan(const struct plan_arguments *arguments)
{
    struct config *config = NULL;
    struct tables_file *tables = NULL;
    struct plan *plan = NULL;
    int ranks = arguments->ranks > 0 ? arguments->ranks : (int)sysconf(_SC_NPROCESSORS_ONLN) + 1;
    enum moat_status status = inputs_load(arguments->config, arguments->settings, &config);
    if (status == MOAT_OK && arguments->tables) {
        status = tables_file_open(arguments->tables, config, NULL, &tables);
    }
    if (status == MOAT_OK) {
        int workers = ranks > 1 ? ranks - 1 : 1;
        status = plan_create(config, tables, ranks, measurement_free_memory() / workers, &plan);
    }
    if (status == MOAT_OK) {
        arguments->json ? write_json(plan, arguments->tables) : print_plan(plan, arguments->tables);
    }
    plan_destroy(&plan);
    tables_file_close(&tables);
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
