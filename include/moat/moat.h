/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MOAT_MOAT_H
#define MOAT_MOAT_H

/*
 * libmoat: how much data a new company needs to enter a market of model providers.
 *
 * A solver is made once for a spectrum: moat_deterministic_create from (gamma, nu, P), or moat_empirical_create from
 * measured tables. A struct moat_market puts a solver, a misalignment and two safety thresholds together. For a market
 * moat_market_incumbent solves the incumbent, moat_market_threshold finds N_E*, and moat_elasticity_threshold its
 * slopes. What is held against the thresholds, the model or its training mixture, is a member of the market.
 * moat_scaling_law_solve gives the loss of a single model. The README's section "Install" has a program in C and in
 * C++; src/MODEL.md has the formulas. Every name begins with moat_ or MOAT_. The headers are for C11 and C++.
 *
 * Threads: a solver is read-only once it is made, so any number of threads may solve markets on one solver, each with
 * its own results. The message of moat_error_message is the calling thread's own.
 */
#include "moat/company.h"
#include "moat/deterministic.h"
#include "moat/elasticity.h"
#include "moat/empirical.h"
#include "moat/error.h"
#include "moat/limit.h"
#include "moat/loss.h"
#include "moat/market.h"
#include "moat/measured.h"
#include "moat/regime.h"
#include "moat/sampled.h"
#include "moat/scaling_law.h"
#include "moat/solver.h"
#include "moat/spectral_sums.h"
#include "moat/spectrum.h"
#include "moat/version.h"

#endif
