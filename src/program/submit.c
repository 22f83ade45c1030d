/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat submit: a sweep as a SLURM job, whose ranks, memory and time come from its plan. */
#include <argp.h>
#include <errno.h>
#include <libgen.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shell.h"
#include "base/slurm.h"
#include "base/submission.h"
#include "program/command.h"
#include "program/job_script.h"
#include "results/results.h"
#include "run/inputs.h"
#include "run/plan.h"
#include "sweep/config.h"

#define SECONDS_AIM 1800.0 /* ranks are added until the sweep takes no longer than this */

struct submit_arguments {
    const char *config, *output, *tables, *launcher, **settings;
    enum writers writers;
    int ranks;
    bool force, fsync, dry_run;
    char **more; /* sbatch's own options, NULL at the end */
};

static const struct argp_option options[] = {
    COMMAND_OUTPUT_OPTION,
    COMMAND_SET_OPTION,
    COMMAND_TABLES_OPTION,
    {"ranks", 'n', "K", 0, "ranks of the job; default: as many as bring the sweep below half an hour, or fill a node",
     0},
    {"launcher", 'l', "COMMAND", 0,
     "command that starts the ranks in the job, such as \"srun --mpi=pmix\"; default: mpirun", 0},
    COMMAND_FORCE_OPTION,
    COMMAND_FSYNC_OPTION,
    COMMAND_WRITERS_OPTION,
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
    case 'f':
        arguments->force = true;
        return 0;
    case COMMAND_FSYNC:
        arguments->fsync = true;
        return 0;
    case COMMAND_WRITERS:
        arguments->writers = command_parse_writers(argument, state);
        return 0;
    case 'd':
        arguments->dry_run = true;
        return 0;
    case 'n':
        command_parse_ranks(argument, state, &arguments->ranks);
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
                                 .args_doc = "CONFIG.yaml [-- SBATCH-OPTION...]",
                                 .doc = "Submits the sweep of CONFIG.yaml to SLURM. Ranks, memory and time come from a "
                                        "plan made here; the script and the job's log are beside the results file. "
                                        "Prints the job's id. Words after -- go to sbatch and take precedence, as in "
                                        "`-- --time=2:00:00 -p long`."};

/* Makes the plan of the job, which decides its number of ranks unless --ranks does: at most as many as the largest node
   has cores, or this machine if SLURM does not say. */
static enum moat_status make_plan(const struct submit_arguments *arguments, const struct config *config,
                                  const struct tables_file *tables, const struct slurm_partition *partition,
                                  struct plan **plan)
{
    enum moat_status status = plan_create(config, tables, arguments->ranks > 0 ? arguments->ranks : 2, INFINITY, plan);
    if (status != MOAT_OK || arguments->ranks > 0) {
        return status;
    }
    int most = partition->node_cores > 0 ? partition->node_cores : (int)sysconf(_SC_NPROCESSORS_ONLN);
    size_t pieces = (*plan)->blocks;
    if ((*plan)->rungs > 0 && (*plan)->rungs * config->ridge.trials > pieces) {
        pieces = (*plan)->rungs * config->ridge.trials;
    }
    most = (double)most > (double)pieces + 1 ? (int)pieces + 1 : most;
    double work = ((*plan)->tables_seconds + (*plan)->grid_seconds) * (*plan)->workers;
    int ranks = (int)fmin(1 + ceil(work / SECONDS_AIM), most);
    return plan_resize(*plan, ranks > 2 ? ranks : 2, INFINITY);
}

/* --- Words of the user */

/* The value of an sbatch option: on the command line, else as a variable of sbatch's own; NULL if there is none. */
static const char *find_option(const struct submit_arguments *arguments, char letter, const char *name,
                               const char *variable)
{
    const char *value = submission_option((const char *const *)arguments->more, letter, name);
    return value ? value : getenv(variable);
}

/* Checks that a log which the user has named himself can be written: sbatch does not look. */
static enum moat_status check_log(const struct submit_arguments *arguments)
{
    const char *log = submission_option((const char *const *)arguments->more, 'o', "output");
    const char *start = submission_option((const char *const *)arguments->more, 'D', "chdir");
    char *path = NULL;
    enum moat_status status = MOAT_OK;
    if (!log) {
        return MOAT_OK; /* it is beside the results */
    }
    bool relative = *log != '/';
    if (asprintf(&path, "%s%s%s", relative && start ? start : "", relative && start ? "/" : "", log) < 0) {
        return moat_error_set(MOAT_MEMORY, "out of memory");
    }
    const char *folder = dirname(path);
    if (!strchr(folder, '%') && access(folder, W_OK | X_OK) != 0) { /* a pattern only SLURM can fill in */
        status = moat_error_set(MOAT_USAGE, "--output=%s: the folder %s of the log cannot be written: %s", log, folder,
                                strerror(errno));
    }
    free(path);
    return status;
}

/* --- The job */

/* Says what keeps the job from starting, or from getting anywhere, before the user waits for it. */
static void warn(const struct submit_arguments *arguments, const struct job_script *script,
                 const struct slurm_partition *partition)
{
    const char *time = find_option(arguments, 't', "time", "SBATCH_TIMELIMIT");
    double seconds = INFINITY;
    struct job_size size;
    char reason[256];
    job_script_size(script, &size);
    if (time && slurm_parse_time(time, &seconds) && seconds > partition->seconds) {
        fprintf(stderr,
                "moat: warning: the time %s is beyond the limit of the partition, %.0f minutes: the job may never "
                "start\n",
                time, floor(partition->seconds / 60));
    }
    if (size.task_seconds > size.usable) {
        fprintf(stderr,
                "moat: warning: the largest data set may take %.0f s, and an attempt has %.0f s: choose a partition "
                "with a longer limit, or more ranks\n",
                size.task_seconds, size.usable);
    }
    FILE *text = tmpfile();
    if (text) {
        job_script_write(text, script);
        submission_try((const char *const *)arguments->more, text, reason, sizeof reason);
        fclose(text);
        if (*reason) {
            fprintf(stderr,
                    "moat: warning: SLURM has no nodes for %d ranks of %.0f MB with these options (%s): the job "
                    "may never start\n",
                    script->plan->ranks, size.megabytes, reason);
        }
    }
}

/* Writes the script and submits it. */
static enum moat_status submit(const struct submit_arguments *arguments, const struct job_script *script)
{
    char name[SLURM_NAME_SIZE];
    struct slurm_job job;
    enum moat_status status = job_script_save(script);
    if (status == MOAT_OK) {
        status = submission_send((const char *const *)arguments->more, script->path, &job);
    }
    if (status == MOAT_OK) {
        slurm_job_name(&job, name);
        printf("%s\n", name);
        fprintf(stderr, "moat: job %s, %d ranks, script %s", name, script->plan->ranks, script->path);
        if (!submission_option((const char *const *)arguments->more, 'o', "output")) {
            fprintf(stderr, ", log %s/moat-%s.log", script->folder, name);
        }
        fputc('\n', stderr);
        shell_write_after(stderr, "moat: follow it with: ", program_invocation_name);
        shell_write_after(stderr, " status ", script->output);
        fprintf(stderr, " --follow --wait 86400 --job %s\n", name);
    }
    return status;
}

/* Prints what submit() would do. Returns MOAT_OK. */
static enum moat_status print(const struct submit_arguments *arguments, const struct job_script *script)
{
    job_script_write(stdout, script);
    printf("# sbatch --parsable");
    for (char **word = arguments->more; *word; word++) {
        shell_write_after(stdout, " ", *word);
    }
    shell_write_after(stdout, " ", script->path);
    printf("\n");
    return MOAT_OK;
}

/* Makes the checks of the run that need no ranks, before the work of a plan. */
static enum moat_status check(const struct submit_arguments *arguments, const struct config *config,
                              const struct job_script *script)
{
    enum moat_status status = results_check(script->output, config, arguments->force ? RESULTS_FORCE : 0);
    if (status == MOAT_OK && access(script->folder, W_OK | X_OK) != 0) {
        status = moat_error_set(MOAT_USAGE,
                                "%s: the folder cannot be written, in which the job's log would be: %s: choose another "
                                "with -o",
                                script->folder, strerror(errno));
    }
    return status == MOAT_OK ? check_log(arguments) : status;
}

static enum moat_status plan_and_submit(const struct submit_arguments *arguments, const struct config *config,
                                        const struct tables_file *tables, struct job_script *script)
{
    struct slurm_partition partition;
    struct plan *plan = NULL;
    double seconds;
    const char *time = find_option(arguments, 't', "time", "SBATCH_TIMELIMIT");
    slurm_partition_find(find_option(arguments, 'p', "partition", "SBATCH_PARTITION"), &partition);
    enum moat_status status = make_plan(arguments, config, tables, &partition, &plan);
    if (status == MOAT_OK) {
        script->plan = plan;
        script->seconds_limit = time && slurm_parse_time(time, &seconds) ? seconds : partition.seconds;
        warn(arguments, script, &partition);
        status = arguments->dry_run ? print(arguments, script) : submit(arguments, script);
    }
    plan_destroy(&plan);
    return status;
}

static enum moat_status prepare(const struct submit_arguments *arguments)
{
    struct config *config = NULL;
    struct tables_file *tables = NULL;
    struct job_script script = {0};
    enum moat_status status = inputs_load(arguments->config, arguments->settings, &config);
    if (status == MOAT_OK) {
        status = job_script_place(arguments->config, arguments->output ? arguments->output : config->output,
                                  arguments->tables, &script);
    }
    if (status == MOAT_OK) {
        script.launcher = arguments->launcher ? arguments->launcher : getenv("MOAT_LAUNCHER"); /* a job may lack it */
        script.settings = arguments->settings;
        script.force = arguments->force;
        script.fsync = arguments->fsync;
        script.writers = arguments->writers;
        status = check(arguments, config, &script);
    }
    status =
        status == MOAT_OK && script.tables ? tables_file_open(script.tables, config, script.output, &tables) : status;
    status = status == MOAT_OK ? plan_and_submit(arguments, config, tables, &script) : status;
    tables_file_close(&tables);
    job_script_free(&script);
    config_destroy(&config);
    return status;
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
    if (!command_is_first()) {
        return 0;
    }
    enum moat_status status = prepare(&arguments);
    command_print_error(status);
    free(arguments.settings);
    return command_exit_code(status);
}

const struct command command_submit = {.name = "submit",
                                       .summary = "submit a sweep to SLURM, with ranks, memory and time from its plan",
                                       .argp = &argp,
                                       .run = run};
