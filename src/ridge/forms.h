/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_FORMS_H
#define MOAT_RIDGE_FORMS_H

#include "ridge/work.h"

/* Computes the tables from U, Y and s^2. Returns MOAT_USAGE, MOAT_MEMORY or MOAT_NUMERICAL. Collective over the group.
 */
enum moat_status ridge_forms(struct ridge_work *work, struct ridge_table *out);

/* Width of the panels there. Local. */
size_t ridge_forms_panel(size_t r, size_t nus);

#endif
