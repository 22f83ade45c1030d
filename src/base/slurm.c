/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SLURM's commands squeue, scontrol, sinfo and sbatch, and how to read their answers. */
#include "base/slurm.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMMAND_SIZE = 160 };

static long number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : 0;
}

void slurm_job_here(struct slurm_job *job)
{
    *job = (struct slurm_job){.id = number_of("SLURM_JOB_ID"), .restart = number_of("SLURM_RESTART_COUNT")};
}

void slurm_job_name(const struct slurm_job *job, char name[SLURM_NAME_SIZE])
{
    if (job->id > 0) {
        snprintf(name, SLURM_NAME_SIZE, "%ld", job->id);
    } else {
        snprintf(name, SLURM_NAME_SIZE, "(none)");
    }
}

/* Runs `command` and keeps the first line of its answer, "" if there is none. Returns its wait status, -1 if it could
   not be started. */
static int ask(const char *command, char *line, int size)
{
    line[0] = '\0';
    FILE *answer = popen(command, "r"); // NOLINT(cert-env33-c): constant but for the name of a job
    if (answer && !fgets(line, size, answer)) {
        line[0] = '\0';
    }
    return answer ? pclose(answer) : -1;
}

/* squeue writes [[days-]hours:]minutes:seconds, or a word such as UNLIMITED. */
double slurm_time_left(const struct slurm_job *job)
{
    char name[SLURM_NAME_SIZE], command[COMMAND_SIZE], line[64];
    long part[3] = {0};
    slurm_job_name(job, name);
    snprintf(command, sizeof command, "timeout 15 squeue --noheader --format=%%L --jobs=%s", name);
    ask(command, line, sizeof line);
    char *dash = strchr(line, '-');
    long days = dash ? strtol(line, NULL, 10) : 0;
    int parts = sscanf(dash ? dash + 1 : line, "%ld:%ld:%ld", &part[0], &part[1], &part[2]);
    if (parts < 2) {
        return INFINITY;
    }
    long hours = parts == 3 ? part[0] : 0, minutes = part[parts - 2], seconds = part[parts - 1];
    return 86400.0 * (double)days + 3600.0 * (double)hours + 60.0 * (double)minutes + (double)seconds;
}

bool slurm_requeue(const struct slurm_job *job)
{
    char name[SLURM_NAME_SIZE], command[COMMAND_SIZE];
    slurm_job_name(job, name);
    snprintf(command, sizeof command, "timeout 60 scontrol requeue %s", name);
    return system(command) == 0; // NOLINT(cert-env33-c): constant but for the name of a job
}

enum slurm_state slurm_job_state(const struct slurm_job *job)
{
    static const char *const idle[] = {"PENDING",   "COMPLETED", "CANCELLED",     "FAILED",
                                       "TIMEOUT",   "NODE_FAIL", "OUT_OF_MEMORY", "Invalid job id",
                                       "PREEMPTED", "BOOT_FAIL", "DEADLINE"};
    static const char *const running[] = {"RUNNING", "COMPLETING", "S" /* STOPPED, SUSPENDED, SIGNALING, STAGE_OUT */};
    char name[SLURM_NAME_SIZE], command[COMMAND_SIZE], line[256];
    slurm_job_name(job, name);
    snprintf(command, sizeof command, "timeout 30 squeue --noheader --states=all --format=%%T --jobs=%s 2>&1", name);
    if (ask(command, line, sizeof line) == 0 && !*line) {
        return SLURM_IDLE; /* squeue has forgotten it */
    }
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
        if (strstr(line, idle[i])) { /* an error message has its text within a line */
            return SLURM_IDLE;
        }
    }
    for (size_t i = 0; i < sizeof running / sizeof running[0]; i++) {
        if (strncmp(line, running[i], strlen(running[i])) == 0) {
            return SLURM_RUNNING;
        }
    }
    return SLURM_UNKNOWN;
}

int slurm_node_cores(void)
{
    char line[64]; /* sinfo writes "64+" where nodes of one partition differ */
    ask("timeout 15 sinfo --noheader --format=%c 2>/dev/null | sort -n | tail -n 1", line, sizeof line);
    return (int)strtol(line, NULL, 10);
}

/* sbatch's words: its name, the options, the script. The caller frees them; NULL when out of memory. */
static const char **sbatch_words(const char *const *options, const char *script)
{
    size_t count = 0;
    while (options[count]) {
        count++;
    }
    const char **words = calloc(count + 4, sizeof *words);
    if (words) {
        words[0] = "sbatch";
        words[1] = "--parsable"; /* the answer is the job's id, and ";cluster" on a federation */
        memcpy(words + 2, options, count * sizeof *words);
        words[count + 2] = script;
    }
    return words;
}

/* Runs sbatch to its end and keeps the first line of its answer. Returns its wait status, -1 if it could not be
   started, with errno. */
static int call_sbatch(const char **words, char *const *environment, char *line, int size)
{
    int ends[2], state = -1;
    line[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execvpe("sbatch", (char *const *)words, environment);
        fprintf(stderr, "moat: sbatch cannot be started: %s: is this a login node of a SLURM cluster?\n",
                strerror(errno));
        _exit(127);
    }
    close(ends[1]);
    FILE *stream = child > 0 ? fdopen(ends[0], "r") : NULL;
    if (stream && !fgets(line, size, stream)) {
        line[0] = '\0';
    }
    stream ? fclose(stream) : close(ends[0]);
    return child > 0 && waitpid(child, &state, 0) == child ? state : -1;
}

enum moat_status slurm_submit(const char *const *options, const char *script, char *const *environment,
                              struct slurm_job *job)
{
    char answer[256];
    const char **words = sbatch_words(options, script);
    int state = words ? call_sbatch(words, environment, answer, sizeof answer) : -1;
    free(words);
    *job = (struct slurm_job){0};
    if (state == -1) {
        return moat_error_set(MOAT_MEMORY, "sbatch cannot be called: %s", strerror(errno));
    }
    job->id = strtol(answer, NULL, 10);
    return state == 0 && job->id > 0
               ? MOAT_OK
               : moat_error_set(MOAT_USAGE, "sbatch refused the job, its message is above; the script is %s", script);
}
