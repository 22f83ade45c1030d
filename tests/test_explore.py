#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/explore.py in a browser: headless Chromium moves the sliders, and the page shows the file's numbers."""

import contextlib
import hashlib
import html
import io
import itertools
import json
import math
import re
import shutil
import sys
import tempfile
import unittest
from unittest import mock

import h5py
import numpy as np
from PIL import Image

import pace
from program import ROOT, moat, solve, temporary_folder
from sweeps import market

sys.path.insert(0, str(ROOT / "analysis"))
import explore  # noqa: E402

MARKETS = {name: market("rules & <rivals>", output=f"{name}.h5", tau_I=tau_I, tau_unit="L_star", N_I="{values: [2, 1e2, 1e4, 1e6, 1e9, .inf]}",
                        tau_E="{values: [0.2, 0.5, 0.95, .inf]}", Q="{values: [0.1, 0.5, 1.0]}", nu="{values: [0.75, 1.0]}")
           for name, tau_I in {"four": 0.9, "five": "{values: [0.6, 0.9]}"}.items()}

# Moves the sliders as a reader would, and writes down what the page shows at each place.
READER = """<script>
const faults = [], visits = %s, log = [];
addEventListener("error", (event) => faults.push(event.message));
console.error = console.warn = (...said) => faults.push(said.join(" "));
addEventListener("unhandledrejection", (event) => faults.push(String(event.reason)));
const read = async () => {
  while (!document.body.dataset.ready && !faults.length) await new Promise((resume) => setTimeout(resume, 20));
  for (const visit of visits) {
    if (visit.address) {
      location.hash = visit.address;
      await new Promise((resume) => setTimeout(resume, 50));
    }
    for (const [axis, k] of Object.entries(visit.slide ?? {})) {
      const slider = document.getElementById(`slide-${axis}`);
      slider.value = k;
      slider.dispatchEvent(new Event("input"));
    }
    if (visit.along) {
      document.getElementById("along").value = visit.along;
      document.getElementById("along").dispatchEvent(new Event("change"));
    }
    const pictures = [...document.querySelectorAll("svg")];
    log.push({ values: Object.fromEntries([...document.querySelectorAll("data")].map((item) => [item.id, item.value])),
               shown: Object.fromEntries([...document.querySelectorAll("data")].map((item) => [item.id, item.textContent])),
               status: document.getElementById("status").textContent, regime: document.getElementById("regime").textContent,
               places: Object.fromEntries([...document.querySelectorAll("output")].map((item) => [item.id, item.textContent])),
               address: location.hash, titles: pictures.map((item) => item.getAttribute("aria-label")),
               points: pictures.map((item) => (item.querySelector(".newcomer").getAttribute("d").match(/[ML]/g) ?? []).length),
               bands: pictures.map((item) => [...item.querySelectorAll("rect.missing")].map((band) => ({ ...band.dataset }))),
               far: pictures.map((item) => item.querySelectorAll(".far").length),
               guides: pictures.map((item) => item.querySelectorAll("line.theory").length),
               near: document.getElementById("near").textContent, width: innerWidth,
               wide: document.documentElement.scrollWidth > innerWidth });
  }
};
read().catch((error) => faults.push(String(error))).finally(() => parent.postMessage(JSON.stringify({ faults, log }), "*"));
</script>"""

# A window of Chromium is never narrower than 500 pixels; a frame is as narrow as a telephone.
TELEPHONE = 400
FRAME = f"""<iframe src="reader.html" style="width: {TELEPHONE}px; height: 900px; border: 0"></iframe><pre id="log"></pre>
<script>addEventListener("message", (event) => document.getElementById("log").textContent = event.data)</script>"""


def number(text):
    """The number a text of the page stands for."""
    text = text.replace("−", "-").replace("∞", "inf")
    power = re.fullmatch("(?:(.+) × )?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    if not power:
        return float(text)
    return float(f"{power[1] or 1}e{power[2].translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789'))}")


def browse(page, *arguments, address=""):
    """Standard output of headless Chromium on a page."""
    with tempfile.TemporaryDirectory(prefix="moat-") as profile:
        result = pace.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           f"--user-data-dir={profile}", "--virtual-time-budget=20000", *arguments, page.as_uri() + address], 120)
    if result.returncode != 0:
        raise AssertionError(f"chromium: exit {result.returncode}\n{result.stderr.decode()}")
    return result.stdout.decode()


@unittest.skipUnless(shutil.which("chromium"), "no chromium; `make test` installs it")
class ExploreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls.addClassCleanup)
        for text in MARKETS.values():
            solve(cls.folder, text)

    def write(self, code, name, *arguments):
        """The page of a file of the folder, and what the command says."""
        target = self.folder / "page.html"
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(explore.main([str(self.folder / name), "-o", str(target), *arguments]), code, said.getvalue())
        return target, said.getvalue()

    def visit(self, page, visits):
        """What the page shows at each of the places."""
        reader = self.folder / "reader.html"
        text = page.read_text()
        reader.write_text(text.replace("</body>", READER % json.dumps(visits) + "</body>"))
        frame = self.folder / "frame.html"
        frame.write_text(FRAME)
        found = re.search(r'<pre id="log">(.+?)</pre>', browse(frame, "--dump-dom"), re.S)
        self.assertIsNotNone(found, "the page never was ready")
        seen = json.loads(html.unescape(found[1]))
        self.assertEqual(seen["faults"], [])
        return seen["log"]

    def check(self, file, seen, where):
        """That the page shows what the file has at the indices `where`."""
        for name, text in seen["values"].items():
            item = file[name]
            stored = float(item[tuple(where[dimension[0].name.lstrip("/")] for dimension in item.dims)])
            shown = float(text.replace("Infinity", "inf"))
            self.assertTrue(math.isnan(stored) and math.isnan(shown) or math.isclose(stored, shown, rel_tol=1e-7, abs_tol=1e-44),
                            f"{name}: {shown}, not {stored}, at {where}")
            if math.isnan(stored):
                self.assertEqual(seen["shown"][name], "–")
            else:
                self.assertTrue(math.isclose(number(seen["shown"][name]), stored, rel_tol=6e-6, abs_tol=1e-44),
                                f"{name}: {seen['shown'][name]}, not {stored}")
        point = tuple(where[dimension[0].name.lstrip("/")] for dimension in file["status"].dims)
        words = file["regime"].attrs["flag_meanings"]
        words = (words.decode() if isinstance(words, bytes) else words).split()
        self.assertEqual(seen["regime"], words[file["regime"][point]])
        self.assertEqual(seen["status"], {1: "", 2: "a single data point is enough", 3: "no amount of data is enough",
                                          4: "the incumbent cannot meet its standard",
                                          5: "the newcomer can never meet its standard"}[int(file["status"][point])])

    def test_page_shows_the_file_wherever_the_sliders_stand(self):
        for name in MARKETS:
            page, _ = self.write(0, f"{name}.h5")
            with h5py.File(self.folder / f"{name}.h5") as file:
                axes = [dimension[0].name.lstrip("/") for dimension in file["status"].dims]
                places = list(np.ndindex(file["status"].shape))[::3]
                log = self.visit(page, [{"slide": dict(zip(axes, map(int, place)))} for place in places])
                statuses = set()
                for seen, place in zip(log, places, strict=True):
                    self.check(file, seen, dict(zip(axes, place)))
                    statuses.add(int(file["status"][place]))
                    self.assertEqual(seen["width"], TELEPHONE)
                    self.assertFalse(seen["wide"], "the page is wider than a telephone")
                self.assertLessEqual({1, 3, 4, 5}, statuses)

    def test_curves_and_addresses(self):
        page, _ = self.write(0, "four.h5")
        log = self.visit(page, [{"address": "N_I=1e6&tau_E=inf&Q=.5&nu=1"}, {"address": "N_I=8e5&nu=7"}, {"along": "tau_E"},
                                {"along": "Q"}, {"slide": {"N_I": 5}}])
        with h5py.File(self.folder / "four.h5") as file:
            self.check(file, log[0], {"N_I": 3, "tau_E": 3, "Q": 1, "nu": 1})
            self.assertEqual(log[1]["places"], {"at-N_I": "10⁶", "at-tau_E": "∞", "at-Q": "0.5", "at-nu": "1"})
            self.assertEqual(log[4]["address"], "#N_I=Infinity&tau_E=Infinity&Q=0.5&nu=1")
            threshold = file["N_E_star"][...]
        finite = lambda curve: int(np.isfinite(curve).sum())
        self.assertEqual([seen["points"][0] for seen in log],
                         [finite(threshold[:5, 3, 1, 1])] * 2 + [finite(threshold[3, :3, 1, 1]), finite(threshold[3, 3, :, 1]),
                                                                 finite(threshold[5, 3, :, 1])])
        self.assertEqual(log[2]["titles"][:2], ["market entry threshold N_E* along τ_E", "d ln N_E* / d ln τ_E along τ_E"])

    def test_plots_show_what_has_no_threshold_and_what_is_infinite(self):
        page, _ = self.write(0, "four.h5")
        log = self.visit(page, [{"slide": {"N_I": i, "tau_E": j, "Q": 0, "nu": 1}, "along": axis}
                                for axis in ("N_I", "tau_E") for i in range(6) for j in range(4)])
        with h5py.File(self.folder / "four.h5") as file:
            status, threshold = file["status"][:, :, 0, 1], file["N_E_star"][:, :, 0, 1]
            slopes = file["elasticity_N_I"][:, :, 0, 1]
            regime = file["regime"][:, :, 0, 1]
            exponents = {name: file[name].attrs["theory_exponents"].reshape(-1, 4)[1, :3].tolist()
                         for name in ("elasticity_N_I", "exponent_D")}
        kinds = set()
        for seen, (axis, i, j) in zip(log, itertools.product((0, 1), range(6), range(4)), strict=True):
            line = status[:, j] if axis == 0 else status[i]
            expected, first = [], 0
            for word, run in itertools.groupby(line):
                last = first + len(list(run)) - 1
                if word not in (1, 2):
                    expected.append({"status": explore.WORDS["status"][word], "points": f"{first} {last}"})
                    kinds.add(int(word))
                first = last + 1
            self.assertEqual(seen["bands"], [expected, expected, []])
            self.assertEqual(seen["far"][0], int(np.isfinite((threshold[:, j] if axis == 0 else threshold[i])[-1])))
            drawn = slopes[:, j][np.isfinite(slopes[:, j])]
            if axis == 1:
                self.assertEqual(seen["guides"], [0, 0, 0])
            elif drawn.size:
                pixel = np.ptp(drawn) / 150
                inside = [value for value in exponents["elasticity_N_I"]
                          if drawn.min() - pixel <= value <= drawn.max() + pixel]
                self.assertEqual(seen["guides"], [0, len(inside), 0])
            if regime[i, j] in (1, 2, 3):
                name = "elasticity_N_I" if i < 5 else "exponent_D"
                near = exponents[name][regime[i, j] - 1]
                self.assertAlmostEqual(number(seen["near"].rpartition(" ")[2]), near, delta=0.005 * near)
                self.assertEqual("1/D" in seen["near"], i == 5)
            else:
                self.assertEqual(seen["near"], "")
        self.assertLessEqual({3, 4, 5}, kinds)

    def test_page_needs_no_network_and_says_where_it_comes_from(self):
        page, _ = self.write(0, "four.h5", "--slice", "nu=1")
        text = page.read_text()
        self.assertEqual(set(re.findall(r"\w+://[^\"' ]*", text)), {"http://www.w3.org/2000/svg"})
        self.assertNotRegex(text, r"<(link|img|iframe|script)[^>]*\b(src|href)=|@import|url\(")
        self.assertIn("rules &amp; &lt;rivals&gt;", text)
        self.assertIn("τ_I = 0.9 L*", text)
        with h5py.File(self.folder / "four.h5") as file:
            attribute = lambda name: file.attrs[name] if isinstance(file.attrs[name], str) else file.attrs[name].decode()
            for part in (attribute("git_revision"), attribute("date_created"),
                         hashlib.sha256(attribute("config").encode()).hexdigest()[:12]):
                self.assertIn(part, re.search('<meta name="generator" content="(.*?)">', text)[1])
                self.assertIn(part, re.search("<footer>(.*?)</footer>", text, re.S)[1])
        about = json.loads(re.search(r'id="about">(.*?)</script>', text, re.S)[1])
        self.assertEqual(about["axes"]["nu"], [1.0])
        target = self.folder / "page.png"
        browse(page, f"--screenshot={target}", "--window-size=1200,900", address="#tau_E=inf")
        with Image.open(target) as image:  # something is drawn in the newcomer's colour
            self.assertGreater(np.count_nonzero((np.asarray(image)[..., :3] == (0x00, 0x72, 0xb2)).all(axis=-1)), 500)

    def test_refusals(self):
        (self.folder / "law.yaml").write_text("name: law\nsweep: scaling_law\nsolver: deterministic\noutput: law.h5\n"
                                              "model: {gamma: 0.5, P: .inf}\ngrid: {N: {values: [1]}, alpha: {values: [1]}, "
                                              "Q: {values: [0.1]}, nu: {values: [1]}}\n")
        self.assertEqual(moat(self.folder, "run", "law.yaml", "-q")[0], 0)
        self.assertIn("its sweep is scaling_law", self.write(2, "law.h5")[1])
        before = (self.folder / "four.h5").read_bytes()
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(explore.main([str(self.folder / "four.h5"), "-o", str(self.folder / "four.h5")]), 2)
        self.assertIn("expected a page ending in .html", said.getvalue())
        self.assertEqual((self.folder / "four.h5").read_bytes(), before)
        self.assertIn("no such file", self.write(2, "absent.h5")[1])
        self.assertIn("nu has no value 3; it has 0.75, 1", self.write(2, "four.h5", "--slice", "nu=3")[1])
        with mock.patch.object(explore, "BYTES_MAX", 1000):
            self.assertIn("--slice AXIS=VALUE keeps one value of an axis", self.write(2, "four.h5")[1])


if __name__ == "__main__":
    unittest.main()
