/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_FILE_SYSTEM_H
#define MOAT_FILE_SYSTEM_H

#include <stddef.h>

/*
 * File systems by what several writers of one file may expect. Processes of one node share its page cache, so that
 * writes to disjoint bytes never meet. Several nodes have a cache each: only a file system that locks ranges of bytes
 * between nodes keeps their writes apart.
 */
enum file_system {
    FILE_SYSTEM_OTHER,  /* NFS, FUSE, and all that nothing is known of */
    FILE_SYSTEM_LOCAL,  /* of one node: ext4, XFS, Btrfs, tmpfs, .. */
    FILE_SYSTEM_CLUSTER /* Lustre and GPFS, which lock ranges of bytes between nodes */
};

/* The kind of file system that the open file `descriptor` is on; its name in `name`, cut to `size`. Local. */
enum file_system file_system_of(int descriptor, char *name, size_t size);

#endif
