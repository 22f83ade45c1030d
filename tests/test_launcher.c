/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of launchers, with environments as each of them was seen to set. */
#include "run/launcher.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static const char *const variables[] = {
    "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK",     "PMI_SIZE",     "HYDI_CONTROL_FD", "PMIX_RANK",
    "SLURM_STEP_ID",        "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_JOB_ID"};

/* The environment has of all these variables only those in `text`, "NAME=value NAME=value". */
static void set_environment(const char *text)
{
    char copy[512], *rest = NULL;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        *equals = '\0';
        setenv(word, equals + 1, 1);
    }
}

static void expect(const char *environment, const char *name, int rank, int size)
{
    struct launcher launcher = {0};
    set_environment(environment);
    bool found = launcher_find(&launcher);
    bool right = found && strcmp(launcher.name, name) == 0 && launcher.rank == rank && launcher.size == size;
    CU_ASSERT(right);
    if (!right) {
        fprintf(stderr, "%s: found %s, rank %d of %d\n", environment, found ? launcher.name : "none", launcher.rank,
                launcher.size);
    }
}

#define STEP "SLURM_JOB_ID=8 SLURM_NTASKS=3 SLURM_STEP_NUM_TASKS=3 SLURM_STEP_ID=0 "

static void test_each(void)
{
    expect("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=3 PMIX_RANK=1", "Open MPI's mpirun", 1, 3);
    expect("HYDI_CONTROL_FD=7 PMI_RANK=2 PMI_SIZE=3", "MPICH's mpiexec", 2, 3);
    expect("PMI_RANK=2 PMI_SIZE=3", "MPICH's mpiexec", 2, 3);
    expect(STEP "SLURM_PROCID=2 PMI_RANK=2 PMI_SIZE=3", "srun", 2, 3);
    expect(STEP "SLURM_PROCID=2 PMIX_RANK=2", "srun", 2, 3);
    expect(STEP "SLURM_PROCID=1", "srun", 1, 3);
    expect("PMIX_RANK=4", "a PMIx launcher", 4, 5); /* there are five at least */
}

/* mpirun and mpiexec in a job of SLURM, there on another node below a daemon that srun started. */
static void test_nested_in_slurm(void)
{
#define DAEMON "SLURM_NTASKS=2 SLURM_STEP_NUM_TASKS=2 SLURM_STEP_ID=0 SLURM_PROCID=1 "
    expect(DAEMON "OMPI_COMM_WORLD_RANK=5 OMPI_COMM_WORLD_SIZE=6 PMIX_RANK=5", "Open MPI's mpirun", 5, 6);
    expect(DAEMON "HYDI_CONTROL_FD=7 PMI_RANK=5 PMI_SIZE=6", "MPICH's mpiexec", 5, 6);
    expect("SLURM_NTASKS=4 SLURM_PROCID=0 OMPI_COMM_WORLD_RANK=2 OMPI_COMM_WORLD_SIZE=4", "Open MPI's mpirun", 2, 4);
}

/* The ranks of one MPI's launcher below a rank of the other's. */
static void test_ours_counts(void)
{
    const char *both = "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 HYDI_CONTROL_FD=7 PMI_RANK=2 PMI_SIZE=3";
#ifdef OPEN_MPI
    expect(both, "Open MPI's mpirun", 1, 2);
#else
    expect(both, "MPICH's mpiexec", 2, 3);
#endif
}

static void test_none(void)
{
    static const char *const environments[] = {
        "",
        "SLURM_JOB_ID=8 SLURM_NTASKS=4",                                        /* a shell of salloc */
        "SLURM_JOB_ID=8 SLURM_NTASKS=4 SLURM_PROCID=0 PMI_SIZE=4",              /* a batch script */
        "SLURM_NTASKS=4 SLURM_PROCID=0 SLURM_STEP_ID=4294967290",               /* an interactive shell */
        "SLURM_NTASKS=3 SLURM_PROCID=0 SLURM_STEP_ID=7 SLURM_STEP_NUM_TASKS=5", /* a batch script from a step */
        "OMPI_COMM_WORLD_RANK= PMI_RANK=x PMIX_RANK=-1"};
    for (size_t i = 0; i < sizeof environments / sizeof environments[0]; i++) {
        struct launcher launcher;
        set_environment(environments[i]);
        CU_ASSERT_FALSE(launcher_find(&launcher));
    }
}

static void test_library(void)
{
    static const struct {
        const char *version, *name;
    } cases[] = {{"Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4", "Open MPI v4.1.4"},
                 {"MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7", "MPICH 4.0.2"},
                 {"MPICH Version:      4.3.0\nMPICH Release date: Mon", "MPICH 4.3.0"},
                 {"MVAPICH2 Version      :\t2.3.7\nMVAPICH2 Release date", "MVAPICH2 2.3.7"},
                 {"Intel(R) MPI Library 2021.9 for Linux* OS\n", "Intel(R) MPI Library 2021.9 for Linux* OS"},
                 {"", ""}};
    char name[64], cut[8];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        launcher_library(cases[i].version, name, sizeof name);
        CU_ASSERT_STRING_EQUAL(name, cases[i].name);
    }
    launcher_library("Open MPI v4.1.4", cut, sizeof cut);
    CU_ASSERT(strlen(cut) < sizeof cut && strncmp(cut, "Open M", 6) == 0);
}

int main(void)
{
    CU_TestInfo tests[] = {{"each launcher", test_each},
                           {"launchers inside SLURM", test_nested_in_slurm},
                           {"our library's launcher counts", test_ours_counts},
                           {"processes without one", test_none},
                           {"the library's name", test_library},
                           CU_TEST_INFO_NULL};
    return suite_run("launcher", tests);
}
