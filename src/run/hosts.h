/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_HOSTS_H
#define MOAT_HOSTS_H

#include <mpi.h>

enum { HOSTS_SIZE = 512 };

/* This rank's number among those on its host, and how many there are. Collective over comm. */
int hosts_rank(MPI_Comm comm, int *ranks);

/* Names the hosts of a run: "node1", "3 hosts (node1, node2, node3)", or of many the first few, "64 hosts (node1,
   node2, node3, node4, ..)". Writes text[HOSTS_SIZE] on rank 0, "" elsewhere and where memory is short. Collective over
   comm. */
void hosts_list(MPI_Comm comm, char text[HOSTS_SIZE]);

/* Counts the nodes of the run, and the cores that its ranks can keep busy there. Collective over comm. */
int hosts_count(MPI_Comm comm, double *cores);

#endif
