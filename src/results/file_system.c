/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linux names a file system by a number (statfs(2)), which stays as it is once it is given.
 *
 * Lustre and GPFS give each node the lock of a range of bytes before it may cache writes to that range. BeeGFS does
 * not: its clients write back small buffers, or pages of the kernel's cache, without locks.
 */
#include "results/file_system.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/vfs.h>

static const struct {
    uint32_t magic;
    enum file_system kind;
    const char *name;
} known[] = {
    {0x0000EF53, FILE_SYSTEM_LOCAL, "ext4"},     {0x58465342, FILE_SYSTEM_LOCAL, "XFS"},
    {0x9123683E, FILE_SYSTEM_LOCAL, "Btrfs"},    {0x01021994, FILE_SYSTEM_LOCAL, "tmpfs"},
    {0x858458F6, FILE_SYSTEM_LOCAL, "ramfs"},    {0xF2F52010, FILE_SYSTEM_LOCAL, "F2FS"},
    {0x2FC12FC1, FILE_SYSTEM_LOCAL, "ZFS"},      {0x794C7630, FILE_SYSTEM_LOCAL, "overlayfs"},
    {0xCA451A4E, FILE_SYSTEM_LOCAL, "bcachefs"}, {0x3153464A, FILE_SYSTEM_LOCAL, "JFS"},
    {0x0BD00BD0, FILE_SYSTEM_CLUSTER, "Lustre"}, {0x47504653, FILE_SYSTEM_CLUSTER, "GPFS"},
    {0x00006969, FILE_SYSTEM_OTHER, "NFS"},      {0x65735546, FILE_SYSTEM_OTHER, "FUSE"},
    {0x19830326, FILE_SYSTEM_OTHER, "BeeGFS"},   {0x01021997, FILE_SYSTEM_OTHER, "9P"},
    {0xFF534D42, FILE_SYSTEM_OTHER, "CIFS"},     {0xFE534D42, FILE_SYSTEM_OTHER, "SMB"},
    {0x00C36400, FILE_SYSTEM_OTHER, "CephFS"},
};

enum file_system file_system_of(int descriptor, char *name, size_t size)
{
    struct statfs about;
    if (fstatfs(descriptor, &about) != 0) {
        snprintf(name, size, "an unknown file system");
        return FILE_SYSTEM_OTHER;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].magic == (uint32_t)about.f_type) {
            snprintf(name, size, "%s", known[i].name);
            return known[i].kind;
        }
    }
    snprintf(name, size, "a file system of type 0x%x", (unsigned)about.f_type);
    return FILE_SYSTEM_OTHER;
}
