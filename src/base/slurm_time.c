/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as SLURM writes them. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/slurm.h"

bool slurm_parse_time(const char *text, double *seconds)
{
    long days = 0, part[3] = {0};
    const char *dash = strchr(text, '-');
    int used = 0, parts = 0;
    if (strcasecmp(text, "infinite") == 0 || strcasecmp(text, "UNLIMITED") == 0) {
        *seconds = INFINITY;
        return true;
    }
    if (dash && (sscanf(text, "%ld%n", &days, &used) != 1 || text + used != dash)) {
        return false;
    }
    const char *at = dash ? dash + 1 : text;
    for (; parts < 3 && isdigit((unsigned char)*at); at += *at == ':') {
        part[parts++] = strtol(at, (char **)&at, 10);
    }
    if (parts == 0 || *at || days < 0) {
        return false;
    }
    /* The first of several parts is hours, that of two without days minutes. A single number is minutes, or hours after
       days. */
    int skip = !dash && parts < 3; /* no hours */
    double hours = skip ? 0 : (double)part[0], minutes = (double)part[skip ? 0 : 1], rest = (double)part[skip ? 1 : 2];
    *seconds = 86400.0 * (double)days + 3600.0 * hours + 60.0 * minutes + rest;
    return true;
}
