/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts the ranks of a run, under the MPI library's own launcher or the user's. */
#include "base/ranks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Open MPI needs these in a container or on a laptop. A variable that the user has set stays as it is. */
static const struct {
    const char *name, *value;
    bool root; /* only as root, the usual user of a container */
} settings[] = {
    {"OMPI_ALLOW_RUN_AS_ROOT", "1", true},
    {"OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", true},
    {"OMPI_MCA_btl_vader_single_copy_mechanism", "none", true}, /* containers forbid it */
    {"OMPI_MCA_rmaps_base_oversubscribe", "1", false}, /* Open MPI 4: one rank more than cores, as rank 0 needs none */
    {"PRTE_MCA_rmaps_default_mapping_policy", "slot:oversubscribe", false}, /* the same for Open MPI 5 */
    /* mpirun waits for ever for a lock in memory that it shares with its ranks if one is killed while it holds it
       (openpmix issue 1233): without that memory they only take a little more of their own. */
    {"PMIX_MCA_gds", "hash", false},
    {"OPENBLAS_NUM_THREADS", "1", false},
};

/* Outside SLURM all ranks are on this machine, where Open MPI needs neither ssh nor IPv6. */
static const char *const alone[][2] = {
    {"OMPI_MCA_plm_rsh_agent", ""},           /* Open MPI 4 fails if it finds no ssh */
    {"OMPI_MCA_btl_tcp_disable_family", "6"}, /* Open MPI 5 warns if there is IPv4 as well */
};

static void set_environment(void)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (!settings[i].root || geteuid() == 0) {
            setenv(settings[i].name, settings[i].value, 0);
        }
    }
    for (size_t i = 0; !getenv("SLURM_JOB_ID") && i < sizeof alone / sizeof alone[0]; i++) {
        setenv(alone[i][0], alone[i][1], 0);
    }
}

enum moat_status ranks_start(const char *launcher, int ranks, const char *const *words)
{
    char program[4096], number[32] = "", *line = NULL;
    size_t count = 0;
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    while (words[count]) {
        count++;
    }
    launcher = launcher && *launcher ? launcher : getenv("MOAT_LAUNCHER");
    if (!launcher || !*launcher) {
        launcher = MOAT_MPIRUN;
        set_environment();
    }
    if (ranks > 0) {
        snprintf(number, sizeof number, "-n %d ", ranks);
    }
    const char **all = calloc(count + 6, sizeof *all);
    if (length < 0 || !all || asprintf(&line, "exec %s %s\"$@\"", launcher, number) < 0) {
        free(all);
        return moat_error_set(MOAT_MEMORY, "out of memory for the command line of %s", launcher);
    }
    program[length] = '\0';
    memcpy(all, (const char *[]){"sh", "-c", line, "sh", program}, 5 * sizeof *all);
    memcpy(all + 5, words, count * sizeof *all);
    execv("/bin/sh", (char *const *)all); /* the shell splits the launcher's command line */
    enum moat_status status = moat_error_set(MOAT_USAGE, "/bin/sh cannot be started: %s", strerror(errno));
    free(line);
    free(all);
    return status;
}
