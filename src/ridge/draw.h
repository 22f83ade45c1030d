/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_RIDGE_DRAW_H
#define MOAT_RIDGE_DRAW_H

#include "ridge/work.h"

/* Draws the task's N rows, and sets work->draw and work->points. Returns MOAT_MEMORY. Collective over the group. */
enum moat_status ridge_draw_rows(struct ridge_work *work);

/* Fills L and the c_i = (y1 - y2)^2 of the labels from the rows drawn. Local. */
void ridge_sample_rows(struct ridge_work *work);

/* Frees the draws. Local. */
void ridge_release_draws(struct ridge_work *work);

#endif
