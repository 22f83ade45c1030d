/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a measurement leaves in its spectrum file. */
#include "run/measuring_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "moat/version.h"
#include "results/spectrum_write.h"

enum { TITLE_SIZE = 320 };
static const char references[] =
    "Jagadeesan, Jordan and Steinhardt, arXiv 2409.03734; PNAS 2025, doi 10.1073/pnas.2510004122";

/* The command with its time, before the history of the data. The caller frees it; NULL when out of memory. */
static char *make_history(const struct measuring_request *request, const struct data_file *data)
{
    char now[32] = "", *history = NULL;
    time_t seconds = time(NULL);
    struct tm utc;
    if (gmtime_r(&seconds, &utc)) {
        strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    int length = asprintf(&history, "%s: %s%s%s", now, request->command, *data->history ? "\n" : "", data->history);
    return length < 0 ? NULL : history;
}

/* NOLINTNEXTLINE(readability-function-size): two tables */
static enum moat_status write_tables(const struct measuring_request *request, const struct measuring *measuring,
                                     const struct launch *launch, const struct spectrum_text *texts)
{
    const struct measure_fit *fit = &measuring->fit;
    const struct measure_estimate *estimate = &measuring->estimate;
    size_t less = estimate->trusted[0] < estimate->trusted[1] ? estimate->trusted[0] : estimate->trusted[1];
    const struct spectrum_variable variables[] = {
        {"eigenvalue", "variance of the features along the direction, over the largest", fit->eigenvalue},
        {"eigenvalue_stderr", "standard error of eigenvalue", fit->eigenvalue_stderr},
        {"alignment_performance", "squared coefficient of the performance target", estimate->alignment[0]},
        {"alignment_safety", "squared coefficient of the safety target", estimate->alignment[1]},
        {"alignment_joint", "product of the targets' coefficients", estimate->alignment[2]},
        {"alignment_performance_stderr", "standard error of alignment_performance", estimate->stderr_of[0]},
        {"alignment_safety_stderr", "standard error of alignment_safety", estimate->stderr_of[1]},
        {"alignment_joint_stderr", "standard error of alignment_joint", estimate->stderr_of[2]},
        {"alignment_performance_unbiased", "alignment_performance before pooling", estimate->unbiased[0]},
        {"alignment_safety_unbiased", "alignment_safety before pooling", estimate->unbiased[1]},
        {"alignment_joint_unbiased", "alignment_joint before pooling", estimate->unbiased[2]},
        {"pool", "number of the pool of directions that share their alignments", estimate->pool},
        {NULL, NULL, NULL}};
    const struct power_law *law = &measuring->law;
    const struct spectrum_number numbers[] = {{"noise_performance", fit->noise[0]},
                                              {"noise_safety", fit->noise[1]},
                                              {"noise_performance_stderr", fit->noise_stderr[0]},
                                              {"noise_safety_stderr", fit->noise_stderr[1]},
                                              {"noise_joint", fit->noise[2]},
                                              {"n", (double)fit->n},
                                              {"P", (double)fit->P},
                                              {"rank", (double)fit->rank},
                                              {"eigenvalue_scale", fit->scale},
                                              {"variance_performance", fit->label_variance[0]},
                                              {"variance_safety", fit->label_variance[1]},
                                              {"R2_performance", 1 - fit->unexplained[0]},
                                              {"R2_safety", 1 - fit->unexplained[1]},
                                              {"signal_performance", estimate->signal[0]},
                                              {"signal_safety", estimate->signal[1]},
                                              {"correlation", estimate->correlation},
                                              {"correlation_stderr", estimate->correlation_stderr},
                                              {"L_star", estimate->L_star},
                                              {"L_star_stderr", estimate->L_star_stderr},
                                              {"trusted", (double)less},
                                              {"trusted_performance", (double)estimate->trusted[0]},
                                              {"trusted_safety", (double)estimate->trusted[1]},
                                              {"gamma", law->gamma.value},
                                              {"gamma_stderr", law->gamma.stderr_of},
                                              {"delta", law->delta.value},
                                              {"delta_stderr", law->delta.stderr_of},
                                              {"nu", law->nu.value},
                                              {"nu_stderr", law->nu.stderr_of},
                                              {"nu_prime", law->nu_prime.value},
                                              {"nu_prime_stderr", law->nu_prime.stderr_of},
                                              {"Q", law->Q.value},
                                              {"Q_stderr", law->Q.stderr_of},
                                              {NULL, 0}};
    const struct spectrum_contents contents = {fit->directions, variables, numbers, texts};
    return spectrum_write(request->output, request->force, launch, &contents);
}

enum moat_status measuring_write(const struct measuring_request *request, const struct data_file *data,
                                 const struct measuring *measuring, const struct launch *launch)
{
    char title[TITLE_SIZE];
    const char *slash = strrchr(request->data, '/');
    snprintf(title, sizeof title, "%s", *data->title ? data->title : slash ? slash + 1 : request->data);
    char *history = make_history(request, data);
    if (!history) {
        return moat_error_set(MOAT_MEMORY, "out of memory for the history");
    }
    const struct spectrum_text texts[] = {
        {"Conventions", "CF-1.10"},
        {"title", title},
        {"history", history},
        {"references", references},
        {"moat_version", moat_version()},
        {"git_revision", moat_revision()},
        {"population", measuring->fit.exact ? "the rows" : "beyond the rows, which are a sample of it"},
        {NULL, NULL}};
    enum moat_status status = write_tables(request, measuring, launch, texts);
    free(history);
    return status;
}
