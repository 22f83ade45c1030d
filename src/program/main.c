/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat: how much data a new company needs to enter a market of model providers. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "moat/version.h"
#include "program/command.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage, *summary;
} commands[] = {
    {"run", command_run, "run CONFIG.yaml [-o FILE] [--force] [--fsync] [-q]",
     "sweep a grid of markets into an HDF5 file; under mpirun or srun"},
    {"plan", command_plan, "plan CONFIG.yaml [--ranks K]", "what a sweep will take: tasks, memory, time, file size"},
    {"submit", command_submit, "submit CONFIG.yaml [-o FILE] [--dry-run] [-- SBATCH-OPTION...]",
     "a sweep as a SLURM job, with ranks, memory and time from its plan"},
    {"batch", command_batch, "batch CONFIG.yaml [-o FILE] [--launcher COMMAND]",
     "in a batch script: run, requeue at the time limit, until the file is complete"},
    {"point", command_point, "point --gamma G --nu NU --Q Q --N-I N --tau-I T --tau-E T",
     "solve one market and print it"},
    {"status", command_status, "status FILE [--follow]", "what a results file has, also while a run writes it"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *stream)
{
    fprintf(stream,
            "moat finds the market entry threshold N_E*: how much data a new company needs when the incumbent is\n"
            "held to a stricter safety standard.\n\n");
    for (int i = 0; i < COMMANDS; i++) {
        fprintf(stream, "  moat %s\n      %s\n", commands[i].usage, commands[i].summary);
    }
    fprintf(stream, "  moat help | --version\n\n"
                    "`moat COMMAND --help` lists a command's options. Exit codes: 0 complete, 2 bad usage or config,\n"
                    "75 stopped early and resumable (run the same command again), 1 anything else.\n");
}

int main(int argc, char **argv)
{
    argp_err_exit_status = 2;
    const char *name = argc > 1 ? argv[1] : "";
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            char invocation[32]; /* what argp calls the program in its messages */
            snprintf(invocation, sizeof invocation, "moat %s", name);
            argv[1] = invocation;
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    if (!command_is_first()) {
        return 0;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        printf("moat %s (%s)\n", moat_version(), moat_revision());
        return 0;
    }
    if (*name) {
        fprintf(stderr, "moat: found command `%s`, expected run, plan, submit, batch, point, status or help\n\n", name);
    }
    print_help(stderr);
    return 2;
}
