/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and counts the hosts of a run. Each rank sends the name of its host if it is the first rank there, else
 * nothing. */
#include "run/hosts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_SIZE = 64, NAMED = 4 };

int hosts_rank(MPI_Comm comm, int *ranks)
{
    MPI_Comm node;
    int rank;
    MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, ranks);
    MPI_Comm_rank(node, &rank);
    MPI_Comm_free(&node);
    return rank;
}

/* This host's name, without its domain, if this rank is the first one on it; else "". Collective over comm. */
static void name_host(MPI_Comm comm, char name[NAME_SIZE])
{
    int ranks, rank = hosts_rank(comm, &ranks);
    memset(name, 0, NAME_SIZE);
    if (rank == 0 && gethostname(name, NAME_SIZE - 1) != 0) {
        snprintf(name, NAME_SIZE, "?");
    }
    name[strcspn(name, ".")] = '\0';
}

/* Joins the names of all ranks, [ranks][NAME_SIZE]. */
static void join(const char *names, int ranks, char text[HOSTS_SIZE])
{
    char list[HOSTS_SIZE - 64] = "";
    int hosts = 0;
    for (int i = 0; i < ranks; i++) {
        const char *name = names + (size_t)i * NAME_SIZE;
        size_t length = strlen(list);
        hosts += *name != '\0';
        if (*name && hosts <= NAMED) {
            snprintf(list + length, sizeof list - length, "%s%s", length > 0 ? ", " : "", name);
        }
    }
    if (hosts == 1) {
        snprintf(text, HOSTS_SIZE, "%s", list);
    } else {
        snprintf(text, HOSTS_SIZE, "%d hosts (%s%s)", hosts, list, hosts > NAMED ? ", .." : "");
    }
}

void hosts_list(MPI_Comm comm, char text[HOSTS_SIZE])
{
    int rank, ranks, ready;
    char name[NAME_SIZE], *names = NULL;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &ranks);
    name_host(comm, name);
    if (rank == 0) {
        names = calloc((size_t)ranks, NAME_SIZE);
    }
    ready = names != NULL;
    MPI_Bcast(&ready, 1, MPI_INT, 0, comm);
    text[0] = '\0';
    if (ready) {
        MPI_Gather(name, NAME_SIZE, MPI_CHAR, names, NAME_SIZE, MPI_CHAR, 0, comm);
    }
    if (names) {
        join(names, ranks, text);
    }
    free(names);
}

int hosts_count(MPI_Comm comm, double *cores)
{
    int ranks, rank = hosts_rank(comm, &ranks);
    int nodes = rank == 0; /* each node counts once */
    *cores = rank == 0 ? fmin(ranks, (double)sysconf(_SC_NPROCESSORS_ONLN)) : 0;
    MPI_Allreduce(MPI_IN_PLACE, &nodes, 1, MPI_INT, MPI_SUM, comm);
    MPI_Allreduce(MPI_IN_PLACE, cores, 1, MPI_DOUBLE, MPI_SUM, comm);
    return nodes;
}
