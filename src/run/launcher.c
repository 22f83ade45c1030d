/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds the launcher of this process by a table of the environment variables that launchers set. */
#include "run/launcher.h"

#include <ctype.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum library { ANY, OPEN_MPI_ONLY, MPICH_ONLY };

#if defined(OPEN_MPI)
static const enum library ours = OPEN_MPI_ONLY;
#elif defined(MPICH_VERSION)
static const enum library ours = MPICH_ONLY;
#else
static const enum library ours = ANY;
#endif

/* The first row that matches the environment counts, one of our own library before all others. In a SLURM job, mpirun
   and mpiexec start a daemon on other nodes through srun, whose variables their ranks inherit: their rows come before
   srun's. */
static const struct row {
    const char *name, *rank, *size;
    const char *mark; /* another variable that must be set, or NULL */
    enum library library;
    int above;
} rows[] = {
    {"Open MPI's mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", NULL, OPEN_MPI_ONLY, 1},
    {"MPICH's mpiexec", "PMI_RANK", "PMI_SIZE", "HYDI_CONTROL_FD", MPICH_ONLY, 2}, /* above is a proxy, then mpiexec */
    {"srun", "PMI_RANK", "PMI_SIZE", "SLURM_STEP_ID", ANY, 0},                     /* --mpi=pmi2 */
    {"MPICH's mpiexec", "PMI_RANK", "PMI_SIZE", NULL, ANY, 0}, /* or that of a library derived from MPICH */
    {"srun", "PMIX_RANK", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_ID", ANY, 0},    /* --mpi=pmix */
    {"a PMIx launcher", "PMIX_RANK", NULL, NULL, ANY, 0},                      /* PRRTE's prun */
    {"srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_ID", ANY, 0}, /* --mpi=none */
};

/* The value of a variable; -1 if it is not set or cannot be a rank or a number of ranks. */
static int number_of(const char *variable)
{
    const char *text = variable ? getenv(variable) : NULL;
    char *end = NULL;
    long number = text ? strtol(text, &end, 10) : -1;
    return end && end != text && !*end && number >= 0 && number <= 1000000000 ? (int)number : -1;
}

/* Whether srun started this process. SLURM numbers the steps of batch scripts and interactive shells near 2^32, which
   number_of refuses. A batch script that was submitted from a step inherits the step's variables, but gets a
   SLURM_NTASKS of its own. */
static bool is_step(void)
{
    int tasks = number_of("SLURM_NTASKS");
    return number_of("SLURM_STEP_ID") >= 0 && (tasks < 0 || tasks == number_of("SLURM_STEP_NUM_TASKS"));
}

static bool matches(const struct row *row)
{
    bool marked = !row->mark || (strcmp(row->mark, "SLURM_STEP_ID") == 0 ? is_step() : getenv(row->mark) != NULL);
    return marked && number_of(row->rank) >= 0;
}

/* Whether the parent has the same rank. Then it is a shell or script, and this process may be its only one. */
static bool parent_is_rank(const char *variable)
{
    const char *rank = getenv(variable);
    char path[64], *entry = NULL;
    size_t room = 0, length = strlen(variable);
    bool same = false;
    snprintf(path, sizeof path, "/proc/%ld/environ", (long)getppid());
    FILE *file = fopen(path, "r"); /* not readable if the launcher runs as root */
    while (file && rank && !same && getdelim(&entry, &room, '\0', file) > 0) {
        same = strncmp(entry, variable, length) == 0 && entry[length] == '=' && strcmp(entry + length + 1, rank) == 0;
    }
    free(entry);
    if (file) {
        fclose(file);
    }
    return same;
}

/* Lists every variable that holds a rank, once each, as options of env. */
static void list_variables(char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = strlen(text);
        if (number_of(rows[i].rank) >= 0 && !strstr(text, rows[i].rank)) {
            snprintf(text + length, size - length, " -u %s", rows[i].rank);
        }
    }
}

/* The first row that matches, or the first of our own library. */
static const struct row *find_row(bool only_ours)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((!only_ours || rows[i].library == ours) && matches(&rows[i])) {
            return &rows[i];
        }
    }
    return NULL;
}

bool launcher_find(struct launcher *launcher)
{
    const struct row *found = find_row(true);
    if (!found) {
        found = find_row(false);
    }
    if (!found) {
        return false;
    }
    int rank = number_of(found->rank), size = number_of(found->size);
    *launcher = (struct launcher){.name = found->name,
                                  .rank = rank,
                                  .size = size > rank ? size : rank + 1,
                                  .direct = !parent_is_rank(found->rank),
                                  .above = found->above};
    list_variables(launcher->unset, sizeof launcher->unset);
    return true;
}

void launcher_library(const char *version, char *name, size_t size)
{
    size_t length = 0;
    bool space = false;
    for (const char *c = version; *c && *c != ',' && *c != '\n' && length + 2 < size; c++) {
        if (strncmp(c, "Version", 7) == 0) { /* skips the word in "MPICH Version:\t4.0.2" */
            c += 6;
        } else if (isspace((unsigned char)*c) || *c == ':') {
            space = length > 0;
        } else {
            if (space) {
                name[length++] = ' ';
            }
            name[length++] = *c;
            space = false;
        }
    }
    name[length] = '\0';
}
