/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moat status: what a results file has, from the file alone. */
#include <argp.h>
#include <stdio.h>

#include "command.h"
#include "moat/market.h"
#include "moat/results.h"

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    return command_parse_file(key, argument, state, "results file", state->input);
}

int command_status(int argc, char **argv)
{
    const char *path = NULL;
    const struct argp argp = {
        .parser = parse_option, .args_doc = "FILE", .doc = "Prints how far the sweep in FILE is."};
    argp_parse(&argp, argc, argv, command_argp_flags(), NULL, &path);
    if (!command_is_first()) {
        return 0;
    }

    struct results_summary summary;
    enum status status = results_summarise(path, &summary);
    if (status != STATUS_OK) {
        fprintf(stderr, "moat: %s\n", error_message());
        return command_exit_code(status);
    }
    printf("%s: %zu of %zu blocks done, %s\n", path, summary.blocks_done, summary.blocks,
           summary.blocks_done == summary.blocks ? "complete" : "not complete: run the same command to go on");
    if (summary.tasks > 0) {
        printf("%zu of %zu data sets done, %zu failed\n", summary.tasks_done, summary.tasks, summary.tasks_failed);
    }
    command_print_summary(&summary);
    return 0;
}
