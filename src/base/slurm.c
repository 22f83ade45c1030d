/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLURM's commands squeue, scontrol and sinfo, and how to read their answers. */
#include "base/slurm.h"

#include <ctype.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

bool slurm_parse_job(const char *text, struct slurm_job *out)
{
    char name[SLURM_NAME_SIZE];
    *out = (struct slurm_job){.id = strtol(text, NULL, 10)};
    const char *task = strchr(text, '_');
    if (task) {
        out->element = true;
        out->task = strtol(task + 1, NULL, 10);
    }
    slurm_job_name(out, name);
    return out->id > 0 && strcmp(name, text) == 0; /* nothing else was in it */
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
    text[0] = '\0';
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

/* Returns true if `text` is one of the words of `list`, which ends with NULL. A word that ends in `*` stands for all
   that begin with it, one that begins with `*` too for all that have it within. */
static bool matches(const char *text, const char *const *list)
{
    for (; *list; list++) {
        if (fnmatch(*list, text, 0) == 0) {
            return true;
        }
    }
    return false;
}

/* What a state and reason, as squeue shows them, mean for a job. */
static enum slurm_prospect judge(const char *state, const char *reason)
{
    static const char *const ended[] = {"COMPLETED",     "CANCELLED", "FAILED",    "TIMEOUT",  "NODE_FAIL",
                                        "OUT_OF_MEMORY", "PREEMPTED", "BOOT_FAIL", "DEADLINE", NULL};
    static const char *const runs[] = {"RUNNING", "COMPLETING", "S*" /* STOPPED, SUSPENDED, SIGNALING, STAGE_OUT */,
                                       NULL};
    static const char *const held[] = {"REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD", NULL};
    static const char *const waits[] = {"PENDING", "CONFIGURING", "REQUEUED", NULL};
    /* Limits of all jobs of a user or group leave room some day; those of one job do not. */
    static const char *const stuck[] = {"JobHeld*",       "JobHoldMaxRequeue",
                                        "launch*held",    "DependencyNeverSatisfied",
                                        "BadConstraints", "Invalid*",
                                        "*NotAllowed",    "PartitionTimeLimit",
                                        "MaxMemPerLimit", "*PerJob*",
                                        "*PerNode*",      "QOSMin*",
                                        "DeadLine",       NULL};
    if (matches(state, ended)) {
        return SLURM_ENDED;
    }
    if (matches(state, held)) {
        return SLURM_STUCK;
    }
    if (matches(state, waits)) {
        return matches(reason, stuck) ? SLURM_STUCK : SLURM_WAITS;
    }
    return matches(state, runs) ? SLURM_RUNS : SLURM_SILENT;
}

void slurm_job_report(const struct slurm_job *job, struct slurm_report *out)
{
    char name[SLURM_NAME_SIZE], jobs[SLURM_NAME_SIZE + 8], text[TEXT_SIZE], *rest = NULL;
    slurm_job_name(job, name);
    snprintf(jobs, sizeof jobs, "--jobs=%s", name);
    const char *const words[] = {"squeue", "--noheader", "--states=all", "--format=%T|%r", jobs, NULL};
    bool answered = ask("15", words, PROCESS_ERRORS_KEPT, text);
    *out = (struct slurm_report){.prospect = SLURM_SILENT};
    if (answered ? !*text : strstr(text, "Invalid job id") != NULL) { /* squeue has forgotten it */
        out->prospect = SLURM_ENDED;
        return;
    }
    for (char *line = strtok_r(text, "\n", &rest); answered && line; line = strtok_r(NULL, "\n", &rest)) {
        char *bar = strchr(line, '|'), *reason = bar ? bar + 1 : line + strlen(line);
        if (bar) {
            *bar = '\0';
        }
        enum slurm_prospect prospect = judge(line, reason);
        if (prospect > out->prospect) {
            out->prospect = prospect;
            snprintf(out->state, sizeof out->state, "%s", line);
            snprintf(out->reason, sizeof out->reason, "%s", strcmp(reason, "None") == 0 ? "" : reason);
        }
    }
}

enum slurm_state slurm_job_state(const struct slurm_job *job)
{
    struct slurm_report report;
    slurm_job_report(job, &report);
    if (report.prospect == SLURM_RUNS) {
        return SLURM_RUNNING;
    }
    return report.prospect == SLURM_ENDED || strcmp(report.state, "PENDING") == 0 ? SLURM_IDLE : SLURM_UNKNOWN;
}

bool slurm_job_preempted(const struct slurm_job *job)
{
    char text[TEXT_SIZE]; /* a time, or "N/A" */
    return ask_queue(job, "--Format=PreemptTime:32", text) && isdigit((unsigned char)*text);
}

/* --- Partitions */

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
