/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The batch scripts of `moat submit`. */
#include "program/job_script.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shell.h"

#define SECONDS_MAX 86400.0 /* longest time for the work: sites limit it, and the job is requeued at the limit */
#define TIME_MARGIN 2.0     /* nodes may be slower than this machine, and there all cores share the memory bandwidth */
#define START_SECONDS 120.0 /* until the ranks work; a busy file system takes a while to load them */
#define EARLY_SECONDS 60.0  /* SLURM's signal may come so much earlier than asked for */
#define NOTICE_MIN 120.0    /* s from SLURM's signal to the time limit */
#define NOTICE_MAX 3600.0   /* a data set that takes longer is solved again after the requeue */
#define NOTICE_SHORT 30.0   /* where the time is short, a fifth of it but no less than this */
#define NOTICE_SHARE 0.2
#define MEMORY_MARGIN 1.3
#define MEGABYTES_MIN 500.0 /* of a rank; what MPI takes on a fast network does not show on this machine */

static const char first_lines[] = "#!/bin/sh\n# Written by `moat submit`: ";

/* --- Paths */

/* Returns `path` as seen from the root; the caller frees it. Links on the way stay as the user knows them. Returns NULL
   when out of memory, or when the folder is gone. */
static char *absolute(const char *path)
{
    char *folder = *path == '/' ? strdup("") : get_current_dir_name(), *whole = NULL;
    if (!folder || asprintf(&whole, "%s%s%s", folder, *path == '/' ? "" : "/", path) < 0) {
        whole = NULL;
    }
    free(folder);
    return whole;
}

enum moat_status job_script_place(const char *config, const char *output, const char *tables, struct job_script *script)
{
    *script = (struct job_script){.config = absolute(config),
                                  .output = absolute(output),
                                  .tables = tables ? absolute(tables) : NULL,
                                  .seconds_limit = INFINITY};
    char *copy = script->output ? strdup(script->output) : NULL;
    script->folder = copy ? strdup(dirname(copy)) : NULL;
    free(copy);
    if (!script->config || !script->folder || (tables && !script->tables) ||
        asprintf(&script->path, "%s.sbatch", script->output) < 0) {
        script->path = NULL;
        return moat_error_set(MOAT_MEMORY, "out of memory, or the working directory does not exist");
    }
    for (const char *c = script->output; *c; c++) {
        if (iscntrl((unsigned char)*c) || *c == '\\') {
            return moat_error_set(MOAT_USAGE,
                                  "output: found the character %d in the path of the results file, which sbatch cannot "
                                  "take in the name of a log: choose another file with -o",
                                  (unsigned char)*c);
        }
    }
    return MOAT_OK;
}

void job_script_free(struct job_script *script)
{
    free(script->config);
    free(script->output);
    free(script->path);
    free(script->folder);
    free(script->tables);
    *script = (struct job_script){0};
}

/* --- The text */

void job_script_size(const struct job_script *script, struct job_size *size)
{
    const struct plan *plan = script->plan;
    double longest = 0;
    for (size_t k = 0; k < plan->rungs; k++) {
        longest = plan->rung[k].left > 0 ? fmax(longest, plan->rung[k].seconds) : longest;
    }
    double work = fmin(TIME_MARGIN * (plan->tables_seconds + plan->grid_seconds), SECONDS_MAX);
    size->task_seconds = TIME_MARGIN * longest;
    size->notice = fmin(NOTICE_MIN + size->task_seconds, NOTICE_MAX);
    size->minutes = ceil((START_SECONDS + EARLY_SECONDS + size->notice + work) / 60);
    if (60 * size->minutes > script->seconds_limit) {
        size->minutes = fmax(floor(script->seconds_limit / 60), 1);
        size->notice = fmin(size->notice, fmax(ceil(NOTICE_SHARE * 60 * size->minutes), NOTICE_SHORT));
    }
    size->usable = 60 * size->minutes - START_SECONDS;
    size->megabytes = fmax(ceil(MEMORY_MARGIN * plan->rank_bytes / 1e8) * 100, MEGABYTES_MIN);
}

/* Writes `text` as the value of --job-name, with dashes in place of what is not plain. */
static void write_plain(FILE *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        fputc(isalnum((unsigned char)*c) || strchr("._-+", *c) ? *c : '-', out);
    }
}

/* Writes the line that names the log. In double quotes sbatch takes all but these as they are, and % for a pattern. */
static void write_log(FILE *out, const char *folder)
{
    fputs("#SBATCH --output=\"", out);
    for (const char *c = folder; *c; c++) {
        if (*c == '"') {
            fputc('\\', out);
        } else if (*c == '%') {
            fputc('%', out);
        }
        fputc(*c, out);
    }
    fprintf(out, "%smoat-%%j.log\"\n", strcmp(folder, "/") == 0 ? "" : "/");
}

/* Writes the #SBATCH lines. */
static void write_options(FILE *out, const struct job_script *script)
{
    struct job_size size;
    job_script_size(script, &size);
    fputs("#SBATCH --job-name=", out);
    write_plain(out, script->plan->config->name);
    fprintf(out,
            "\n#SBATCH --ntasks=%d\n#SBATCH --mem-per-cpu=%.0fM\n#SBATCH --time=%.0f\n#SBATCH --signal=B:USR1@%.0f\n"
            "#SBATCH --requeue\n#SBATCH --open-mode=append\n",
            script->plan->ranks, size.megabytes, size.minutes, size.notice);
    write_log(out, script->folder);
}

void job_script_write(FILE *out, const struct job_script *script)
{
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    fprintf(out, "%s%zu points", first_lines, script->plan->points);
    if (script->plan->rungs > 0) {
        fprintf(out, ", %zu data sets", script->plan->rungs * script->plan->config->ridge.trials);
    }
    fprintf(out, ", predicted %.3g s on these ranks.\n", script->plan->tables_seconds + script->plan->grid_seconds);
    write_options(out, script);
    fputs("unset SLURM_EXPORT_ENV # after sbatch --export=..., srun would keep this environment from the ranks\n"
          "export OPENBLAS_NUM_THREADS=1\n",
          out);
    shell_write_after(out, "exec ", program);
    shell_write_after(out, " batch ", script->config);
    shell_write_after(out, " -o ", script->output);
    for (const char *const *setting = script->settings; setting && *setting; setting++) {
        shell_write_after(out, " --set ", *setting);
    }
    if (script->tables) {
        shell_write_after(out, " --tables ", script->tables);
    }
    if (script->launcher && *script->launcher) {
        shell_write_after(out, " --launcher ", script->launcher);
    }
    fputs(script->force ? " --force" : "", out);
    fputs(script->fsync ? " --fsync" : "", out);
    if (script->writers) {
        fprintf(out, " --writers=%s", writers_name[script->writers]);
    }
    fputc('\n', out);
}

/* --- The file */

/* Returns true if the open file is a script that moat wrote for this user. */
static bool is_own(int descriptor)
{
    struct stat about;
    char start[sizeof first_lines - 1];
    return fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
           pread(descriptor, start, sizeof start, 0) == (ssize_t)sizeof start &&
           memcmp(start, first_lines, sizeof start) == 0;
}

/* Returns true if the machine, not the place of the script, is what a call failed for. */
static bool is_short(int code)
{
    return code == EMFILE || code == ENFILE || code == ENOMEM;
}

/* Removes an earlier script of moat's. Returns MOAT_USAGE if something else stands there. */
static enum moat_status remove_earlier(const char *path)
{
    struct stat about;
    if (lstat(path, &about) != 0) {
        return MOAT_OK; /* nothing, or open(2) says what is wrong */
    }
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0 && is_short(errno)) {
        return moat_error_set(MOAT_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    bool own = descriptor >= 0 && is_own(descriptor);
    if (descriptor >= 0) {
        close(descriptor);
    }
    if (!own) {
        return moat_error_set(MOAT_USAGE,
                              "%s: found %s, expected nothing or a script of an earlier `moat submit`: it is left "
                              "unchanged; move it, or choose another file with -o",
                              path, S_ISLNK(about.st_mode) ? "a link" : "another file");
    }
    unlink(path);
    return MOAT_OK;
}

enum moat_status job_script_save(const struct job_script *script)
{
    enum moat_status status = remove_earlier(script->path);
    if (status != MOAT_OK) {
        return status;
    }
    int descriptor = open(script->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (file) {
        job_script_write(file, script);
    }
    bool failed = !file || ferror(file);
    if (file ? fclose(file) != 0 || failed : failed) {
        return moat_error_set(is_short(errno) ? MOAT_IO : MOAT_USAGE,
                              "%s: cannot be written: %s: choose another folder with -o", script->path,
                              strerror(errno));
    }
    return MOAT_OK;
}
