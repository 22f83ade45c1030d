/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time left against simulated schedules with a clock of their own, the bar at every width, the pauses of a log. */
#include "run/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "suite.h"

enum { RUNGS = 12, TRIALS = 8, TASKS = RUNGS * TRIALS, HANDS = 3 };

/* A ladder of data sets, costliest first as they are handed out: of 2^k points, so that the cost falls eightfold from
   rung to rung and nine tenths of the tasks are a hundredth of the work. */
static double cost(int task)
{
    return pow(8, -task / TRIALS);
}

/* The hand that is free first takes the next task; fills the time at which each task ends, and returns the last. */
static double schedule(double speed, double end[TASKS])
{
    double free_at[HANDS] = {0}, last = 0;
    for (int task = 0; task < TASKS; task++) {
        int hand = 0;
        for (int other = 1; other < HANDS; other++) {
            hand = free_at[other] < free_at[hand] ? other : hand;
        }
        free_at[hand] += cost(task) / speed;
        end[task] = free_at[hand];
        last = fmax(last, end[task]);
    }
    return last;
}

static int by_time(const void *left, const void *right)
{
    double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* From the first data set on, the time left is right within the task that a hand may have to wait for at the end. */
static void test_time_left_by_cost(void)
{
    const double speed = 1.0 / 600;
    double end[TASKS], sorted[TASKS], last = schedule(speed, end), total = 0;
    for (int task = 0; task < TASKS; task++) {
        total += cost(task);
    }
    memcpy(sorted, end, sizeof sorted);
    qsort(sorted, TASKS, sizeof *sorted, by_time);
    int by_count_is_far_off = 0, looks = 0;
    for (int i = 0; i < TASKS; i++) {
        struct estimate estimate = {.total = total, .hands = HANDS};
        double now = sorted[i] + 1e-9;
        int done = 0;
        for (int task = 0; task < TASKS; task++) {
            if (end[task] <= now) {
                estimate.done += cost(task);
                estimate.hand_seconds += cost(task) / speed;
                done++;
            }
        }
        double left = estimate_left(&estimate, now), truth = last - now,
               half = (now + sorted[i + 1 < TASKS ? i + 1 : i]) / 2;
        expect(fabs(left - truth) < 1 / speed, "at %g s: %g s left, truly %g", now, left, truth);
        expect(fabs(estimate_rate(&estimate, now) / (HANDS * speed) - 1) < 1e-9, "rate");
        if (left > 1) { /* it goes on falling while nothing ends */
            expect(fabs(estimate_left(&estimate, half) - fmax(left - (half - now), 0)) < 1e-6, "at %g s", half);
        }
        by_count_is_far_off += fabs(now / done * (TASKS - done) - truth) > 2 / speed;
        looks++;
    }
    expect(by_count_is_far_off > looks / 20, "the case is too easy: the number of tasks does as well");
}

static void test_time_left_of_points(void)
{
    struct estimate estimate = {.total = 1000};
    CU_ASSERT(isnan(estimate_left(&estimate, 5)) && isnan(estimate_rate(&estimate, 5)));
    estimate.done = 250;
    CU_ASSERT_DOUBLE_EQUAL(estimate_left(&estimate, 5), 15, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(estimate_rate(&estimate, 5), 50, 1e-12);
    estimate.done = 1000;
    CU_ASSERT_EQUAL(estimate_left(&estimate, 5), 0);
    CU_ASSERT_EQUAL(estimate_left(&(struct estimate){.hands = 2}, 5), 0);
    CU_ASSERT(isnan(estimate_left(&(struct estimate){.total = 1, .hands = 2}, 5)));
}

/* At every width the bar fits, and has what there is room for, most important first. */
static void test_bar(void)
{
    struct progress progress = {.unit = "points", .total = 362797056, .done = 123456789, .failed = 12};
    progress.estimate = (struct estimate){.total = 362797056, .done = 123456789};
    for (int columns = 0; columns < 200; columns++) {
        char row[256];
        progress_format_bar(&progress, 3600, columns, row, sizeof row);
        int length = (int)strlen(row);
        expect(length <= columns, "%d columns: %d", columns, length);
        expect(length > columns - 32 || length > 79, "%d columns: only `%s`", columns, row);
        expect(columns < 7 || strstr(row, " 34.0 %"), "%d columns: `%s`", columns, row);
        expect(columns < 33 || strstr(row, "1:56:19 left, 12 failed"), "%d columns: `%s`", columns, row);
        expect(columns < 46 || strchr(row, '['), "%d columns: `%s`", columns, row);
        expect(columns < 76 || strstr(row, "  123456789/362797056 points  "), "%d columns: `%s`", columns, row);
        expect(columns < 90 || strstr(row, "  3.43e+04"), "%d columns: `%s`", columns, row);
    }
}

static void test_share_by_work(void)
{
    char row[128];
    struct progress progress;
    progress_begin(&progress, "data sets", 10, 5, true);
    progress_weigh(&progress, "Gflop", 100, 60, 2);
    progress_add_work(&progress, 30, 120); /* half a Gflop a second on both */
    progress_format_bar(&progress, 70, 62, row, sizeof row);
    CU_ASSERT_STRING_EQUAL(row, "[##########..]  90.0 %  6/10 data sets  0.5 Gflop/s  0:10 left");
}

static void test_pauses(void)
{
    double elapsed = 0;
    int lines = 0, in_a_minute = 0;
    while (elapsed < 86400) {
        elapsed += progress_pause(elapsed);
        lines++;
        in_a_minute += elapsed <= 60;
    }
    CU_ASSERT_EQUAL(in_a_minute, 6);
    expect(lines > 60 && lines < 100, "%d lines in a day", lines);
    CU_ASSERT_EQUAL(progress_pause(1e6), 3600);
}

int main(void)
{
    CU_TestInfo tests[] = {{"time left of a ladder, by cost", test_time_left_by_cost},
                           {"time left of points", test_time_left_of_points},
                           {"the bar at every width", test_bar},
                           {"the share that is done, by cost", test_share_by_work},
                           {"pauses between lines", test_pauses},
                           CU_TEST_INFO_NULL};
    return suite_run("progress", tests);
}
