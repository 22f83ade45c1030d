/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moments of features, targets and labels: power laws, or arrays of a measured spectrum. */
#include "ridge/moments.h"

#include <math.h>

#include "ridge/population.h"

enum { MOMENTS = 3 }; /* b11, b12, b22 */

void ridge_count_moments(struct ridge_work *work)
{
    const struct ridge_population *population = work->task->population;
    work->aligned = !population ? work->task->nus : population->rows ? 0 : MOMENTS;
    work->noises = !population ? work->task->nus : population->rows ? 1 : 2;
}

void ridge_deviations(const struct ridge_task *task, struct row_range range, double *out)
{
    for (size_t j = 0; j < range.count; j++) {
        out[j] = task->population ? sqrt(task->population->spectrum.sigma[range.first + j])
                                  : pow((double)(range.first + j + 1), -(1 + task->gamma) / 2);
    }
}

void ridge_variances(const struct ridge_task *task, struct row_range range, double *out)
{
    for (size_t j = 0; j < range.count; j++) {
        out[j] = task->population ? task->population->spectrum.sigma[range.first + j]
                                  : pow((double)(range.first + j + 1), -(1 + task->gamma));
    }
}

static const double *moment(const struct moat_measured_spectrum *spectrum, size_t which)
{
    const double *const moments[MOMENTS] = {spectrum->b11, spectrum->b12, spectrum->b22};
    return moments[which];
}

static void power_laws(const struct ridge_task *task, struct row_range range, double *out)
{
    for (size_t w = 0; w < task->nus; w++) {
        for (size_t j = 0; j < range.count; j++) {
            out[w * range.count + j] = pow((double)(range.first + j + 1), task->gamma - task->nu[w]);
        }
    }
}

void ridge_alignments(const struct ridge_task *task, struct row_range range, double *out)
{
    if (!task->population) {
        power_laws(task, range, out);
    }
    size_t moments = task->population && !task->population->rows ? MOMENTS : 0;
    for (size_t w = 0; w < moments; w++) {
        for (size_t j = 0; j < range.count; j++) {
            out[w * range.count + j] = moment(&task->population->spectrum, w)[range.first + j];
        }
    }
}

double ridge_zero_loss(const struct ridge_task *task, size_t which)
{
    long double sum = 0;
    for (size_t j = task->P; j > 0; j--) {
        if (task->population) {
            sum += moment(&task->population->spectrum, which)[j - 1] * task->population->spectrum.sigma[j - 1];
        } else {
            sum += pow((double)j, task->gamma - task->nu[which]) * pow((double)j, -(1 + task->gamma));
        }
    }
    return (double)sum;
}

static double difference(const struct moat_measured_spectrum *spectrum, size_t i)
{
    return (spectrum->b11[i] - spectrum->b12[i]) + (spectrum->b22[i] - spectrum->b12[i]);
}

double ridge_targets_distance(const struct moat_measured_spectrum *spectrum)
{
    long double sum = 0;
    for (size_t i = 0; i < spectrum->n; i++) {
        sum += spectrum->sigma[i] * difference(spectrum, i);
    }
    return (double)sum;
}

size_t ridge_label_weights(const struct ridge_task *task)
{
    return task->population ? 1 : task->nus;
}

void ridge_fill_label_weights(const struct ridge_task *task, struct row_range range, double *out)
{
    if (!task->population) {
        power_laws(task, range, out);
        return;
    }
    const struct moat_measured_spectrum *spectrum = &task->population->spectrum;
    for (size_t j = 0; j < range.count; j++) {
        out[j] = difference(spectrum, range.first + j);
    }
}

void ridge_fill_label_noise(struct ridge_work *work)
{
    for (size_t i = ridge_label_weights(work->task) * work->label_rows; i < work->noises * work->label_rows; i++) {
        work->label[i] = 1;
    }
}
