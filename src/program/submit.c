/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat submit: a sweep as a SLURM job, with ranks, memory and time from its plan. */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/shell.h"
#include "program/command.h"
#include "run/plan.h"
#include "sweep/config.h"

#define SECONDS_AIM 1800.0  /* ranks are added until the sweep takes no longer */
#define SECONDS_MAX 86400.0 /* a longer sweep is requeued: no site takes jobs of any length */
#define TIME_MARGIN 2.0     /* nodes may be slower than this machine, and share its memory */
#define NOTICE_MIN 120.0    /* of the limit, s; SLURM's clock for it ticks every 30 s */
#define NOTICE_MAX 3600.0   /* what has not ended by then is solved again */
#define MEMORY_MARGIN 1.3
#define MEGABYTES_MIN 500.0 /* of a rank: what MPI takes on a fast network is not seen here */

struct arguments {
    const char *config, *output, *launcher;
    int ranks;
    bool fsync, dry_run;
    char **more;        /* sbatch's own options, NULL at the end */
    char **environment; /* before MPI_Init, which adds what marks the children of this process as its own ranks */
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "results file, instead of the config's `output`", 0},
    {"ranks", 'n', "K", 0, "ranks of the job; default: as many as bring it below half an hour, or fill a node", 0},
    {"launcher", 'l', "COMMAND", 0, "starts the ranks; default: mpirun. For example \"srun --mpi=pmix\"", 0},
    COMMAND_FSYNC_OPTION,
    {"dry-run", 'd', NULL, 0, "print the batch script and sbatch's command line, submit nothing", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *arguments = state->input;
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
    default:
        return command_parse_file(key, argument, state, "config", &arguments->config);
    }
}

/* Cores of the cluster's largest node, from sinfo; of this machine where there is no sinfo. */
static int node_cores(void)
{
    long most = 0;
    char line[64];
    FILE *answer = popen("timeout 15 sinfo --noheader --format=%c 2>/dev/null", "r"); // NOLINT(cert-env33-c): constant
    while (answer && fgets(line, sizeof line, answer)) {
        long cores = strtol(line, NULL, 10); /* "64+" where nodes differ */
        most = cores > most ? cores : most;
    }
    if (answer) {
        pclose(answer);
    }
    return most > 0 ? (int)most : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* The plan of the job, with its number of ranks. */
static enum moat_status make_plan(const struct arguments *arguments, const struct config *config, struct plan **plan)
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

/* `text` as the value of an #SBATCH option, which no quoting makes safe. */
static void write_plain(FILE *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        fputc(isalnum((unsigned char)*c) || strchr("._-+", *c) ? *c : '-', out);
    }
}

static void write_script(FILE *out, const struct arguments *arguments, const struct plan *plan)
{
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    double seconds = plan->tables_seconds + plan->grid_seconds, longest = 0;
    for (size_t k = 0; k < plan->rungs; k++) {
        longest = fmax(longest, plan->rung[k].seconds);
    }
    double notice = fmin(NOTICE_MIN + TIME_MARGIN * longest, NOTICE_MAX);
    double minutes = 10 + ceil((notice + fmin(TIME_MARGIN * seconds, SECONDS_MAX)) / 60);
    double megabytes = fmax(ceil(MEMORY_MARGIN * plan->rank_bytes / 1e8) * 100, MEGABYTES_MIN);
    fprintf(out, "#!/bin/sh\n# Written by `moat submit`: %zu points", plan->points);
    if (plan->rungs > 0) {
        fprintf(out, ", %zu data sets", plan->rungs * plan->config->ridge.trials);
    }
    fprintf(out, ", predicted %.3g s on these ranks.\n#SBATCH --job-name=", seconds);
    write_plain(out, plan->config->name);
    fprintf(out,
            "\n#SBATCH --ntasks=%d\n#SBATCH --mem-per-cpu=%.0fM\n#SBATCH --time=%.0f\n#SBATCH --signal=B:USR1@%.0f\n"
            "#SBATCH --requeue\n#SBATCH --open-mode=append\n#SBATCH --output=moat-%%j.log\n",
            plan->ranks, megabytes, minutes, notice);
    fprintf(out, "export OPENBLAS_NUM_THREADS=1\n");
    write_word(out, "exec ", program);
    write_word(out, " batch ", arguments->config);
    write_word(out, " -o ", arguments->output);
    if (arguments->launcher) {
        write_word(out, " --launcher ", arguments->launcher);
    }
    if (arguments->fsync) {
        fputs(" --fsync", out);
    }
    fputc('\n', out);
}

/* Calls sbatch on the script and reads the job's id. */
static enum moat_status call_sbatch(const struct arguments *arguments, const char *script, long *job)
{
    size_t more = 0;
    int ends[2], state = 0;
    char answer[256] = "";
    while (arguments->more[more]) {
        more++;
    }
    const char **words = calloc(more + 4, sizeof *words);
    if (!words || pipe(ends) != 0) {
        free(words);
        return moat_error_set(MOAT_MEMORY, "sbatch cannot be called: %s", strerror(errno));
    }
    words[0] = "sbatch";
    words[1] = "--parsable";
    memcpy(words + 2, arguments->more, more * sizeof *words);
    words[more + 2] = script;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execvpe("sbatch", (char *const *)words, arguments->environment);
        fprintf(stderr, "moat: sbatch cannot be started: %s: is this a login node of a SLURM cluster?\n",
                strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    FILE *stream = fdopen(ends[0], "r");
    bool got = stream && fgets(answer, sizeof answer, stream);
    if (stream) {
        fclose(stream);
    }
    free(words);
    bool ended = child > 0 && waitpid(child, &state, 0) == child;
    *job = strtol(answer, NULL, 10);
    return ended && state == 0 && got && *job > 0
               ? MOAT_OK
               : moat_error_set(MOAT_USAGE, "sbatch refused the job, its message is above; the script is %s", script);
}

static enum moat_status submit(const struct arguments *arguments, const struct plan *plan)
{
    char *script = NULL;
    long job = 0;
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
        status = call_sbatch(arguments, script, &job);
    }
    if (status == MOAT_OK) {
        printf("%ld\n", job);
        fprintf(stderr, "moat: job %ld, %d ranks, script %s, log moat-%ld.log\n", job, plan->ranks, script, job);
        write_word(stderr, "moat: follow it with: ", program_invocation_name);
        write_word(stderr, " status ", arguments->output);
        fputs(" --follow --wait 86400\n", stderr);
    }
    free(script);
    return status;
}

static enum moat_status plan_and_submit(struct arguments *arguments)
{
    struct config *config = NULL;
    struct plan *plan = NULL;
    enum moat_status status = config_load(arguments->config, &config);
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

/* A copy of the list of variables, which MPI_Init extends; NULL when there is no memory. */
static char **copy_environment(void)
{
    size_t size = 1;
    for (char **variable = environ; *variable; variable++) {
        size++;
    }
    char **copy = calloc(size, sizeof *copy);
    return copy ? memcpy(copy, environ, size * sizeof *copy) : NULL;
}

int command_submit(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct argp argp = {.options = options,
                              .parser = parse_option,
                              .args_doc = "CONFIG.yaml [-- SBATCH-OPTION...]",
                              .doc = "Submits the sweep of CONFIG.yaml to SLURM: ranks, memory and time from a plan "
                                     "made here, the script beside the results file. Prints the job's id. What comes "
                                     "after -- goes to sbatch and has the last word, as in `-- --time=2:00:00 -p "
                                     "long`."};
    int own = 0;
    while (own < argc && strcmp(argv[own], "--") != 0) {
        own++;
    }
    arguments.more = argv + (own < argc ? own + 1 : argc);
    command_parse(&argp, own, argv, &arguments);
    arguments.environment = copy_environment();
    int rank, code;
    if (!command_start_mpi(&rank, &code)) { /* the calibration solves ridge tasks */
        free(arguments.environment);
        return code;
    }
    enum moat_status status = arguments.environment ? MOAT_OK : moat_error_set(MOAT_MEMORY, "out of memory");
    status = status == MOAT_OK && rank == 0 ? plan_and_submit(&arguments) : status;
    if (status != MOAT_OK) {
        fprintf(stderr, "moat: %s\n", moat_error_message());
    }
    free(arguments.environment);
    MPI_Finalize();
    return command_exit_code(status);
}
