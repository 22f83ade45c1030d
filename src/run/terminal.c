/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds the terminal behind a stream, also through a launcher's pipe, and asks for its size. */
#include "run/terminal.h"

#include <dirent.h>
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

/* Opens that stream of the launcher; -1 if it has none that this process may open. */
static int open_launchers(int stream)
{
    struct launcher launcher;
    char path[64];
    if (!launcher_find(&launcher) || launcher.above == 0) {
        return -1;
    }
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", ancestor(launcher.above), stream);
    return open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

/* Whether the parent has this stream, a pipe, open too: then it is the one that reads it. A shell closes the pipes of
   its pipelines. The environment alone does not tell: a rank's script may send the output elsewhere. */
static bool parent_reads(int stream)
{
    char path[64], mine[64] = "", theirs[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", stream);
    bool found = false, pipe = readlink(path, mine, sizeof mine - 1) > 0 && strncmp(mine, "pipe:", 5) == 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)getppid());
    DIR *folder = pipe ? opendir(path) : NULL;
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry && !found; entry = readdir(folder)) {
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, theirs, sizeof theirs - 1);
        found = length > 0 && (size_t)length == strlen(mine) && strncmp(mine, theirs, (size_t)length) == 0;
    }
    if (folder) {
        closedir(folder);
    }
    return found;
}

/* Whether a launcher copies what is written to the stream. Open MPI's gives stderr a pipe, and stdout a pipe or a
   terminal without a size. */
static bool is_relayed(int stream)
{
    struct winsize size = {0};
    bool own = stream != STDERR_FILENO && isatty(stream) && ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col == 0;
    return parent_reads(own ? STDERR_FILENO : stream);
}

struct terminal terminal_open(int stream)
{
    const char *kind = getenv("TERM");
    struct terminal terminal = {.descriptor = -1};
    if (!kind || !*kind || strcmp(kind, "dumb") == 0) {
        return terminal;
    }
    terminal.relayed = is_relayed(stream);
    terminal.descriptor = terminal.relayed ? open_launchers(stream) : fcntl(stream, F_DUPFD_CLOEXEC, 3);
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
