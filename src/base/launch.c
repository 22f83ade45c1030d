/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a run runs, as text and back, and whether it still does. */
#include "base/launch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long number_of(const char *name)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

void launch_here(int nodes, int ranks, struct launch *launch)
{
    *launch = (struct launch){.job = number_of("SLURM_JOB_ID"),
                              .restart = number_of("SLURM_RESTART_COUNT"),
                              .pid = (long)getpid(),
                              .nodes = nodes,
                              .ranks = ranks};
    gethostname(launch->host, sizeof launch->host - 1);
}

void launch_format(const struct launch *launch, char *text, size_t size)
{
    char job[64] = "", restart[64] = "";
    if (launch->job > 0) {
        snprintf(job, sizeof job, "job %ld, ", launch->job);
    }
    if (launch->restart > 0) {
        snprintf(restart, sizeof restart, "restart %ld, ", launch->restart);
    }
    snprintf(text, size, "%s%shost %s, pid %ld, %d node%s, %d rank%s", job, restart, launch->host, launch->pid,
             launch->nodes, launch->nodes == 1 ? "" : "s", launch->ranks, launch->ranks == 1 ? "" : "s");
}

bool launch_parse(const char *line, struct launch *launch)
{
    const char *at = strrchr(line, '[');
    int used = 0;
    *launch = (struct launch){0};
    if (!at) {
        return false;
    }
    at++;
    if (sscanf(at, "job %ld, %n", &launch->job, &used) == 1) {
        at += used;
    }
    if (sscanf(at, "restart %ld, %n", &launch->restart, &used) == 1) {
        at += used;
    }
    used = 0;
    bool ok = sscanf(at, "host %255[^,], pid %ld, %d node%*[s,] %d rank%n", launch->host, &launch->pid, &launch->nodes,
                     &launch->ranks, &used) == 4;
    return ok && used > 0 && (strcmp(at + used, "]") == 0 || strcmp(at + used, "s]") == 0);
}

/* The name of a process's program, "" when there is no such process. */
static void program_of(long pid, char name[64])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(name, 64, file)) {
        name[0] = '\0';
    }
    if (file) {
        fclose(file);
    }
}

/* A number may have gone to another program meanwhile, or to this process after a reboot. */
static enum launch_state find_process(long pid)
{
    char name[64], mine[64];
    if (pid == (long)getpid() || (kill((pid_t)pid, 0) != 0 && errno == ESRCH)) {
        return LAUNCH_GONE;
    }
    program_of(pid, name);
    program_of((long)getpid(), mine);
    return *name && strcmp(name, mine) != 0 ? LAUNCH_GONE : LAUNCH_ALIVE;
}

static enum launch_state find_job(const struct launch *launch)
{
    static const char *const without_processes[] = {"PENDING",   "COMPLETED", "CANCELLED",     "FAILED",
                                                    "TIMEOUT",   "NODE_FAIL", "OUT_OF_MEMORY", "Invalid job id",
                                                    "PREEMPTED", "BOOT_FAIL", "DEADLINE"};
    char command[128], line[256] = "";
    if (launch->job == number_of("SLURM_JOB_ID") && launch->restart < number_of("SLURM_RESTART_COUNT")) {
        return LAUNCH_GONE; /* SLURM requeued it, as this run */
    }
    snprintf(command, sizeof command, "timeout 30 squeue --noheader --states=all --format=%%T --jobs=%ld 2>&1",
             launch->job);
    FILE *answer = popen(command, "r"); // NOLINT(cert-env33-c): a number is all that goes into the command
    bool got = answer && fgets(line, sizeof line, answer);
    if (answer && pclose(answer) == 0 && !got) {
        return LAUNCH_GONE; /* squeue knows nothing of it any more */
    }
    for (size_t i = 0; i < sizeof without_processes / sizeof without_processes[0]; i++) {
        if (strstr(line, without_processes[i])) {
            return LAUNCH_GONE;
        }
    }
    return strncmp(line, "RUNNING", 7) == 0 || strncmp(line, "COMPLETING", 10) == 0 ||
                   strncmp(line, "S", 1) == 0 /* STOPPED, SUSPENDED, SIGNALING, STAGE_OUT */
               ? LAUNCH_ALIVE
               : LAUNCH_UNKNOWN;
}

enum launch_state launch_find(const struct launch *launch)
{
    struct launch here;
    launch_here(1, 1, &here);
    if (strcmp(launch->host, here.host) == 0) {
        return find_process(launch->pid);
    }
    return launch->job > 0 ? find_job(launch) : LAUNCH_UNKNOWN;
}
