/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_CONFIG_INTERNAL_H
#define MOAT_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "sweep/axis.h"
#include "sweep/config.h"
#include "sweep/config_names.h"
#include "sweep/config_tree.h"

/*
 * A config file is read in three passes:
 *   config_yaml.c    YAML text becomes a tree (config_tree.c) of nodes that know their lines
 *   config_read.c    nodes are read by the table of keys (config_keys.c), numbers and axes by config_axis.c
 *   config_check.c   conditions between the values of several keys
 */

enum axis_form { FORM_VALUES, FORM_LOG, FORM_LINEAR, FORM_SCALAR };

/* An axis as asked for. */
struct axis_request {
    const struct node *node; /* its mapping; NULL for a scalar */
    enum axis_form form;
    double low, high; /* ends of FORM_LOG and FORM_LINEAR; low is the value of FORM_SCALAR */
    size_t size;
};

enum { AXIS_LADDER = GRID_AXES, CONFIG_AXES }; /* ridge.N follows the axes of the grid */

/* A config being read from its tree. */
struct reading {
    struct node *root;
    struct config *config;
    struct axis_request request[CONFIG_AXES];
};

/* Returns the axis of `config` with the number `axis`, which may be AXIS_LADDER. Local. */
struct axis *config_axis(struct config *config, int axis);

/* Checks that all keys of the tree are known, and reads them into reading->config. The axes get their sizes, and memory
   only where the text lists their values. Returns MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_read(struct reading *reading);

/* Reads a number. Returns MOAT_USAGE when the node is not a number in `range`. Local. */
enum moat_status config_number(const struct node *node, const struct range *range, double *out);

/* The forms of an axis, for messages. */
extern const char config_axis_forms[];

/* Reads form and size of the axis at `node`, and the values if it lists them. Returns MOAT_USAGE or MOAT_MEMORY.
   Local. */
enum moat_status config_axis_read(const struct node *node, const struct range *range, struct axis_request *request,
                                  struct axis *axis);

/* Fills an axis that has no values yet. Returns MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_axis_fill(const struct axis_request *request, struct axis *axis);

/* Checks what several keys must agree on, and fills the axes. Returns MOAT_USAGE or MOAT_MEMORY. Local. */
enum moat_status config_check(struct reading *reading);

#endif
