/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLURM's commands squeue, scontrol and sinfo, and how to read their answers. */
#include "base/slurm.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/process.h"

enum { TEXT_SIZE = 4096 };

/* The variables that tell a process which job, step and rank it is, by SLURM and by the launchers of MPI libraries.
   Open MPI also has some that users set: those stay. */
static const char *const outer[] = {"SLURM_",
                                    "SLURMD_",
                                    "PMI",
                                    "HYDI_",
                                    "MPI_LOCAL",
                                    "OMPI_COMM_WORLD_",
                                    "OMPI_UNIVERSE_SIZE",
                                    "OMPI_APP_CTX_",
                                    "OMPI_NUM_APP_CTX",
                                    "OMPI_FIRST_RANKS",
                                    "OMPI_FILE_LOCATION",
                                    "OMPI_COMMAND",
                                    "OMPI_ARGV",
                                    "OMPI_MCA_orte_",
                                    "OMPI_MCA_ess",
                                    "OMPI_MCA_pmix",
                                    "OMPI_MCA_initial_wdir",
                                    "OMPI_MCA_shmem_RUNTIME_QUERY_hint",
                                    "OMPI_MCA_mpi_oversubscribe",
                                    "MOAT_RANK_STARTED",
                                    NULL};

/* Of SLURM's variables, those that say which cluster this is, and who the user is. */
static const char *const cluster[] = {"SLURM_CONF", "SLURM_JWT", NULL};

/* Those that choose what SLURM's commands show. */
static const char *const views[] = {"SLURM_", "SQUEUE_", "SINFO_", "SCONTROL_", NULL};

char **slurm_clean_environment(void)
{
    return process_environment(outer, cluster);
}

/* --- The job of this process */

/* Returns a whole number of the environment, `otherwise` if it is not there. */
static long number_of(const char *variable, long otherwise)
{
    const char *text = getenv(variable);
    return text && isdigit((unsigned char)*text) ? strtol(text, NULL, 10) : otherwise;
}

void slurm_job_here(struct slurm_job *job)
{
    long array = number_of("SLURM_ARRAY_JOB_ID", 0), task = number_of("SLURM_ARRAY_TASK_ID", -1);
    *job = (struct slurm_job){.id = number_of("SLURM_JOB_ID", 0), .restart = number_of("SLURM_RESTART_COUNT", 0)};
    if (job->id > 0 && array > 0 && task >= 0) {
        job->id = array;
        job->element = true;
        job->task = task;
    }
}

void slurm_job_name(const struct slurm_job *job, char name[SLURM_NAME_SIZE])
{
    if (job->id > 0 && job->element) {
        snprintf(name, SLURM_NAME_SIZE, "%ld_%ld", job->id, job->task);
    } else if (job->id > 0) {
        snprintf(name, SLURM_NAME_SIZE, "%ld", job->id);
    } else {
        snprintf(name, SLURM_NAME_SIZE, "(none)");
    }
}

/* --- Questions */

/* Runs a command of SLURM and keeps its answer; the command has `seconds`, as a text, and then five more to end.
   Returns true if it succeeded. */
static bool ask(const char *seconds, const char *const *command, enum process_errors errors, char text[TEXT_SIZE])
{
    const char *words[10] = {"timeout", "-k", "5", seconds};
    size_t count = 0;
    while (command[count] && count + 5 < sizeof words / sizeof words[0]) {
        words[4 + count] = command[count];
        count++;
    }
    char **environment = process_environment(views, cluster);
    struct process process = {.words = words, .environment = environment, .errors = errors};
    int state = environment ? process_run(&process, text, TEXT_SIZE) : -1;
    free(environment);
    return state == 0;
}

/* Asks squeue for one field of the job, the option `format`. */
static bool ask_queue(const struct slurm_job *job, const char *format, char text[TEXT_SIZE])
{
    char name[SLURM_NAME_SIZE], jobs[SLURM_NAME_SIZE + 8];
    slurm_job_name(job, name);
    snprintf(jobs, sizeof jobs, "--jobs=%s", name);
    const char *const words[] = {"squeue", "--noheader", "--states=all", format, jobs, NULL};
    return ask("15", words, PROCESS_ERRORS_DROPPED, text);
}

void slurm_forget_outer_job(void)
{
    static const char *const memory[] = {"SLURM_MEM_PER_CPU", "SLURM_MEM_PER_NODE", "SLURM_MEM_PER_GPU"};
    static const char *const array[] = {"SLURM_ARRAY_JOB_ID",   "SLURM_ARRAY_TASK_ID",  "SLURM_ARRAY_TASK_COUNT",
                                        "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"};
    enum { MEMORY = sizeof memory / sizeof memory[0], ARRAY = sizeof array / sizeof array[0] };
    char text[TEXT_SIZE];
    struct slurm_job job;
    int sizes = 0;
    for (int i = 0; i < MEMORY; i++) {
        sizes += getenv(memory[i]) != NULL;
    }
    for (int i = 0; i < MEMORY && sizes > 1; i++) { /* srun would refuse them; without them a step gets the job's */
        unsetenv(memory[i]);
    }
    slurm_job_here(&job);
    long own = number_of("SLURM_JOB_ID", 0);
    if (!job.element || job.id == own) { /* only the array's own element has its number */
        return;
    }
    bool same = ask_queue(&job, "--Format=JobID:32", text) && strtol(text, NULL, 10) == own;
    for (int i = 0; i < ARRAY && !same; i++) { /* by its own number an element is found too, but the last one */
        unsetenv(array[i]);
    }
}

double slurm_time_left(const struct slurm_job *job)
{
    char text[TEXT_SIZE];
    struct tm end = {.tm_isdst = -1};
    if (!ask_queue(job, "--format=%e", text) || !*text) {
        return NAN;
    }
    if (!strptime(text, "%Y-%m-%dT%H:%M:%S", &end)) {
        return INFINITY; /* "N/A" */
    }
    end.tm_isdst = -1;
    return difftime(mktime(&end), time(NULL));
}

bool slurm_requeue(const struct slurm_job *job)
{
    char name[SLURM_NAME_SIZE], text[TEXT_SIZE];
    slurm_job_name(job, name);
    const char *const words[] = {"scontrol", "requeue", name, NULL};
    return ask("30", words, PROCESS_ERRORS_SHOWN, text);
}

enum slurm_state slurm_job_state(const struct slurm_job *job)
{
    static const char *const idle[] = {"PENDING",   "COMPLETED", "CANCELLED",     "FAILED",
                                       "TIMEOUT",   "NODE_FAIL", "OUT_OF_MEMORY", "Invalid job id",
                                       "PREEMPTED", "BOOT_FAIL", "DEADLINE"};
    static const char *const running[] = {"RUNNING", "COMPLETING", "S" /* STOPPED, SUSPENDED, SIGNALING, STAGE_OUT */};
    char name[SLURM_NAME_SIZE], jobs[SLURM_NAME_SIZE + 8], text[TEXT_SIZE];
    slurm_job_name(job, name);
    snprintf(jobs, sizeof jobs, "--jobs=%s", name);
    const char *const words[] = {"squeue", "--noheader", "--states=all", "--format=%T", jobs, NULL};
    if (ask("15", words, PROCESS_ERRORS_KEPT, text) && !*text) {
        return SLURM_IDLE; /* squeue has forgotten it */
    }
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
        if (strstr(text, idle[i])) { /* an error message has its text within a line */
            return SLURM_IDLE;
        }
    }
    for (size_t i = 0; i < sizeof running / sizeof running[0]; i++) {
        if (strncmp(text, running[i], strlen(running[i])) == 0) {
            return SLURM_RUNNING;
        }
    }
    return SLURM_UNKNOWN;
}

bool slurm_job_preempted(const struct slurm_job *job)
{
    char text[TEXT_SIZE]; /* a time, or "N/A" */
    return ask_queue(job, "--Format=PreemptTime:32", text) && isdigit((unsigned char)*text);
}

/* --- Partitions */

bool slurm_parse_time(const char *text, double *seconds)
{
    long days = 0, part[3] = {0};
    const char *dash = strchr(text, '-');
    int used = 0, parts = 0;
    if (strcasecmp(text, "infinite") == 0 || strcasecmp(text, "UNLIMITED") == 0) {
        *seconds = INFINITY;
        return true;
    }
    if (dash && (sscanf(text, "%ld%n", &days, &used) != 1 || text + used != dash)) {
        return false;
    }
    const char *at = dash ? dash + 1 : text;
    for (; parts < 3 && isdigit((unsigned char)*at); at += *at == ':') {
        part[parts++] = strtol(at, (char **)&at, 10);
    }
    if (parts == 0 || *at || days < 0) {
        return false;
    }
    /* The first of several parts is hours, that of two without days minutes. A single number is minutes, or hours after
       days. */
    int skip = !dash && parts < 3; /* no hours */
    double hours = skip ? 0 : (double)part[0], minutes = (double)part[skip ? 0 : 1], rest = (double)part[skip ? 1 : 2];
    *seconds = 86400.0 * (double)days + 3600.0 * hours + 60.0 * minutes + rest;
    return true;
}

/* Takes a line "name|limit|cores of a node" of sinfo; the default partition's name ends in a star. */
static void take_line(char *line, bool named, struct slurm_partition *out)
{
    char *rest = NULL, *name = strtok_r(line, "|", &rest), *limit = strtok_r(NULL, "|", &rest);
    char *cores = strtok_r(NULL, "|", &rest);
    double seconds;
    if (!cores || !(named || name[strlen(name) - 1] == '*')) {
        return;
    }
    if (slurm_parse_time(limit, &seconds)) {
        out->seconds = fmin(out->seconds, seconds);
    }
    int found = (int)strtol(cores, NULL, 10);
    out->node_cores = found > out->node_cores ? found : out->node_cores;
}

void slurm_partition_find(const char *name, struct slurm_partition *out)
{
    char text[TEXT_SIZE], option[256] = "--all", *rest = NULL;
    if (name) {
        snprintf(option, sizeof option, "--partition=%s", name);
    }
    /* --exact: nodes that differ are not put into one line. */
    const char *const words[] = {"sinfo", "--noheader", "--exact", "--format=%P|%l|%c", option, NULL};
    *out = (struct slurm_partition){.seconds = INFINITY};
    if (ask("15", words, PROCESS_ERRORS_DROPPED, text)) {
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
            take_line(line, name != NULL, out);
        }
    }
}
