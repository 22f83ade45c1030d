/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a run runs: as text, and whether it still runs. */
#include "base/launch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void launch_here(int nodes, int ranks, struct launch *launch)
{
    *launch = (struct launch){.pid = (long)getpid(), .nodes = nodes, .ranks = ranks};
    slurm_job_here(&launch->job);
    gethostname(launch->host, sizeof launch->host - 1);
}

void launch_format(const struct launch *launch, char *text, size_t size)
{
    char name[SLURM_NAME_SIZE], job[64] = "", restart[64] = "";
    if (launch->job.id > 0) {
        slurm_job_name(&launch->job, name);
        snprintf(job, sizeof job, "job %s, ", name);
    }
    if (launch->job.restart > 0) {
        snprintf(restart, sizeof restart, "restart %ld, ", launch->job.restart);
    }
    snprintf(text, size, "%s%shost %s, pid %ld, %d node%s, %d rank%s", job, restart, launch->host, launch->pid,
             launch->nodes, launch->nodes == 1 ? "" : "s", launch->ranks, launch->ranks == 1 ? "" : "s");
}

/* Reads the name of a process's program, "" if there is no such process. */
static void read_program(long pid, char name[64])
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

/* Reads a process's state, such as R or Z, and the clock ticks from the system's start to its own. */
static bool read_process(long pid, char *state, unsigned long long *ticks)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *about = fopen(path, "r");
    /* the third value and the 22nd; the second is the name in parentheses, in which anything may stand */
    const char *end = about && fgets(line, sizeof line, about) ? strrchr(line, ')') : NULL;
    if (about) {
        fclose(about);
    }
    return end && sscanf(end + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                         state, ticks) == 2;
}

/* The time of day, s since 1970, so many clock ticks after the system's start; 0 if that is not known. */
static double time_of_ticks(unsigned long long ticks)
{
    char line[1024];
    unsigned long long boot = 0;
    FILE *system = fopen("/proc/stat", "r");
    while (system && !boot && fgets(line, sizeof line, system)) {
        sscanf(line, "btime %llu", &boot);
    }
    if (system) {
        fclose(system);
    }
    return boot ? (double)boot + (double)ticks / (double)sysconf(_SC_CLK_TCK) : 0;
}

/* A process id may belong to another process by now: to one of another program, to one that began later, or, after a
   reboot, to this very process. */
static enum launch_state find_process(long pid, double since)
{
    const double slack = 60; /* s, by which the clock may have been set meanwhile */
    char name[64], mine[64], state;
    unsigned long long ticks;
    if (pid == (long)getpid() || (kill((pid_t)pid, 0) != 0 && errno == ESRCH)) {
        return LAUNCH_GONE;
    }
    read_program(pid, name);
    read_program((long)getpid(), mine);
    bool other = *name && strcmp(name, mine) != 0;
    if (read_process(pid, &state, &ticks)) {
        bool ended = state == 'Z' || state == 'X'; /* a zombie: nobody has asked for its exit code yet */
        other = other || ended || (since > 0 && time_of_ticks(ticks) > since + slack);
    }
    return other ? LAUNCH_GONE : LAUNCH_ALIVE;
}

static enum launch_state find_job(const struct slurm_job *job)
{
    struct slurm_job here;
    slurm_job_here(&here);
    bool same = job->id == here.id && job->element == here.element && job->task == here.task;
    if (same && job->restart < here.restart) {
        return LAUNCH_GONE; /* SLURM has requeued it, and this run is its next attempt */
    }
    switch (slurm_job_state(job)) {
    case SLURM_IDLE:
        return LAUNCH_GONE;
    case SLURM_RUNNING:
        return LAUNCH_ALIVE;
    default:
        return LAUNCH_UNKNOWN;
    }
}

bool launch_is_here(const struct launch *launch)
{
    struct launch here;
    launch_here(1, 1, &here);
    return strcmp(launch->host, here.host) == 0;
}

enum launch_state launch_find(const struct launch *launch)
{
    if (launch_is_here(launch)) {
        return find_process(launch->pid, launch->since);
    }
    return launch->job.id > 0 ? find_job(&launch->job) : LAUNCH_UNKNOWN;
}
