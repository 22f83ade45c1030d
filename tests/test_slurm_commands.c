/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to SLURM, with scripts in place of its commands: each answer as SLURM gives it, and none at all. */
#include "base/slurm.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "base/shell.h"
#include "base/submission.h"
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

/* Sets a variable of the environment, or unsets it. */
static void set(const char *variable, const char *value)
{
    value ? setenv(variable, value, 1) : unsetenv(variable);
}

static void test_here(void)
{
    static const struct {
        const char *job, *array, *task, *restart, *name;
        long restarts;
    } cases[] = {{NULL, NULL, NULL, NULL, "(none)", 0}, {"34", NULL, NULL, "2", "34", 2},
                 {"34", "30", "0", NULL, "30_0", 0},    {"30", "30", "7", "1", "30_7", 1}, /* the last element */
                 {"34", "30", NULL, NULL, "34", 0},     {"34", "30", "x", NULL, "34", 0},
                 {NULL, "30", "7", NULL, "(none)", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slurm_job here;
        char name[SLURM_NAME_SIZE];
        set("SLURM_JOB_ID", cases[i].job);
        set("SLURM_ARRAY_JOB_ID", cases[i].array);
        set("SLURM_ARRAY_TASK_ID", cases[i].task);
        set("SLURM_RESTART_COUNT", cases[i].restart);
        slurm_job_here(&here);
        slurm_job_name(&here, name);
        CU_ASSERT_STRING_EQUAL(name, cases[i].name);
        CU_ASSERT_EQUAL(here.restart, cases[i].restarts);
    }
}

/* Variables of an outer array and of an outer step, as `sbatch` hands them on. */
static void test_outer_job(void)
{
    static const struct {
        const char *job, *answer, *name;
    } cases[] = {{"30", "exit 1", "30_7"}, /* the last element has the array's own number: no question */
                 {"34", "[ \"$*\" = '--noheader --states=all --Format=JobID:32 --jobs=30_7' ] && echo 34", "30_7"},
                 {"40", "echo 34", "40"},
                 {"40", "exit 1", "40"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slurm_job here;
        char name[SLURM_NAME_SIZE];
        set("SLURM_JOB_ID", cases[i].job);
        set("SLURM_ARRAY_JOB_ID", "30");
        set("SLURM_ARRAY_TASK_ID", "7");
        set("SLURM_MEM_PER_NODE", "700");
        set("SLURM_MEM_PER_CPU", i % 2 ? "500" : NULL);
        install("squeue", cases[i].answer);
        slurm_forget_outer_job();
        slurm_job_here(&here);
        slurm_job_name(&here, name);
        CU_ASSERT_STRING_EQUAL(name, cases[i].name);
        CU_ASSERT_EQUAL(getenv("SLURM_MEM_PER_NODE") != NULL, i % 2 == 0); /* one size is the job's own */
        CU_ASSERT_PTR_NULL(getenv("SLURM_MEM_PER_CPU"));
    }
    set("SLURM_MEM_PER_NODE", NULL);
}

static void test_time_left(void)
{
    double left;
    /* The answer is a time of the day; the options of a user must not change it. */
    setenv("SLURM_TIME_FORMAT", "relative", 1);
    setenv("SQUEUE_USERS", "nobody", 1);
    install("squeue", "[ -z \"$SLURM_TIME_FORMAT$SQUEUE_USERS\" ] && case \"$*\" in *--format=%e*--jobs=12) "
                      "date -d '600 seconds' +%Y-%m-%dT%H:%M:%S ;; esac");
    left = slurm_time_left(&job);
    CU_ASSERT_TRUE(left > 590 && left <= 600);
    install("squeue", "date -d '-5 seconds' +%Y-%m-%dT%H:%M:%S");
    CU_ASSERT_TRUE(slurm_time_left(&job) < 0);
    install("squeue", "echo N/A");
    CU_ASSERT_EQUAL(slurm_time_left(&job), INFINITY);
    static const char *const silent[] = {"true", "exit 1", "echo 'Unable to contact slurm controller' >&2; exit 1"};
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        install("squeue", silent[i]);
        CU_ASSERT_TRUE(isnan(slurm_time_left(&job)));
    }
}

static void test_times(void)
{
    static const struct {
        const char *text;
        double seconds;
    } times[] = {{"0:09", 9},         {"59:07", 3547},        {"1:02:03", 3723},
                 {"90", 5400},        {"2-00:00:30", 172830}, {"1-12", 129600},
                 {"1-12:30", 131400}, {"infinite", INFINITY}, {"UNLIMITED", INFINITY}};
    static const char *const others[] = {"", "x", "1:2:3:4", "-5", "1-", "10 minutes", "INVALID"};
    double seconds = 0;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        CU_ASSERT_TRUE(slurm_parse_time(times[i].text, &seconds));
        CU_ASSERT_EQUAL(seconds, times[i].seconds);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        CU_ASSERT_FALSE(slurm_parse_time(others[i], &seconds));
    }
}

static void test_preempted(void)
{
    install("squeue",
            "[ \"$*\" = '--noheader --states=all --Format=PreemptTime:32 --jobs=12' ] && echo '2026-01-02T03:04:05 '");
    CU_ASSERT_TRUE(slurm_job_preempted(&job));
    install("squeue", "echo 'N/A      '");
    CU_ASSERT_FALSE(slurm_job_preempted(&job));
    install("squeue", "exit 1");
    CU_ASSERT_FALSE(slurm_job_preempted(&job));
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

/* What squeue says of a job that waits, runs, is held or has ended. */
static void test_report(void)
{
    static const struct {
        const char *line, *state, *reason;
        enum slurm_prospect prospect;
    } cases[] = {
        {"[ \"$*\" = '--noheader --states=all --format=%T|%r --jobs=12' ] && echo 'PENDING|Resources'", "PENDING",
         "Resources", SLURM_WAITS},
        {"echo 'PENDING|None'", "PENDING", "", SLURM_WAITS},
        {"echo 'PENDING|AssocGrpCpuLimit'", "PENDING", "AssocGrpCpuLimit", SLURM_WAITS},
        {"echo 'PENDING|QOSMaxJobsPerUserLimit'", "PENDING", "QOSMaxJobsPerUserLimit", SLURM_WAITS},
        {"echo 'PENDING|JobHeldUser'", "PENDING", "JobHeldUser", SLURM_STUCK},
        {"echo 'PENDING|launch failed requeued held'", "PENDING", "launch failed requeued held", SLURM_STUCK},
        {"echo 'PENDING|QOSMaxWallDurationPerJobLimit'", "PENDING", "QOSMaxWallDurationPerJobLimit", SLURM_STUCK},
        {"echo 'PENDING|PartitionTimeLimit'", "PENDING", "PartitionTimeLimit", SLURM_STUCK},
        {"echo 'REQUEUE_HOLD|JobHoldMaxRequeue'", "REQUEUE_HOLD", "JobHoldMaxRequeue", SLURM_STUCK},
        {"echo 'CONFIGURING|None'", "CONFIGURING", "", SLURM_WAITS},
        {"echo 'RUNNING|None'", "RUNNING", "", SLURM_RUNS},
        {"echo 'SUSPENDED|None'", "SUSPENDED", "", SLURM_RUNS},
        {"echo 'FAILED|NonZeroExitCode'", "FAILED", "NonZeroExitCode", SLURM_ENDED},
        {"echo 'CANCELLED|None'", "CANCELLED", "", SLURM_ENDED},
        {"printf 'COMPLETED|None\\nPENDING|Priority\\nFAILED|NonZeroExitCode\\n'", "PENDING", "Priority", SLURM_WAITS},
        {"printf 'PENDING|JobArrayTaskLimit\\nRUNNING|None\\n'", "RUNNING", "", SLURM_RUNS},
        {"true", "", "", SLURM_ENDED},
        {"echo slurm_load_jobs error: Invalid job id specified >&2; exit 1", "", "", SLURM_ENDED},
        {"echo slurm_load_jobs error: Unable to contact slurm controller >&2; exit 1", "", "", SLURM_SILENT},
        {"echo 'RUNNING|None'; exit 1", "", "", SLURM_SILENT},
        {"echo 'A_NEW_STATE|None'", "", "", SLURM_SILENT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slurm_report report;
        install("squeue", cases[i].line);
        slurm_job_report(&job, &report);
        CU_ASSERT_EQUAL(report.prospect, cases[i].prospect);
        CU_ASSERT_STRING_EQUAL(report.state, cases[i].state);
        CU_ASSERT_STRING_EQUAL(report.reason, cases[i].reason);
    }
}

static void test_parse_job(void)
{
    static const char *const good[] = {"12", "12_3", "12_0"};
    static const char *const bad[] = {"", "x", "0", "-1", "12x", "12_", "12_x", "_3", "12.batch", " 12", "12_3_4"};
    struct slurm_job found;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char name[SLURM_NAME_SIZE];
        CU_ASSERT_TRUE(slurm_parse_job(good[i], &found));
        slurm_job_name(&found, name);
        CU_ASSERT_STRING_EQUAL(name, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_FALSE(slurm_parse_job(bad[i], &found));
    }
}

static void test_partition(void)
{
    struct slurm_partition found;
    static const char lines[] = "'p*|infinite|8\\nshort|10:00|64\\np*|infinite|16\\n'";
    char command[256];
    snprintf(command, sizeof command, "[ \"$4\" = --all ] && printf %s", lines);
    install("sinfo", command);
    slurm_partition_find(NULL, &found);
    CU_ASSERT_EQUAL(found.node_cores, 16);
    CU_ASSERT_EQUAL(found.seconds, INFINITY);
    snprintf(command, sizeof command, "[ \"$4\" = --partition=p,short ] && printf %s", lines);
    install("sinfo", command);
    slurm_partition_find("p,short", &found);
    CU_ASSERT_EQUAL(found.node_cores, 64);
    CU_ASSERT_EQUAL(found.seconds, 600);
    install("sinfo", "exit 1");
    slurm_partition_find(NULL, &found);
    CU_ASSERT_EQUAL(found.node_cores, 0);
    CU_ASSERT_EQUAL(found.seconds, INFINITY);
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
    struct slurm_job submitted;
    setenv("SLURM_RESTART_COUNT", "2", 1);
    setenv("PMIX_RANK", "0", 1);
    setenv("OMPI_MCA_orte_hnp_uri", "x", 1);
    setenv("OMPI_MCA_btl", "self,tcp", 1);
    setenv("SLURM_CONF", "/c", 1);
    install("sbatch",
            "[ \"$#$*\" = '5--parsable --time=5 -p long queue x.sbatch' ] && "
            "[ \"$SLURM_RESTART_COUNT$PMIX_RANK$OMPI_MCA_orte_hnp_uri$OMPI_MCA_btl$SLURM_CONF\" = self,tcp/c ] && "
            "echo '77;cluster'");
    CU_ASSERT_EQUAL(submission_send(options, "x.sbatch", &submitted), MOAT_OK);
    CU_ASSERT_EQUAL(submitted.id, 77);
    static const char *const refusals[] = {"exit 1", "echo 77; exit 1", "echo no; exit 0", "true"};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        install("sbatch", refusals[i]);
        CU_ASSERT_EQUAL(submission_send(none, "x.sbatch", &submitted), MOAT_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(moat_error_message(), "x.sbatch"));
    }
}

/* sbatch gets the script on its stdin; only what it says about the allocation is a reason. */
static void test_try(void)
{
    const char *const options[] = {"-p", "long", NULL};
    static const struct {
        const char *line, *reason;
    } cases[] = {{"[ \"$(cat)$*\" = 'script--test-only -p long' ] && echo 'allocation failure: no nodes' >&2; exit 1",
                  "no nodes"},
                 {"echo 'sbatch: Job 3 to start at ..' >&2", ""},
                 {"echo 'sbatch: error: invalid partition' >&2; exit 1", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char reason[64] = "x";
        FILE *script = tmpfile();
        CU_ASSERT_PTR_NOT_NULL_FATAL(script);
        fputs("script\n", script);
        install("sbatch", cases[i].line);
        submission_try(options, script, reason, sizeof reason);
        CU_ASSERT_STRING_EQUAL(reason, cases[i].reason);
        fclose(script);
    }
}

static void test_option(void)
{
    static const struct {
        const char *words[5], *value;
    } cases[] = {{{"--time=5", "-x"}, "5"},
                 {{"--time", "5"}, "5"},
                 {{"-t", "5"}, "5"},
                 {{"-t5"}, "5"},
                 {{"-t", "5", "--time=7"}, "7"},
                 {{"--time-min=5"}, NULL},
                 {{"--test"}, NULL},
                 {{NULL}, NULL},
                 {{"-t"}, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = submission_option(cases[i].words, 't', "time");
        CU_ASSERT_EQUAL(!found, !cases[i].value);
        CU_ASSERT_STRING_EQUAL(found ? found : "", cases[i].value ? cases[i].value : "");
    }
}

/* Every word comes back from the shell as it was. */
static void test_shell(void)
{
    static const char *const words[] = {"plain", "a b",       "it's", "",  "-x",   "$(id)",
                                        "A=b",   "new\nline", "*",    "~", "`id`", "\\"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char *line = NULL, answer[64] = "";
        size_t length;
        FILE *text = open_memstream(&line, &length);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        fputs("printf '%s|' ", text);
        shell_write(text, words[i]);
        fputs(" ; f() { printf '%s' \"$1\"; }; f ", text);
        shell_write_path(text, words[i]);
        fclose(text);
        const char *const call[] = {"sh", "-c", line, NULL};
        struct process process = {.words = call, .environment = environ};
        CU_ASSERT_EQUAL(process_run(&process, answer, sizeof answer), 0);
        size_t size = strlen(words[i]);
        CU_ASSERT_NSTRING_EQUAL(answer, words[i], size);
        CU_ASSERT_STRING_EQUAL(answer + size, *words[i] == '-' ? "|./-x" : answer + size);
        CU_ASSERT_EQUAL(strlen(answer), 2 * size + 1 + (*words[i] == '-' ? 2 : 0));
        free(line);
    }
}

/* What a program prints and does, without fork: blocked and caught signals stay behind. */
static void test_process(void)
{
    static const char *const call[] = {"sh", "-c", "kill -TERM $$; echo alive", NULL};
    static const char *const prints[] = {"sh", "-c", "cat; echo error >&2", NULL}, *const absent[] = {"no-such-program",
                                                                                                      NULL};
    struct process process = {.words = call, .environment = environ};
    char text[8];
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int state = process_run(&process, text, sizeof text);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CU_ASSERT_TRUE(WIFSIGNALED(state) && WTERMSIG(state) == SIGTERM);
    FILE *input = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(input);
    fputs("in\n", input);
    fflush(input);
    process = (struct process){.words = prints, .environment = environ, .errors = PROCESS_ERRORS_KEPT};
    process.input = fileno(input);
    for (int kept = 0; kept < 2; kept++) {
        lseek(process.input, 0, SEEK_SET);
        process.errors = kept ? PROCESS_ERRORS_KEPT : PROCESS_ERRORS_DROPPED;
        CU_ASSERT_EQUAL(process_run(&process, text, sizeof text), 0);
        CU_ASSERT_STRING_EQUAL(text, kept ? "in\nerro" : "in\n"); /* cut to fit */
    }
    fclose(input);
    process = (struct process){.words = absent, .environment = environ};
    CU_ASSERT_EQUAL(process_run(&process, text, sizeof text), -1);
    CU_ASSERT_EQUAL(errno, ENOENT);
}

int main(void)
{
    static const char *const commands[] = {"squeue", "sinfo", "scontrol", "sbatch"};
    char path[4096];
    CU_TestInfo tests[] = {{"the job of this process", test_here},
                           {"what an outer job has left", test_outer_job},
                           {"the time left", test_time_left},
                           {"times", test_times},
                           {"the state of a job", test_state},
                           {"what SLURM says of a job", test_report},
                           {"names of jobs", test_parse_job},
                           {"preemption", test_preempted},
                           {"limits of a partition", test_partition},
                           {"requeueing", test_requeue},
                           {"submitting", test_submit},
                           {"jobs that cannot start", test_try},
                           {"options of sbatch", test_option},
                           {"words of the shell", test_shell},
                           {"calling a program", test_process},
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
