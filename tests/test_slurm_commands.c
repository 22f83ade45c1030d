/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to SLURM, with scripts in place of its commands: each answer as SLURM gives it, and none at all. */
#include "base/slurm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

static char folder[] = "/tmp/moat-commands-XXXXXX";
static const struct slurm_job job = {.id = 12};

/* Makes `command` a script of that line in the folder, which is first on the PATH. */
static void install(const char *command, const char *line)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, command);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "#!/bin/sh\n%s\n", line);
    CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
    CU_ASSERT_EQUAL_FATAL(chmod(path, 0755), 0);
}

static void test_here(void)
{
    struct slurm_job here;
    char name[SLURM_NAME_SIZE];
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
    slurm_job_here(&here);
    slurm_job_name(&here, name);
    CU_ASSERT_EQUAL(here.id, 0);
    CU_ASSERT_STRING_EQUAL(name, "(none)");
    setenv("SLURM_JOB_ID", "34", 1);
    setenv("SLURM_RESTART_COUNT", "2", 1);
    slurm_job_here(&here);
    slurm_job_name(&here, name);
    CU_ASSERT_EQUAL(here.restart, 2);
    CU_ASSERT_STRING_EQUAL(name, "34");
}

static void test_time_left(void)
{
    static const struct {
        const char *line;
        double seconds;
    } cases[] = {{"echo 0:09", 9},
                 {"echo 59:07", 3547},
                 {"echo 1:02:03", 3723},
                 {"echo 2-00:00:30", 172830},
                 {"echo UNLIMITED", INFINITY},
                 {"echo INVALID", INFINITY},
                 {"true", INFINITY},
                 {"case \"$*\" in *--format=%L*--jobs=12) echo 10:00 ;; esac", 600},
                 {"echo slurm_load_jobs error: Invalid job id specified >&2; exit 1", INFINITY}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        install("squeue", cases[i].line);
        CU_ASSERT_EQUAL(slurm_time_left(&job), cases[i].seconds);
    }
}

static void test_state(void)
{
    static const struct {
        const char *line;
        enum slurm_state state;
    } cases[] = {{"echo RUNNING", SLURM_RUNNING},
                 {"echo COMPLETING", SLURM_RUNNING},
                 {"echo SUSPENDED", SLURM_RUNNING},
                 {"echo PENDING", SLURM_IDLE},
                 {"echo COMPLETED", SLURM_IDLE},
                 {"echo NODE_FAIL", SLURM_IDLE},
                 {"echo slurm_load_jobs error: Invalid job id specified >&2; exit 1", SLURM_IDLE},
                 {"true", SLURM_IDLE},
                 {"false", SLURM_UNKNOWN},
                 {"echo slurm_load_jobs error: Unable to contact slurm controller >&2; exit 1", SLURM_UNKNOWN},
                 {"case \"$*\" in *--states=all*--jobs=12) echo RUNNING ;; esac", SLURM_RUNNING}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        install("squeue", cases[i].line);
        CU_ASSERT_EQUAL(slurm_job_state(&job), cases[i].state);
    }
}

static void test_node_cores(void)
{
    install("sinfo", "printf '8\\n64+\\n16\\n'");
    CU_ASSERT_EQUAL(slurm_node_cores(), 64);
    install("sinfo", "exit 1");
    CU_ASSERT_EQUAL(slurm_node_cores(), 0);
}

static void test_requeue(void)
{
    install("scontrol", "[ \"$*\" = 'requeue 12' ]");
    CU_ASSERT_TRUE(slurm_requeue(&job));
    install("scontrol", "exit 1");
    CU_ASSERT_FALSE(slurm_requeue(&job));
}

static void test_submit(void)
{
    const char *const options[] = {"--time=5", "-p", "long queue", NULL}, *const none[] = {NULL};
    char path[] = "PATH=/usr/bin:/bin", value[] = "VALUE=a", *const environment[] = {path, value, NULL};
    struct slurm_job submitted;
    install("sbatch", "[ \"$#$*$VALUE\" = '5--parsable --time=5 -p long queue x.sbatcha' ] && echo '77;cluster'");
    CU_ASSERT_EQUAL(slurm_submit(options, "x.sbatch", environment, &submitted), MOAT_OK);
    CU_ASSERT_EQUAL(submitted.id, 77);
    static const char *const refusals[] = {"exit 1", "echo 77; exit 1", "echo no; exit 0", "true"};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        install("sbatch", refusals[i]);
        CU_ASSERT_EQUAL(slurm_submit(none, "x.sbatch", environment, &submitted), MOAT_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "x.sbatch"));
    }
}

int main(void)
{
    static const char *const commands[] = {"squeue", "sinfo", "scontrol", "sbatch"};
    char path[4096];
    CU_TestInfo tests[] = {{"the job of this process", test_here},
                           {"the time left", test_time_left},
                           {"the state of a job", test_state},
                           {"cores of the largest node", test_node_cores},
                           {"requeueing", test_requeue},
                           {"submitting", test_submit},
                           CU_TEST_INFO_NULL};
    if (!mkdtemp(folder)) {
        return EXIT_FAILURE;
    }
    snprintf(path, sizeof path, "%s:%s", folder, getenv("PATH"));
    setenv("PATH", path, 1);
    int code = suite_run("slurm_commands", tests);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, commands[i]);
        unlink(path);
    }
    rmdir(folder);
    return code;
}
