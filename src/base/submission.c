/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls of sbatch, and how to read its options and its answers. */
#include "base/submission.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"

enum { ANSWER_SIZE = 4096 };

const char *submission_option(const char *const *options, char letter, const char *name)
{
    const char *found = NULL;
    size_t length = strlen(name);
    for (; *options; options++) {
        const char *word = *options;
        if (strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, length) == 0 && word[2 + length] == '=') {
            found = word + length + 3;
        } else if (word[0] == '-' && word[1] == letter && letter && word[2]) {
            found = word + 2;
        } else if ((strncmp(word, "--", 2) == 0 && strcmp(word + 2, name) == 0) ||
                   (word[0] == '-' && word[1] == letter && letter)) {
            found = options[1] ? options[1] : found;
        }
    }
    return found;
}

/* The words of a call of sbatch: `first`, NULL at the end, the options, and the script or NULL for one on stdin. The
   caller frees the list; NULL when out of memory. */
static const char **sbatch_words(const char *const *first, const char *const *options, const char *script)
{
    size_t count = 0, before = 0;
    while (first[before]) {
        before++;
    }
    while (options[count]) {
        count++;
    }
    const char **words = calloc(before + count + 2, sizeof *words);
    if (words) {
        memcpy(words, first, before * sizeof *words);
        memcpy(words + before, options, count * sizeof *words);
        words[before + count] = script;
    }
    return words;
}

/* Calls sbatch and keeps its answer. Returns its wait status, -1 with errno if it cannot be started. */
static int call_sbatch(const char **words, int input, enum process_errors errors, char answer[ANSWER_SIZE])
{
    char **environment = slurm_clean_environment();
    struct process process = {.words = words, .environment = environment, .input = input, .errors = errors};
    int state = words && environment ? process_run(&process, answer, ANSWER_SIZE) : -1;
    free(environment);
    return state;
}

enum moat_status submission_send(const char *const *options, const char *script, struct slurm_job *job)
{
    static const char *const first[] = {"sbatch", "--parsable", NULL}; /* the answer is "id" or "id;cluster" */
    char answer[ANSWER_SIZE] = "";
    const char **words = sbatch_words(first, options, script);
    errno = ENOMEM;
    int state = call_sbatch(words, 0, PROCESS_ERRORS_SHOWN, answer);
    int reason = errno;
    free(words);
    *job = (struct slurm_job){0};
    if (state == -1) {
        return reason == ENOENT || reason == EACCES
                   ? moat_error_set(MOAT_USAGE,
                                    "sbatch cannot be started: %s: is this a login node of a SLURM cluster? The script "
                                    "is %s",
                                    strerror(reason), script)
                   : moat_error_set(MOAT_MEMORY, "sbatch cannot be called: %s", strerror(reason));
    }
    job->id = strtol(answer, NULL, 10);
    return state == 0 && job->id > 0
               ? MOAT_OK
               : moat_error_set(MOAT_USAGE, "sbatch refused the job, its message is above; the script is %s", script);
}

void submission_try(const char *const *options, FILE *script, char *reason, size_t size)
{
    static const char *const first[] = {"timeout", "-k", "5", "15", "sbatch", "--test-only", NULL};
    static const char failure[] = "allocation failure: ";
    char answer[ANSWER_SIZE] = "";
    reason[0] = '\0';
    if (fflush(script) != 0 || lseek(fileno(script), 0, SEEK_SET) != 0) {
        return;
    }
    const char **words = sbatch_words(first, options, NULL);
    int state = call_sbatch(words, fileno(script), PROCESS_ERRORS_KEPT, answer);
    free(words);
    const char *found = state > 0 ? strstr(answer, failure) : NULL;
    if (found) {
        found += strlen(failure);
        snprintf(reason, size, "%.*s", (int)strcspn(found, "\n"), found);
    }
}
