/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints what was measured, for people and as JSON. */
#include <math.h>
#include <stdio.h>

#include "program/json.h"
#include "program/measure.h"

static void print_data(const struct measure_fit *fit)
{
    printf("%zu rows of %zu features, of rank %zu", fit->n, fit->P, fit->rank);
    if (fit->constant > 0) {
        printf(": %zu constant", fit->constant);
    }
    if (fit->P - fit->constant > fit->rank && fit->n > fit->P) {
        printf("%s %zu determined by others", fit->constant > 0 ? "," : ":", fit->P - fit->constant - fit->rank);
    }
    printf("\n");
    if (fit->directions < fit->rank) {
        printf("  directions kept        %zu: what labels owe to the others counts as noise\n", fit->directions);
    }
    printf("  largest eigenvalue     %.6g, which the file has as 1\n", fit->scale);
}

static void print_label(const struct measuring *measuring, int j)
{
    const struct measure_fit *fit = &measuring->fit;
    const struct measure_estimate *estimate = &measuring->estimate;
    printf("%s\n", measure_label[j]);
    printf("  R^2                    %.4f\n", 1 - fit->unexplained[j]);
    printf("  signal variance        %.6g +- %.2g\n", estimate->signal[j], sqrt(estimate->signal_covariance[j][j]));
    printf("  label noise            %.6g +- %.2g\n", fit->noise[j], fit->noise_stderr[j]);
    if (!fit->exact) {
        printf("  trusted directions     %zu of %zu\n", estimate->trusted[j], fit->directions);
    }
}

static void print_exponent(const char *name, struct exponent exponent)
{
    printf("  %-22s %.4f +- %.2g\n", name, exponent.value, exponent.stderr_of);
}

static void print_exponents(const struct power_law *law)
{
    printf("best power law\n");
    print_exponent("gamma", law->gamma);
    print_exponent("delta", law->delta);
    print_exponent("nu = gamma + delta", law->nu);
    print_exponent("nu'", law->nu_prime);
    print_exponent("Q", law->Q);
    if (!(law->gamma.value > 0 && law->delta.value > 0 && law->nu.value <= 2 * (1 + law->gamma.value) &&
          law->Q.value > 0 && law->Q.value <= 1)) {
        printf("  that is outside the power-law model: 0 < gamma < nu <= 2 (1 + gamma), 0 < Q <= 1\n");
    }
    printf("  off by a factor of     %.3g in eigenvalues, %.3g in alignments (rms over octaves)\n",
           exp(law->eigenvalue_deviation), exp(law->alignment_deviation));
}

static void print_law(const struct power_law *law)
{
    bool found = !isnan(law->gamma.value);
    if (found) {
        print_exponents(law);
    } else {
        printf("best power law           none: there are too few directions\n");
    }
    printf("N_E* at N_I = %.0f, tau_I = %g L*, tau_E = inf\n", law->N_I, POWER_LAW_TAU_I);
    printf("  this spectrum          %.6g\n", law->N_E_spectrum);
    if (found) {
        printf("  the power law          %.6g, or %.6g with targets of one size and no label noise\n", law->N_E_law,
               law->N_E_law_without_noise);
    }
}

void measure_print(const struct measuring_request *request, const struct measuring *measuring)
{
    const struct measure_estimate *estimate = &measuring->estimate;
    print_data(&measuring->fit);
    print_label(measuring, 0);
    print_label(measuring, 1);
    printf("targets\n");
    printf("  correlation            %.4f +- %.2g\n", estimate->correlation, estimate->correlation_stderr);
    printf("  L*                     %.6g +- %.2g\n", estimate->L_star, estimate->L_star_stderr);
    if (estimate->pools < estimate->directions) {
        printf("  alignments pooled      %zu directions in %zu pools\n", estimate->directions, estimate->pools);
    }
    print_law(&measuring->law);
    printf("written: %s\n", request->output);
}

static void write_label(struct json *json, const struct measuring *measuring, int j)
{
    const struct measure_fit *fit = &measuring->fit;
    const struct measure_estimate *estimate = &measuring->estimate;
    const struct {
        const char *before, *after;
        double value;
    } row[] = {{"R2_", "", 1 - fit->unexplained[j]},
               {"variance_", "", fit->label_variance[j]},
               {"signal_", "", estimate->signal[j]},
               {"signal_", "_stderr", sqrt(estimate->signal_covariance[j][j])},
               {"noise_", "", fit->noise[j]},
               {"noise_", "_stderr", fit->noise_stderr[j]},
               {"trusted_", "", (double)estimate->trusted[j]}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", row[i].before, measure_label[j], row[i].after);
        json_number(json, name, row[i].value);
    }
}

static void write_exponent(struct json *json, const char *name, struct exponent exponent)
{
    char error[64];
    snprintf(error, sizeof error, "%s_stderr", name);
    json_number(json, name, exponent.value);
    json_number(json, error, exponent.stderr_of);
}

static void write_law(struct json *json, const struct power_law *law)
{
    write_exponent(json, "gamma", law->gamma);
    write_exponent(json, "delta", law->delta);
    write_exponent(json, "nu", law->nu);
    write_exponent(json, "nu_prime", law->nu_prime);
    write_exponent(json, "Q", law->Q);
    json_number(json, "eigenvalue_deviation", law->eigenvalue_deviation);
    json_number(json, "alignment_deviation", law->alignment_deviation);
    json_number(json, "N_I", law->N_I);
    json_number(json, "tau_I", POWER_LAW_TAU_I);
    json_number(json, "tau_E", INFINITY);
    json_number(json, "N_E_star", law->N_E_spectrum);
    json_number(json, "N_E_star_power_law", law->N_E_law);
    json_number(json, "N_E_star_power_law_without_noise", law->N_E_law_without_noise);
}

void measure_write_json(FILE *out, const struct measuring_request *request, const struct measuring *measuring)
{
    struct json json = {.out = out};
    const struct measure_fit *fit = &measuring->fit;
    const struct measure_estimate *estimate = &measuring->estimate;
    json_begin(&json, NULL, '{');
    json_text(&json, "data", request->data);
    json_text(&json, "output", request->output);
    json_count(&json, "n", fit->n);
    json_count(&json, "P", fit->P);
    json_count(&json, "constant", fit->constant);
    json_count(&json, "rank", fit->rank);
    json_count(&json, "directions", fit->directions);
    json_boolean(&json, "whole_population", fit->exact);
    json_number(&json, "eigenvalue_scale", fit->scale);
    write_label(&json, measuring, 0);
    write_label(&json, measuring, 1);
    json_number(&json, "noise_joint", fit->noise[PAIR_JOINT]);
    json_number(&json, "correlation", estimate->correlation);
    json_number(&json, "correlation_stderr", estimate->correlation_stderr);
    json_number(&json, "L_star", estimate->L_star);
    json_number(&json, "L_star_stderr", estimate->L_star_stderr);
    json_count(&json, "pools", estimate->pools);
    write_law(&json, &measuring->law);
    json_end(&json, '}');
}
