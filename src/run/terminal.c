/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds the terminal behind stderr, also through a launcher's pipe, and asks for its size. */
#include "run/terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "run/launcher.h"

enum { COLUMNS_MAX = 10000 };

/* The process `above` generations above this one; 0 if there is none or it has ended. */
static long ancestor(int above)
{
    long pid = (long)getpid();
    for (int i = 0; i < above && pid > 1; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%ld/stat", pid);
        FILE *file = fopen(path, "r");
        int fields = file ? fscanf(file, "%*d (%*[^)]) %*c %ld", &pid) : 0;
        if (file) {
            fclose(file);
        }
        pid = fields == 1 ? pid : 0;
    }
    return pid > 1 ? pid : 0;
}

/* Opens the launcher's stderr; -1 if it has none that this process may open. */
static int open_launchers(void)
{
    struct launcher launcher;
    char path[64];
    if (!launcher_find(&launcher) || launcher.above == 0) {
        return -1;
    }
    snprintf(path, sizeof path, "/proc/%ld/fd/2", ancestor(launcher.above));
    return open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

struct terminal terminal_open(void)
{
    const char *kind = getenv("TERM");
    bool relayed = !isatty(STDERR_FILENO);
    struct terminal terminal = {.descriptor = -1, .relayed = relayed};
    if (kind && *kind && strcmp(kind, "dumb") != 0) {
        terminal.descriptor = relayed ? open_launchers() : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    }
    if (terminal.descriptor >= 0 && !isatty(terminal.descriptor)) {
        terminal_close(&terminal);
    }
    return terminal;
}

void terminal_close(struct terminal *terminal)
{
    if (terminal->descriptor >= 0) {
        close(terminal->descriptor);
    }
    terminal->descriptor = -1;
}

int terminal_columns(const struct terminal *terminal)
{
    struct winsize size = {0};
    if (terminal->descriptor < 0) {
        return 0;
    }
    if (ioctl(terminal->descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    const char *text = getenv("COLUMNS");
    long columns = text ? strtol(text, NULL, 10) : 0;
    return columns > 0 && columns <= COLUMNS_MAX ? (int)columns : 0;
}
