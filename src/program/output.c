/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Standard output: whether all of it was written. */
#include "program/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program/command.h"

static int flush_errno; /* of the first failure of output_flush, for stdio then forgets what it could not write */

void output_flush(void)
{
    if (fflush(stdout) != 0 && flush_errno == 0) {
        flush_errno = errno;
    }
}

/* Runs at exit, before stdio is closed. The last bytes may fail only when they are flushed, and on a network's disk
   only when the file is closed. */
static void check_output(int code, void *unused)
{
    (void)unused;
    bool failed = ferror(stdout), pending = __fpending(stdout) > 0;
    int reason = flush_errno;
    if (fclose(stdout) != 0) {
        failed = failed || errno != EBADF || pending;
        reason = reason ? reason : errno;
    }
    if (!failed || reason == EPIPE) { /* a reader that has gone, such as `head`, has read enough */
        return;
    }
    fprintf(stderr, "moat: standard output cannot be written: %s\n",
            reason ? strerror(reason) : "see the disk or device behind it");
    if (code == EXIT_SUCCESS) {
        _exit(command_exit_code(MOAT_IO));
    }
}

void output_prepare(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) < 0 && errno == EBADF) {
            /* opened the wrong way round, so that its use fails; open takes the lowest number that is free */
            (void)!open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
    on_exit(check_output, NULL);
}
