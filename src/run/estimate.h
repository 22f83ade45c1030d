/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_ESTIMATE_H
#define MOAT_ESTIMATE_H

/*
 * How long the rest of some work takes, from what is done of it. The work is divided into pieces, whose costs are known
 * in one unit: points, or operations. Pieces may differ in cost a million times, so their number says little.
 *
 * Many small pieces: the rate is the work that is done by the time since the beginning.
 *
 * A few large ones, `hands` > 0: then much of the work is in hand at any time, and what is done says little early on.
 * The hands are ranks, and each piece that ends tells the time that it took them. Work per second of a hand times the
 * hands is the rate, and the rate times the time since the beginning is what is done or in hand. That holds while no
 * hand is idle: once fewer pieces are left than hands, the last of them may take longer than estimated.
 */
struct estimate {
    double total, done;  /* work: what there was to do at the beginning, and what has ended since */
    double hands;        /* ranks that work side by side; 0: many small pieces */
    double hand_seconds; /* the sum, over the pieces that have ended, of seconds times ranks */
};

/* Work per second, `elapsed` seconds after the beginning; NAN if nothing has ended yet. Local. */
double estimate_rate(const struct estimate *estimate, double elapsed);

/* Seconds until all is done, likewise: NAN if nothing has ended yet, 0 if all should be done by now. Local. */
double estimate_left(const struct estimate *estimate, double elapsed);

#endif
