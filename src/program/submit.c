/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat submit: a sweep as a SLURM job, whose ranks, memory and time come from its plan. */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shell.h"
#include "base/slurm.h"
#include "program/command.h"
#include "run/plan.h"
#include "sweep/config.h"

#define SECONDS_AIM 1800.0  /* ranks are added until the sweep takes no longer than this */
#define SECONDS_MAX 86400.0 /* longest time asked for: sites limit it, and the job is requeued at the limit */
#define TIME_MARGIN 2.0     /* nodes may be slower than this machine, and there all cores share the memory bandwidth */
#define NOTICE_MIN 120.0    /* s from SLURM's signal to the time limit; SLURM looks every 30 s only */
#define NOTICE_MAX 3600.0   /* a data set that takes longer is solved again after the requeue */
#define MEMORY_MARGIN 1.3
#define MEGABYTES_MIN 500.0 /* of a rank; what MPI takes on a fast network does not show on this machine */

struct submit_arguments {
    const char *config, *output, *launcher, **settings;
    int ranks;
    bool fsync, dry_run;
    char **more; /* sbatch's own options, NULL at the end */
    char *
        *environment; /* for sbatch: as it was before MPI_Init, which adds variables that mark our children as ranks */
};

static const struct argp_option options[] = {
    COMMAND_OUTPUT_OPTION,
    COMMAND_SET_OPTION,
    {"ranks", 'n', "K", 0, "ranks of the job; default: as many as bring the sweep below half an hour, or fill a node",
     0},
    {"launcher", 'l', "COMMAND", 0,
     "command that starts the ranks in the job, such as \"srun --mpi=pmix\"; default: mpirun", 0},
    COMMAND_FSYNC_OPTION,
    {"dry-run", 'd', NULL, 0, "print the batch script and the command line of sbatch; submit nothing", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct submit_arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->output = argument;
        return 0;
    case 'l':
        arguments->launcher = argument;
        return 0;
    case COMMAND_FSYNC:
        arguments->fsync = true;
        return 0;
    case 'd':
        arguments->dry_run = true;
        return 0;
    case 'n':
        command_parse_ranks(argument, state, &arguments->ranks);
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
    .args_doc = "CONFIG.yaml [-- SBATCH-OPTION...]",
    .doc =
        "Submits the sweep of CONFIG.yaml to SLURM. Ranks, memory and time come from a plan made here; the script is "
        "written beside the results file. Prints the job's id. Words after -- go to sbatch and take precedence, as "
        "in `-- --time=2:00:00 -p long`."};

/* Cores of the cluster's largest node; of this machine if SLURM does not say. */
static int node_cores(void)
{
    int cores = slurm_node_cores();
    return cores > 0 ? cores : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Makes the plan of the job, which decides its number of ranks unless --ranks does. */
static enum moat_status make_plan(const struct submit_arguments *arguments, const struct config *config,
                                  struct plan **plan)
{
    enum moat_status status = plan_create(config, arguments->ranks > 0 ? arguments->ranks : 2, INFINITY, plan);
    if (status != MOAT_OK || arguments->ranks > 0) {
        return status;
    }
    int most = node_cores();
    size_t pieces = (*plan)->blocks;
    if ((*plan)->rungs > 0 && (*plan)->rungs * config->ridge.trials > pieces) {
        pieces = (*plan)->rungs * config->ridge.trials;
    }
    most = (double)most > (double)pieces + 1 ? (int)pieces + 1 : most;
    double work = ((*plan)->tables_seconds + (*plan)->grid_seconds) * (*plan)->workers;
    int ranks = (int)fmin(1 + ceil(work / SECONDS_AIM), most);
    return plan_resize(*plan, ranks > 2 ? ranks : 2, INFINITY);
}

/* Writes `before`, then `text` as one word of the shell. */
static void write_word(FILE *out, const char *before, const char *text)
{
    fputs(before, out);
    shell_write(out, text);
}

/* Writes `text` as the value of an #SBATCH option. No quoting is safe there, so other characters become dashes. */
static void write_plain(FILE *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        fputc(isalnum((unsigned char)*c) || strchr("._-+", *c) ? *c : '-', out);
    }
}

/* Writes the #SBATCH lines. */
static void write_options(FILE *out, const struct plan *plan)
{
    double seconds = plan->tables_seconds + plan->grid_seconds, longest = 0;
    for (size_t k = 0; k < plan->rungs; k++) {
        longest = fmax(longest, plan->rung[k].seconds);
    }
    double notice = fmin(NOTICE_MIN + TIME_MARGIN * longest, NOTICE_MAX);
    double minutes = 10 + ceil((notice + fmin(TIME_MARGIN * seconds, SECONDS_MAX)) / 60);
    double megabytes = fmax(ceil(MEMORY_MARGIN * plan->rank_bytes / 1e8) * 100, MEGABYTES_MIN);
    fprintf(out, "#SBATCH --job-name=");
    write_plain(out, plan->config->name);
    fprintf(out,
            "\n#SBATCH --ntasks=%d\n#SBATCH --mem-per-cpu=%.0fM\n#SBATCH --time=%.0f\n#SBATCH --signal=B:USR1@%.0f\n"
            "#SBATCH --requeue\n#SBATCH --open-mode=append\n#SBATCH --output=moat-%%j.log\n",
            plan->ranks, megabytes, minutes, notice);
}

static void write_script(FILE *out, const struct submit_arguments *arguments, const struct plan *plan)
{
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    fprintf(out, "#!/bin/sh\n# Written by `moat submit`: %zu points", plan->points);
    if (plan->rungs > 0) {
        fprintf(out, ", %zu data sets", plan->rungs * plan->config->ridge.trials);
    }
    fprintf(out, ", predicted %.3g s on these ranks.\n", plan->tables_seconds + plan->grid_seconds);
    write_options(out, plan);
    fprintf(out, "export OPENBLAS_NUM_THREADS=1\n");
    write_word(out, "exec ", program);
    write_word(out, " batch ", arguments->config);
    write_word(out, " -o ", arguments->output);
    for (const char **setting = arguments->settings; setting && *setting; setting++) {
        write_word(out, " --set ", *setting);
    }
    if (arguments->launcher) {
        write_word(out, " --launcher ", arguments->launcher);
    }
    if (arguments->fsync) {
        fputs(" --fsync", out);
    }
    fputc('\n', out);
}

/* Writes the script and submits it. */
static enum moat_status submit(const struct submit_arguments *arguments, const struct plan *plan)
{
    char *script = NULL, name[SLURM_NAME_SIZE];
    struct slurm_job job;
    if (asprintf(&script, "%s.sbatch", arguments->output) < 0) {
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    FILE *file = fopen(script, "w");
    enum moat_status status = MOAT_OK;
    if (file) {
        write_script(file, arguments, plan);
    }
    if (!file || fclose(file) != 0) {
        status = moat_error_set(MOAT_USAGE, "%s: cannot be written: %s: choose another folder with -o", script,
                                strerror(errno));
    }
    if (status == MOAT_OK) {
        status = slurm_submit((const char *const *)arguments->more, script, arguments->environment, &job);
    }
    if (status == MOAT_OK) {
        slurm_job_name(&job, name);
        printf("%s\n", name);
        fprintf(stderr, "moat: job %s, %d ranks, script %s, log moat-%s.log\n", name, plan->ranks, script, name);
        write_word(stderr, "moat: follow it with: ", program_invocation_name);
        write_word(stderr, " status ", arguments->output);
        fputs(" --follow --wait 86400\n", stderr);
    }
    free(script);
    return status;
}

static enum moat_status plan_and_submit(struct submit_arguments *arguments)
{
    struct config *config = NULL;
    struct plan *plan = NULL;
    enum moat_status status = config_load(arguments->config, arguments->settings, &config);
    if (status == MOAT_OK) {
        arguments->output = arguments->output ? arguments->output : config->output;
        status = make_plan(arguments, config, &plan);
    }
    if (status == MOAT_OK && arguments->dry_run && plan) {
        write_script(stdout, arguments, plan);
        printf("# sbatch --parsable");
        for (char **word = arguments->more; *word; word++) {
            write_word(stdout, " ", *word);
        }
        write_word(stdout, " ", arguments->output);
        printf(".sbatch\n");
    } else if (status == MOAT_OK && plan) {
        status = submit(arguments, plan);
    }
    plan_destroy(&plan);
    config_destroy(&config);
    return status;
}

/* Copies the list of variables; the caller frees it. Returns NULL when out of memory. */
static char **copy_environment(void)
{
    size_t size = 1;
    for (char **variable = environ; *variable; variable++) {
        size++;
    }
    char **copy = calloc(size, sizeof *copy);
    return copy ? memcpy(copy, environ, size * sizeof *copy) : NULL;
}

static int run(int argc, char **argv)
{
    struct submit_arguments arguments = {0};
    int own = 0; /* words before --, which are not sbatch's */
    while (own < argc && strcmp(argv[own], "--") != 0) {
        own++;
    }
    arguments.more = argv + (own < argc ? own + 1 : argc);
    command_parse(&argp, own, argv, &arguments);
    arguments.environment = copy_environment();
    int rank, code;
    if (!command_start_mpi(&rank, &code)) { /* the calibration solves ridge tasks, with MPI */
        free(arguments.settings);
        free(arguments.environment);
        return code;
    }
    enum moat_status status = arguments.environment ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory");
    status = status == MOAT_OK && rank == 0 ? plan_and_submit(&arguments) : status;
    command_print_error(status);
    free(arguments.settings);
    free(arguments.environment);
    MPI_Finalize();
    return command_exit_code(status);
}

const struct command command_submit = {.name = "submit",
                                       .summary = "submit a sweep to SLURM, with ranks, memory and time from its plan",
                                       .argp = &argp,
                                       .run = run};
