/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The global minimum over the nodes of a table, from high x to low. */
#include "model/valley.h"

#include <math.h>

#include "model/root.h"

enum { HALVINGS = 5 };

/* The search so far, and how root-finding sees an x that is not feasible. */
struct descent {
    const struct valley *valley;
    double best, best_x;
    double outside; /* -1: feasible x lie above, 1: below; 0: follow the slope to the nearest one */
};

struct point {
    double x;
    struct site site;
};

static struct point point_at(const struct valley *valley, double x)
{
    struct alignment_sums at;
    moat_alignment_at(valley->table, x, &at);
    struct site site = valley->site(&at, valley->problem);
    return (struct point){x, site};
}

static void keep_better(struct descent *descent, const struct point *point)
{
    if (point->site.feasible && point->site.value < descent->best) {
        descent->best = point->site.value;
        descent->best_x = point->x;
    }
}

/* Positive where the minimum lies at lower x. */
static double side_at(double x, void *context)
{
    struct descent *descent = context;
    struct point point = point_at(descent->valley, x);
    if (descent->outside == 0) {
        return point.site.feasible ? 0 : point.site.slope;
    }
    return point.site.feasible ? point.site.slope : descent->outside;
}

static struct bracket shrink(struct descent *descent, const struct point *low, const struct point *high)
{
    bool search = descent->outside == 0;
    struct bracket bracket = {low->x, low->site.feasible || search ? low->site.slope : descent->outside, high->x,
                              high->site.feasible || search ? high->site.slope : descent->outside};
    moat_root_shrink(side_at, descent, 1e-13 * (1 + fabs(low->x)), &bracket);
    return bracket;
}

/* A minimum between two points at least one of which is feasible. */
static void minimise_between(struct descent *descent, const struct point *low, const struct point *high)
{
    bool falls = low->site.feasible ? low->site.slope < 0 : true;
    bool rises = high->site.feasible ? high->site.slope >= 0 : true;
    if (falls && rises) {
        descent->outside = low->site.feasible ? 1 : -1;
        struct bracket bracket = shrink(descent, low, high);
        struct point a = point_at(descent->valley, bracket.a), b = point_at(descent->valley, bracket.b);
        keep_better(descent, &a);
        keep_better(descent, &b);
    }
}

static void search_panel(struct descent *descent, const struct point *low, const struct point *high)
{
    if (low->site.feasible || high->site.feasible) {
        minimise_between(descent, low, high);
    } else if (low->site.slope < 0 && high->site.slope > 0) { /* there may be feasible points between */
        descent->outside = 0;
        struct bracket bracket = shrink(descent, low, high);
        struct point middle = point_at(descent->valley, bracket.fa == 0 ? bracket.a : bracket.b);
        if (middle.site.feasible) {
            keep_better(descent, &middle);
            minimise_between(descent, low, &middle);
            minimise_between(descent, &middle, high);
        }
    }
}

/* Whether there may be kinks between two points that hide a minimum that counts: the line through them is then not as
   steep as the slopes say, or one of the points alone is feasible. */
static bool may_hide(const struct descent *descent, const struct point *low, const struct point *high)
{
    if (low->site.feasible != high->site.feasible) {
        return true;
    }
    double width = high->x - low->x, a = low->site.slope, b = high->site.slope;
    double reach = 2 * width * fmax(fabs(a), fabs(b)), least = fmin(low->site.value, high->site.value) - reach;
    double secant = (high->site.value - low->site.value) / width;
    return least <= (low->site.feasible ? descent->best : 0) && fabs(secant - (a + b) / 2) > 0.02 * (fabs(a) + fabs(b));
}

/* Halves the panel until nothing can hide in a part, or the part is narrow. */
static void search_between(struct descent *descent, const struct point *low, const struct point *high)
{
    struct point stack[HALVINGS + 1]; /* right ends of parts still to be searched, the nearest last */
    struct point left = *low;
    int count = 1;
    stack[0] = *high;
    while (count > 0) {
        const struct point *right = &stack[count - 1];
        double width = right->x - left.x;
        if (count <= HALVINGS && width > PANEL_WIDTH / (1 << HALVINGS) && may_hide(descent, &left, right)) {
            stack[count] = point_at(descent->valley, left.x + width / 2);
            keep_better(descent, &stack[count]);
            count++;
        } else {
            search_panel(descent, &left, right);
            left = *right;
            count--;
        }
    }
}

bool moat_valley_lowest(const struct valley *valley, double *x)
{
    const struct alignment_table *table = valley->table;
    struct descent descent = {.valley = valley, .best = INFINITY, .best_x = NAN};
    struct point high = point_at(valley, valley->x_high);
    keep_better(&descent, &high);
    double last = ceil((valley->x_high - table->x_min) / PANEL_WIDTH);
    size_t k = last > 0 ? (size_t)last : 0;
    k = k < table->count ? k : table->count;
    while (k > 0 && high.x > valley->x_low) {
        k--;
        const struct alignment_sums *node = &table->node[k];
        if (node->x >= high.x) {
            continue;
        }
        if (valley->log_data && descent.best < INFINITY && alignment_df1(&table->node[k + 1]) > exp(descent.best)) {
            break;
        }
        struct point low = node->x > valley->x_low ? (struct point){node->x, valley->site(node, valley->problem)}
                                                   : point_at(valley, valley->x_low);
        keep_better(&descent, &low);
        search_between(&descent, &low, &high);
        high = low;
    }
    *x = descent.best_x;
    return descent.best < INFINITY;
}
