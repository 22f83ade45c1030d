# SPDX-License-Identifier: GPL-3.0-or-later
"""`make install` into a folder of its own: what lands there, and that it works without the source tree."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import pace
from sweeps import market

ROOT = Path(__file__).resolve().parent.parent

# The programs of include/README.md: their compilers and the language of their code blocks.
EXAMPLES = {"c": ("cc", "-std=c11"), "cpp": ("c++", "-std=c++11")}

# A program in either language: the market of jobs/result-1.yaml at N_I = 1e3, then a million markets of more data.
CONSUMER = """
#include <math.h>
#include <stdio.h>
#include <moat/moat.h>

int main(void)
{
    struct moat_deterministic *table = NULL;
    if (moat_deterministic_create(0.5, 1.0, INFINITY, &table) != MOAT_OK) {
        return 1;
    }
    struct moat_solver solver = moat_deterministic_solver(table);
    struct moat_market market = {&solver, 0.1, 0.9, INFINITY, MOAT_TAU_L_STAR, MOAT_SCRUTINY_TRAINED_MODEL};
    double first = 0, last = 0;
    int rising = 0;
    for (int i = 0; i < 1000001; i++) {
        struct moat_company incumbent;
        struct moat_threshold threshold;
        moat_market_incumbent(&market, 1e3 + i, &incumbent);
        moat_market_threshold(&market, &incumbent, &threshold);
        first = i == 0 ? threshold.N_E_star : first;
        rising += threshold.N_E_star > last;
        last = threshold.N_E_star;
    }
    printf("%.3f %d\\n", first, rising);
    moat_deterministic_destroy(&table);
    return 0;
}
"""

# A ladder small enough for seconds, with thresholds inside of it.
RIDGE = market("ridge", N_I="{log: [16, 128], points: 9}", tau_E="{values: [1.2, .inf]}", Q="{values: [0.3, 1.0]}", nu="{values: [0.75, 1.5]}",
               ridge="{P: 128, N: {log: [8, 256], points: 13}, trials: 6, seed: 1}")

# Every installed script: the sweeps whose files it reads, or other files, its options, and the file it writes ("" for standard
# output).
TOOLS = {
    "agreement.py": ("words", (), "agreement.png"),
    "dataset.py": ("table.csv", ("--performance", "one", "--safety", "two"), "data.h5"),
    "entry_regimes.py": ("result-1", (), "result-1.png"),
    "explore.py": ("quickstart", (), "explore.html"),
    "export.py": ("result-1", (), "result-1.csv"),
    "gap.py": ("result-2", ("--slice", "nu=2"), "gap.pdf"),
    "lemma.py": ("lemma", ("--slice", "nu=2"), "lemma.png"),
    "phase_diagram.py": ("quickstart", ("--slice", "Q=0.1", "nu=1"), "phase-diagram.png"),
    "policy.py": ("policy", ("--slice", "N_I=inf", "nu=0.34"), "policy.svg"),
    "readings.py": ("result-2-wide result-2-mixture", ("--slice", "nu=2", "tau_E=.9999"), "readings.pdf"),
    "scaling_law.py": ("excess-loss", ("--excess",), "excess-loss.png"),
    "spectrum.py": ("words-spectrum.h5", (), "spectrum.png"),
    "summary.py": ("excess-loss", ("--check",), ""),
    "trade_off.py": ("trade-off", ("--slice", "nu=.34"), "trade-off.png"),
    "validation.py": ("ridge", ("--slice", "Q=0.3"), "validation.png"),
}
CALLED = {"phase_diagram.py": ("moat", "draw", "phase-diagram"),  # as commands of the program, in place of by their names
          **{f"{name}.py": ("moat", name) for name in ("export", "explore", "summary")}}
BEGINS = {".png": b"\x89PNG\r\n", ".pdf": b"%PDF-", ".svg": b"<?xml", ".html": b"<!DOCTYPE html>", ".csv": b"N_I,tau_E", ".h5": b"\x89HDF"}


def output(*command, **options):
    """Standard output of `command`; the test fails with its standard error when it does."""
    result = pace.run(command, 120, text=True, **options)
    if result.returncode != 0:
        raise AssertionError(f"{command}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


class InstallTest(unittest.TestCase):
    """As a packager installs: DESTDIR collects the files, here in a folder whose name has a space."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="moat install ")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.prefix = cls.folder / "opt" / "moat"
        output("make", "install", f"DESTDIR={cls.folder}", "PREFIX=/opt/moat", cwd=ROOT)

    def test_files(self):
        found = {str(path.relative_to(self.prefix)) for path in self.folder.rglob("*") if path.is_file()}
        expected = {"bin/moat", "lib/libmoat.a", "lib/pkgconfig/moat.pc", "share/man/man1/moat.1",
                    "share/doc/moat/README.md", "share/doc/moat/LICENSE", "share/doc/moat/src/MODEL.md",
                    "share/doc/moat/src/README.md", "share/doc/moat/.github/CONTRIBUTING.md", "share/doc/moat/jobs/reference.yaml",
                    "share/doc/moat/analysis/FILES.md"}
        expected |= {f"share/doc/moat/{folder}/README.md" for folder in ("src/results", "include", "analysis", "jobs", "tests", "tests/bench")}
        expected |= {f"share/doc/moat/{path.relative_to(ROOT)}" for path in (ROOT / "tests" / "bench").glob("*.png")}
        expected |= {f"include/moat/{path.name}" for path in (ROOT / "include" / "moat").glob("*.h")}
        for path in {*(ROOT / "jobs").iterdir()} - {ROOT / "jobs" / "README.md"}:
            expected.add(f"share/{'doc/moat' if path.suffix == '.png' else 'moat'}/jobs/{path.name}")
        for path in (*(ROOT / "analysis").glob("*.py"), ROOT / "analysis" / "pyproject.toml", *(ROOT / "analysis" / "explore").iterdir()):
            expected.add(f"share/moat/{path.relative_to(ROOT)}")
        self.assertEqual(found, expected)
        self.assertEqual((self.prefix / "share" / "moat" / "python" / "moat").resolve(), (self.prefix / "share" / "moat" / "analysis"))
        executable = {path.name for path in self.prefix.rglob("*") if path.is_file() and os.access(path, os.X_OK)}
        self.assertEqual(executable, {"moat", *TOOLS})

    def test_program(self):
        version = re.search(r'^__version__ = "(\S+)"', (ROOT / "analysis" / "__init__.py").read_text(), re.M)[1]
        self.assertIn(version, output(self.prefix / "bin" / "moat", "--version", cwd="/"))
        self.assertIn(f"version = {{{version}}}", (self.prefix / "share" / "doc" / "moat" / "README.md").read_text())

    def test_scripts(self):
        """The program takes the scripts that were installed with it, also where DESTDIR has them."""
        share = self.prefix / "share" / "moat" / "analysis"
        said = output(self.prefix / "bin" / "moat", "draw", "gap", "a b", env={**os.environ, "MOAT_PYTHON": "echo"}, cwd="/")
        self.assertEqual(Path(said.split(" draw ")[0]).resolve(), share.resolve())
        self.assertTrue(said.endswith(" draw gap a b\n"), said)

    def test_library_without_pkg_config(self):
        with tempfile.TemporaryDirectory() as folder:
            source, program = Path(folder, "example.c"), Path(folder, "example")
            source.write_text(example(self.prefix, "c"))
            output("cc", "-std=c11", f"-I{self.prefix}/include", source, "-o", program, f"-L{self.prefix}/lib", "-lmoat",
                   "-lgsl", "-lm")
            self.assertEqual(output(program), "N_E* = 298.868 (ok)\n")

    def test_nothing_names_where_it_was_built(self):
        for path in self.prefix.rglob("*"):
            if path.is_file() and path.name not in ("moat", "libmoat.a"):  # debuggers look for the sources there
                for place in (ROOT, self.folder):
                    self.assertNotIn(str(place).encode(), path.read_bytes(), path)

    def test_links(self):
        """Those of the README and of the pages that it links lead to files, and to headings that are there."""
        pages = list((self.prefix / "share" / "doc" / "moat").rglob("*.md"))
        self.assertGreaterEqual(len(pages), 9)
        for page in pages:
            for link, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text()):
                found = page.parent / link if link else page
                self.assertTrue(found.is_file(), f"{page.name}: {link}")
                headings = {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in re.findall(r"^#+ (.*)$", found.read_text(), re.M)} if heading else set()
                self.assertTrue(not heading or heading in headings, f"{page.name}: {link}#{heading}")


def example(prefix, language):
    """The program in C ("c") or C++ ("cpp") of the library's README."""
    readme = (prefix / "share" / "doc" / "moat" / "include" / "README.md").read_text()
    return re.search(rf"^```{language}\n(.*?)^```$", readme, re.M | re.S)[1]


def hiding(folder):
    """What to put before a command so that it finds an empty folder in place of `folder`; nothing where only the
    administrator may do that."""
    prefix = ("unshare", "--mount", "--map-root-user", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(folder))
    for words in (prefix, tuple(word for word in prefix if word != "--map-root-user")):
        if shutil.which("unshare") and subprocess.run([*words, "true"], capture_output=True, timeout=60).returncode == 0:
            return words
    return ()


class WithoutSourcesTest(unittest.TestCase):
    """The installed tree alone, from another folder; the source tree is hidden where the system allows that."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="moat-")
        cls.addClassCleanup(folder.cleanup)
        cls.prefix, cls.folder = Path(folder.name) / "prefix", Path(folder.name) / "work"
        cls.share = cls.prefix / "share" / "moat"
        cls.folder.mkdir()
        output("make", "install", f"PREFIX={cls.prefix}", cwd=ROOT)
        cls.hide = hiding(ROOT) if ROOT not in cls.prefix.parents else ()
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MOAT", "BUILD")}
        launcher = os.environ.get("MPIRUN", "mpirun --oversubscribe")
        cls.environment = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", **environment,
                           "PATH": f"{cls.prefix}/bin:{os.environ['PATH']}", "MOAT_LAUNCHER": f"{launcher} -n 2",
                           "PKG_CONFIG_PATH": f"{cls.prefix}/lib/pkgconfig", "MPLCONFIGDIR": folder.name}
        (cls.folder / "ridge.yaml").write_text(RIDGE)
        shutil.copy(cls.share / "jobs" / "words-spectrum.h5", cls.folder)
        (cls.folder / "table.csv").write_text("x,one,two\n" + "".join(f"{k % 7},{k % 5},{k % 3}\n" for k in range(300)))
        cls.alone("moat", "run", "ridge.yaml", "-q")
        for job in sorted({job for jobs, *_ in TOOLS.values() for job in jobs.split() if "." not in job} - {"ridge"}):
            cls.alone("moat", "run", cls.share / "jobs" / f"{job}.yaml", "-q")

    @classmethod
    def alone(cls, *command):
        return output(*cls.hide, *map(str, command), cwd=cls.folder, env=cls.environment)

    def test_plan(self):
        self.assertIn("results file", self.alone("moat", "plan", self.share / "jobs" / "result-1.yaml"))

    def test_reference_config(self):
        self.alone("moat", "run", self.share / "jobs" / "reference.yaml", "-q", "-o", "reference.h5")
        self.assertIn("complete", self.alone("moat", "status", "reference.h5"))

    def test_submit(self):
        config = self.share / "jobs" / "phase-diagram.yaml"
        script = self.alone("moat", "submit", config, "--dry-run")
        self.assertIn(f"exec {self.prefix}/bin/moat batch {config} -o {self.folder}/phase-diagram.h5", script)

    def test_batch_script(self):
        config = self.share / "jobs" / "result-1.yaml"
        self.alone("sh", self.share / "jobs" / "sweep.sbatch", config, "-o", "batch.h5")
        self.assertIn("complete", self.alone("moat", "status", "batch.h5"))

    def test_analysis(self):
        for script, (jobs, options, target) in TOOLS.items():
            with self.subTest(script):
                command = CALLED.get(script, (self.share / "analysis" / script,))
                written = self.alone(*command, *(job if "." in job else f"{job}.h5" for job in jobs.split()), *options,
                                     *(("-o", target) if target else ()))
                if target:
                    self.assertTrue((self.folder / target).read_bytes().startswith(BEGINS[Path(target).suffix]))
                    self.assertGreater((self.folder / target).stat().st_size, 5000)
                else:
                    self.assertGreater(len(written.splitlines()), 3)

    def test_library(self):
        for language, compiler in EXAMPLES.items():
            with self.subTest(language):
                (self.folder / f"example.{language}").write_text(example(self.prefix, language))
                self.alone("sh", "-c", f"{' '.join(compiler)} -Wall -Wextra -Werror example.{language} "
                                       f"$(pkg-config --cflags --libs moat) -o example-{language}")
                program = self.folder / f"example-{language}"
                self.assertEqual(self.alone(program), "N_E* = 298.868 (ok)\n")
                self.assertNotRegex(self.alone("ldd", program), "libmpi|hdf5|scalapack|yaml")

    def test_headers(self):
        """Each header can be included by itself, in both languages."""
        for header in sorted((self.prefix / "include" / "moat").glob("*.h")):
            for language, compiler in EXAMPLES.items():
                with self.subTest(header.name, language=language):
                    (self.folder / f"header.{language}").write_text(f"#include <moat/{header.name}>\n")
                    self.alone("sh", "-c", f"{' '.join(compiler)} -Wall -Wextra -Wpedantic -Werror -fsyntax-only "
                                           f"header.{language} $(pkg-config --cflags moat)")

    def test_a_million_markets(self):
        for language, compiler in EXAMPLES.items():
            with self.subTest(language):
                (self.folder / f"million.{language}").write_text(CONSUMER)
                self.alone("sh", "-c", f"{' '.join(compiler)} -O2 -Wall -Werror million.{language} $(pkg-config --cflags --libs moat) -o million")
                self.assertEqual(self.alone(self.folder / "million").split(), ["298.868", "1000001"])


PAGE = ROOT / "src" / "program" / "moat.1"
EVERYWHERE = {"-?", "--help", "--usage"}  # argp's own, described once


def options_of(text):
    """The options in lines like `  -o, --output=FILE`."""
    return set(re.findall(r"(?<![\w-])(-[^\W\d]|-\?|--[\w-]+(?:=\w+)?)(?![\w-])", text))


def plain_line(line):
    """A line of the page's synopsis as text: .B and .I put blanks between their words, .RB and the like do not."""
    macro, _, words = line.partition(" ")
    if not macro.startswith("."):
        return f" {line}"
    return " " + (words if len(macro) == 2 else words.replace(" ", "")).replace(r"\%", "")


class ManualTest(unittest.TestCase):
    """The man page against the program; it is written by hand."""

    @classmethod
    def setUpClass(cls):
        plain = re.sub(r"\\f.", "", PAGE.read_text().replace(r"\-", "-"))
        commands = re.search(r"^\.SH COMMANDS\n(.*?)^\.SH ", plain, re.M | re.S)[1]
        cls.synopsis = re.search(r"^\.SH SYNOPSIS\n(.*?)^\.SH ", plain, re.M | re.S)[1]
        cls.common, *sections = re.split(r"^\.SS ", commands, flags=re.M)
        cls.sections = dict(section.split("\n", 1) for section in sections)
        cls.moat = Path(os.environ.get("MOAT", ROOT / os.environ.get("BUILD", "build") / "moat"))

    def tags(self, section):
        return options_of("\n".join(re.findall(r"^\.TP\n(.*)", section, re.M)).replace('"', ""))

    def test_commands(self):
        self.assertEqual(list(self.sections), re.findall(r"^  moat (\w+) (?!\[COMMAND\])", output(self.moat, "help"), re.M))

    def test_synopsis(self):
        """Its lines are those of `moat help`, without the summaries."""
        usage = re.findall(r"^  (moat .*(?:\n {10}.*)*)", output(self.moat, "help"), re.M)
        lines = ["".join(map(plain_line, line.splitlines())) for line in self.synopsis.split(".br\n")]
        self.assertEqual([" ".join(line.split()) for line in lines], [" ".join(line.split()) for line in usage])

    def test_options(self):
        self.assertEqual(self.tags(self.common), EVERYWHERE)
        for command, section in self.sections.items():
            with self.subTest(command):
                lines = re.findall(r"^ {2,6}(-.*?)(?:  |$)", output(self.moat, command, "--help"), re.M)
                found, expected = self.tags(section), options_of("\n".join(lines)) - EVERYWHERE
                if f"{command}.py" in CALLED:  # argparse shows values in another form
                    found, expected = {option.split("=")[0] for option in found}, expected - {"-h"}
                self.assertEqual(found, expected)

    def test_renders_without_warnings(self):
        checks = {"mandoc": ("-Tlint", "-Wwarning"), "groff": ("-man", "-Tutf8", "-ww", "-z")}
        found = [(program, *options) for program, options in checks.items() if shutil.which(program)]
        if not found:
            self.skipTest("neither mandoc nor groff")
        for command in found:
            with self.subTest(command[0]):
                result = subprocess.run([*command, PAGE], capture_output=True, text=True, timeout=600)
                self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
