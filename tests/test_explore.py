#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""analysis/explore.py in a browser: headless Chromium reads the pages as a reader would, and they show the files' numbers.

One browser visits every page; each test then looks at what it saw. AXE=PATH, the axe.min.js of npm's axe-core, also has every
page checked for accessibility.
"""

import contextlib
import csv
import hashlib
import html
import io
import itertools
import json
import math
import os
import re
import shutil
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from pathlib import Path
from unittest import mock

import h5py
import numpy as np
from PIL import Image

import pace
from market_file import write_file
from program import ROOT, solve, temporary_folder
from sealed import seal
from sweeps import TINY_RIDGE, law, market

sys.path.insert(0, str(ROOT / "analysis"))
import explore  # noqa: E402
import moatfile  # noqa: E402
import packing  # noqa: E402
import regions  # noqa: E402

WIDE = {"N_I": "{values: [2, 1e2, 1e4, 1e6, 1e9, .inf]}", "tau_E": "{values: [0.2, 0.5, 0.95, .inf]}",
        "Q": "{values: [0.1, 0.5, 1.0]}", "nu": "{values: [0.75, 1.0]}"}
SWEEPS = [*(market("rules & <rivals>", output=f"{name}.h5", tau_I=tau_I, tau_unit="L_star", **WIDE)
            for name, tau_I in {"four": 0.9, "five": "{values: [0.6, 0.9]}"}.items()),
          # At tau_E = tau_I a newcomer needs as much data as the incumbent; below, more or more than there are.
          market("line", N_I="{log: [10, 1e8], points: 15}", tau_E="{linear: [0.85, 1.05], points: 9}", Q="{values: [0.5]}", nu="{values: [0.75]}"),
          market("none", tau_I=2, N_I="{values: [.inf]}", tau_E="{linear: [0.3, 0.9], points: 4}", Q="{values: [0.1, 1]}", nu="{values: [1]}"),
          law("law", N="{log: [1, 1e8], points: 9}", alpha="{values: [0.75, 0.99, 1]}", Q="{values: [0.5]}", nu="{values: [1.0, 2.0]}"),
          TINY_RIDGE]

# Does what a reader would, and writes down what the page shows after each visit.
READER = """<script>
const faults = [], visits = %s, log = [];
addEventListener("error", (event) => faults.push(event.message));
console.error = console.warn = (...said) => faults.push(said.join(" "));
addEventListener("unhandledrejection", (event) => faults.push(String(event.reason)));
const pause = (time) => new Promise((resume) => setTimeout(resume, time));
const text = (selector) => document.querySelector(selector)?.textContent ?? "";
const texts = (selector, attribute) => Object.fromEntries([...document.querySelectorAll(selector)].map((item) => [item.id, item[attribute]]));
const box = (selector) => { const { top, bottom } = document.querySelector(selector).getBoundingClientRect(); return [top, bottom]; };
const point = (x, y, type) => document.getElementById("map").dispatchEvent(new MouseEvent(type, { bubbles: true, clientX: x, clientY: y }));
const pixel = (i, j) => {
  const frame = document.getElementById("map").getBoundingClientRect(), scale = frame.width / drawn.width;
  const x = Math.min(Math.max(drawn.x(axes[view.x][i]), LEFT + 1), drawn.width - RIGHT - 1);
  const y = Math.min(Math.max(drawn.y(axes[view.y][j]), TOP + 1), drawn.bottom - 1);
  return { x, y, at: [frame.left + x * scale, frame.top + y * scale] };
};
const regionAt = (i, j) => [...document.querySelectorAll("#map .area")].filter((area) => area.isPointInFill(pixel(i, j))).map((area) => area.dataset.region);
const steps = {
  address: async (to) => { location.hash = to; await pause(50); },
  slide: (to) => { for (const [axis, k] of Object.entries(to)) { const item = document.getElementById(`slide-${axis}`); item.value = k; item.dispatchEvent(new Event("input")); } },
  choose: (to) => { for (const [id, value] of Object.entries(to)) { const item = document.getElementById(id); item.value = value; item.dispatchEvent(new Event("change")); } },
  press: (ids) => { for (const id of ids) document.getElementById(id).click(); },
  click: ([i, j]) => point(...pixel(i, j).at, "click"),
  hover: ([i, j]) => point(...pixel(i, j).at, "pointermove"),
  key: (keys) => { for (const key of keys) document.getElementById("map").dispatchEvent(new KeyboardEvent("keydown", { key })); },
};
const read = async () => {
  while (!document.body.dataset.ready && !document.body.dataset.trouble && !faults.length) await pause(20);
  for (const visit of visits) {
    for (const [step, to] of Object.entries(visit)) await steps[step]?.(to);
    if (visit.rest) await pause(300);
    const pictures = [...document.querySelectorAll("#curve svg, #more svg")];
    log.push({ values: texts("data", "value"), shown: texts("data", "textContent"), places: texts("output", "textContent"),
               sentence: document.getElementById("sentence").innerHTML.replace(/&nbsp;/g, " "), aside: text("#aside"), regime: text("#flag-regime"), near: text("#near-regime"),
               notes: text("#notes"), controls: text("#controls"), compare: text("#compare"), readout: text("#map-readout"), trouble: text("#trouble"),
               address: location.hash, titles: pictures.map((item) => item.getAttribute("aria-label")),
               points: pictures.map((item) => (item.querySelector("path.newcomer")?.getAttribute("d").match(/[ML]/g) ?? []).length),
               bands: pictures.map((item) => [...item.querySelectorAll("rect.missing")].map((band) => ({ ...band.dataset }))),
               far: pictures.map((item) => item.querySelectorAll(".far").length), errors: pictures.map((item) => [...item.querySelectorAll(".error")].map((bar) => {
                 const [, low, high] = bar.getAttribute("d").match(/,([\\d.-]+)V([\\d.-]+)m/).map(Number), dot = bar.nextElementSibling;
                 return [high, Number(dot.getAttribute("cy")), low]; })),
               guides: pictures.map((item) => item.querySelectorAll("line.theory").length), width: innerWidth,
               wide: document.documentElement.scrollWidth > innerWidth, terms: [...document.querySelectorAll("dt")].map((item) => item.textContent),
               ...(visit.map && { regions: axes[view.x].map((_, i) => axes[view.y].map((_, j) => regionAt(i, j))), map: text("#map"),
                                  line: document.querySelector("#map .equal")?.getAttribute("d") ?? "", rows: axes[view.y].map(drawn.y),
                                  columns: axes[view.x].map(drawn.x) }),
               ...(visit.save && { csv: [mapCsv(), curveCsv()], svg: [mapSvg(), curveSvg()] }),
               ...(visit.scroll && { boxes: [...document.querySelectorAll("#controls input")].map((slider) => {
                 slider.scrollIntoView({ block: "start" }); return [box("#map"), box("#picture"), box(`#${slider.id}`), innerHeight]; }) }),
               ...(visit.axe && window.axe && { axe: (await axe.run()).violations.map((item) => `${item.id}: ${item.nodes.map((node) => node.html)}`) }) });
  }
};
read().catch((error) => faults.push(String(error))).finally(() => parent.postMessage(JSON.stringify({ faults, log }), "*"));
</script>"""

# A window of Chromium is never narrower than 500 pixels; a frame is as narrow as a telephone.
TELEPHONE = 390
FRAME = f"""<iframe style="width: {TELEPHONE}px; height: 844px; border: 0"></iframe><pre id="log"></pre>
<script>
const pages = %s, seen = {{}}, frame = document.querySelector("iframe");
const next = () => {{ if (pages.length) frame.src = pages[0]; else document.getElementById("log").textContent = JSON.stringify(seen); }};
addEventListener("message", (event) => {{ seen[pages.shift()] = JSON.parse(event.data); next(); }});
next();
</script>"""
OLD = "<script>delete window.DecompressionStream</script>"


def number(text):
    """The number a text of the page stands for."""
    text = text.replace("−", "-").replace("∞", "inf")
    power = re.fullmatch("(-?)(?:(.+) × )?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    if not power:
        return float(text)
    return float(f"{power[1]}{power[2] or 1}e{power[3].translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789'))}")


def spoken(amount):
    """A number of data points as the page's sentence says it: the number that it stands for."""
    amount, _, word = amount.partition(" ")
    scale = {"": 1, "million": 1e6, "billion": 1e9, "trillion": 1e12}
    return number(amount.replace(",", "")) * scale[word] if word in scale else number(f"{amount} {word}")


def browse(page, *arguments, address=""):
    """Standard output of headless Chromium on a page."""
    with tempfile.TemporaryDirectory(prefix="moat-") as profile:
        result = pace.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                           f"--user-data-dir={profile}", "--virtual-time-budget=200000", *arguments, page.as_uri() + address], 120)
    if result.returncode != 0:
        raise AssertionError(f"chromium: exit {result.returncode}\n{result.stderr.decode()}")
    return result.stdout.decode()


def write(folder, name, *arguments):
    """The page of a file of the folder: (exit code, its text, what the command says)."""
    target = folder / f"{Path(name).stem}.html"
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as said:
        code = explore.main([str(folder / name), "-o", str(target), *arguments])
    return code, target.read_text() if code == 0 else "", said.getvalue() + out.getvalue()


def axes_of(file):
    return [dimension[0].name.lstrip("/") for dimension in file["status"].dims]


def spectrum(path):
    """A file of a measured spectrum: no Q, nu, gamma and P."""
    axes = {"N_I": [1e2, 1e3, 1e4], "tau_E": [0.95, 2.0, math.inf]}
    values = np.array([[80, 50, 40], [600, 300, 200], [math.nan, 2000, 900]], dtype=float)
    status = np.where(np.isnan(values), moatfile.NO_ENTRY, moatfile.OK).astype(np.uint8)
    write_file(path, axes, {"N_E_star": (list(axes), values), "status": (list(axes), status)}, gamma=None, P=None, spectrum="words.h5")


def unfinish(path):
    """Makes a file one of an unfinished run: nothing is known of its last nu, not even what theory says there."""
    with h5py.File(path, "r+") as file:
        for name in explore.read(str(path)).variables:
            if "nu" in [dimension[0].name.lstrip("/") for dimension in file[name].dims]:
                file[name][..., -1] = 0 if name in moatfile.WORDS else math.nan
        file["elasticity_N_I"].attrs["theory_exponents"] = np.full(file["elasticity_N_I"].attrs["theory_exponents"].shape, math.inf)
        file.attrs["tau_I"] = math.nan
    seal(path)


def places(path, every=1):
    """The indices of every so many points of a file, axis -> index each."""
    with h5py.File(path) as file:
        return [dict(zip(axes_of(file), map(int, place))) for place in list(np.ndindex(file["status"].shape))[::every]]


PLOTTED = list(itertools.product(("N_I", "tau_E"), range(6), range(4)))


@unittest.skipUnless(shutil.which("chromium"), "no chromium; `make test` installs it")
class ExploreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = folder = temporary_folder(cls.addClassCleanup)
        for text in SWEEPS:
            solve(folder, text)
        spectrum(folder / "spectrum.h5")
        shutil.copy(folder / "four.h5", folder / "unfinished.h5")
        unfinish(folder / "unfinished.h5")
        shutil.copy(folder / "four.h5", folder / "thin.h5")
        cls.pages, cls.said = {}, {}
        for name in ("four", "five", "line", "none", "law", "ridge", "spectrum", "unfinished", "thin"):
            with mock.patch.object(packing, "BYTES_MAX", 5000 if name == "thin" else packing.BYTES_MAX):
                code, cls.pages[name], cls.said[name] = write(folder, f"{name}.h5")
            assert code == 0, cls.said[name]
        cls.pages["old"] = cls.pages["four"].replace("<script>", OLD + "<script>", 1)
        cls.pages["broken"] = cls.pages["four"].replace('id="data">', 'id="data">broken')
        cls.seen = cls.visit({
            "four": [{"axe": 1, "scroll": 1}, *({"slide": place} for place in places(folder / "four.h5", 3))],
            "five": [{"axe": 1}, *({"slide": place} for place in places(folder / "five.h5", 7))],
            "none": [{"axe": 1, "map": 1}, *({"slide": {axis: k for axis, k in place.items() if axis in ("tau_E", "Q")}} for place in places(folder / "none.h5"))],
            "law": [{"axe": 1, "map": 1, "save": 1}, *({"slide": {axis: k for axis, k in place.items() if axis != "Q"}} for place in places(folder / "law.h5"))],
            "ridge": [{"axe": 1}, *({"slide": {"N_I": i, "tau_E": j}} for i in range(3) for j in range(2))],
            "unfinished": [{"axe": 1}, *({"slide": place, "save": 1} for place in places(folder / "unfinished.h5", 13))],
            "spectrum": [{"axe": 1, "map": 1, "save": 1}, *({"slide": place} for place in places(folder / "spectrum.h5"))],
            "line": [{"map": 1, "save": 1, "axe": 1, "click": [12, 6], "rest": 1}, {"hover": [3, 8]}, {"key": ["ArrowLeft", "ArrowDown", "ArrowDown"]},
                     {"choose": {"map-x": "tau_E"}, "map": 1}, {"choose": {"map-quantity": "data"}, "map": 1}],
            "thin": [{"map": 1}],
            "four#addresses": [{"address": "N_I=1e6&tau_E=inf&Q=.5&nu=1"}, {"address": "N_I=8e5&nu=7"}, {"choose": {"along": "tau_E"}},
                               {"choose": {"along": "Q"}}, {"slide": {"N_I": 5}, "rest": 1}],
            "four#plots": [{"slide": {"N_I": i, "tau_E": j, "Q": 0, "nu": 1}, "choose": {"along": axis}} for axis, i, j in PLOTTED],
            "four#compare": [{"slide": {"N_I": 3, "tau_E": 2, "Q": 1, "nu": 0}, "press": ["keep"], "axe": 1}, {"slide": {"N_I": 4, "tau_E": 3}},
                             {"choose": {"map-x": "Q", "map-y": "N_I", "along": "tau_E", "map-quantity": "data"}, "rest": 1, "map": 1, "save": 1},
                             {"press": ["swap"]}, {"press": ["drop"]}],
            "old": [{}], "broken": [{}]})
        # The address that a view has left is opened afresh.
        cls.seen.update(cls.visit({f"four{cls.seen['four#compare']['log'][2]['address']}": [{"map": 1, "save": 1}]}))

    @classmethod
    def visit(cls, visits):
        """What the pages show, page -> {faults, log}. visits: page, with # and more to tell two visits of it apart -> its visits."""
        axe = f"<script>{Path(os.environ['AXE']).read_text()}</script>" if "AXE" in os.environ else ""
        names = {}
        for k, (name, its) in enumerate(visits.items()):
            page, _, view = name.partition("#")
            text = cls.pages[page].replace("<head>", "<head>" + axe, 1)
            (cls.folder / f"reader-{k}.html").write_text(text.replace("</body>", READER % json.dumps(its) + "</body>"))
            names[f"reader-{k}.html#{view if '=' in view else ''}"] = name
        (cls.folder / "frame.html").write_text(FRAME % json.dumps(list(names)))
        found = re.search(r'<pre id="log">(.+?)</pre>', browse(cls.folder / "frame.html", "--dump-dom"), re.S)
        assert found, "some page never was ready"
        return {names[page]: its for page, its in json.loads(html.unescape(found[1])).items()}

    def log(self, name):
        self.assertEqual(self.seen[name]["faults"], [], name)
        return self.seen[name]["log"]

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
        point = tuple(where[axis] for axis in axes_of(file))
        if "regime" in file:
            words = file["regime"].attrs["flag_meanings"]
            words = (words.decode() if isinstance(words, bytes) else words).split()
            self.assertEqual(seen["regime"], words[file["regime"][point]].replace("_", "-"))
        if "N_E_star" in file:
            self.check_sentence(file, seen["sentence"], point)

    def check_sentence(self, file, said, point):
        """That the sentence says what the file has at a point."""
        data, needed, status = (float(file[name][point[axes_of(file).index("N_I")]] if name == "N_I" else file[name][point])
                                for name in ("N_I", "N_E_star", "status"))
        phrase = {0: "<b>not computed yet</b>", 1: "can be beaten", 2: "<b>a single data point</b>", 3: "<b>no amount of data is enough</b>",
                  4: "<b>cannot meet its own rule</b>", 5: "<b>can never meet it</b>", 6: "<b>no answer</b>"}[int(status)]
        self.assertIn(phrase, said)
        if status == 1:
            found = re.search(r"with (unlimited data|([\d,]+) .*?| *(.+?) data points?)\b.* with <b>(.+?)</b>(.*)\.$", said, re.I)
            self.assertIsNotNone(found, said)
            amount = spoken(found[4])
            self.assertTrue(amount == math.ceil(needed * (1 - 1e-7)) or needed > 999_999 and math.isclose(amount, needed, rel_tol=6e-3), said)
            if math.isinf(data):
                self.assertEqual((found[1].lower(), found[5]), ("unlimited data", " data points"), said)
            elif abs(needed / data - 1) < 4e-4:
                self.assertEqual(found[5], ": as much data as it has")
            else:
                share = re.fullmatch(r": (?:(.+) % of its data|(.+) times its data|one part in (.+) of its data)", found[5])
                self.assertIsNotNone(share, said)
                ratio = number(share[1]) / 100 if share[1] else spoken(share[2]) if share[2] else 1 / spoken(share[3])
                self.assertTrue(math.isclose(ratio, needed / data, rel_tol=0.05), said)
                self.assertEqual("but only" in said, needed / data > 1, said)

    def test_page_shows_the_file_wherever_the_sliders_stand(self):
        for name, every, statuses in (("four", 3, {1, 3, 4, 5}), ("five", 7, {1, 3, 4, 5}), ("none", 1, {3}), ("law", 1, {1}), ("spectrum", 1, {1, 3})):
            found = set()
            with h5py.File(self.folder / f"{name}.h5") as file:
                for seen, place in zip(self.log(name)[1:], places(self.folder / f"{name}.h5", every), strict=True):
                    self.check(file, seen, place)
                    found.add(int(file["status"][tuple(place.values())]))
                    self.assertEqual(seen["width"], TELEPHONE)
                    self.assertFalse(seen["wide"], "the page is wider than a telephone")
            self.assertLessEqual(statuses, found, name)

    def test_sentences(self):
        seen = self.log("four#addresses")[0]
        self.assertEqual(re.sub("<b>.*", "", seen["sentence"]), "With 1 million data points and a rule of 0.9 L*, the incumbent can be beaten with ")
        self.assertEqual(seen["aside"], "No rule binds the newcomer.")
        self.assertIn("incumbent's safety threshold τI0.9 L*", seen["controls"])
        self.assertIn("a rule of 0.6 L*", self.log("five")[1]["sentence"])
        loss = self.log("law")[-1]
        self.assertRegex(loss["sentence"], r"Trained on 100 million data points, all of them labelled for performance, a model has a performance loss of <b>")
        self.assertEqual(loss["aside"], "With unlimited data and the best ridge level, none of that would remain.")
        with h5py.File(self.folder / "law.h5") as file:
            self.assertTrue(math.isclose(number(re.search("<b>(.*)</b>", loss["sentence"])[1]), file["loss"][-1, -1, 0, -1], rel_tol=6e-3))
            remains = file["loss"][0, 0, 0, 0] - file["excess_loss"][0, 0, 0, 0]
            self.assertTrue(math.isclose(number(re.search("level, (.*) of", self.log("law")[1]["aside"])[1]), remains, rel_tol=6e-3))

    def test_map_shows_each_cell_in_its_region(self):
        with h5py.File(self.folder / "line.h5") as file:
            ratio = file["N_E_star"][:, :, 0, 0] / file["N_I"][...][:, None]
            status, rules, needed = file["status"][:, :, 0, 0], file["tau_E"][...], file["N_E_star"][:, :, 0, 0]
        shares = [region for _, region in reversed(regions.SHARES)]
        name = lambda i, j: f"share-{shares.index(regions.share(ratio[i, j]))}" if status[i, j] in (1, 2) else moatfile.STATUSES[status[i, j]]
        expected = [[[name(i, j)] for j in range(9)] for i in range(15)]
        self.assertGreater(len({cell[0] for row in expected for cell in row}), 5)
        across, _, _, turned, data = self.log("line")
        self.assertEqual(across["regions"], expected)
        self.assertEqual(turned["regions"], [list(row) for row in zip(*expected)])
        self.assertIn("no entry", across["map"])
        self.assertIn("less data", across["map"])
        # The other quantity has steps that rise with it.
        order = [(needed[i, j], int(data["regions"][j][i][0].removeprefix("step-"))) for i in range(15) for j in range(9) if status[i, j] in (1, 2)]
        self.assertTrue(all(low[1] <= high[1] for low, high in itertools.pairwise(sorted(order))))
        # The line N_E* = N_I: where the rule is the incumbent's, as long as a looser one needs less.
        row = across["rows"][list(rules).index(0.9)]
        points = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[ML]([\d.,]+)", across["line"])]
        less = [i for i in range(15) if ratio[i, list(rules).index(0.9) + 1] < 1 - 1e-3]
        for i in less[1:]:
            near = [y for x, y in points if abs(x - across["columns"][i]) < 1]
            self.assertTrue(near and min(abs(y - row) for y in near) < 1, f"no line at column {i}")
        self.assertIn("NE* = NI", across["map"])

    def test_map_takes_clicks_and_keys(self):
        clicked, hovered, keyed, *_ = self.log("line")
        with h5py.File(self.folder / "line.h5") as file:
            for seen, i, j in ((clicked, 12, 6), (keyed, 11, 4)):
                self.check(file, seen, {"N_I": i, "tau_E": j, "Q": 0, "nu": 0})
            self.assertEqual(float(re.search("N_I=([^&]+)", clicked["address"])[1]), file["N_I"][12])
            self.assertIn(f"N_E* = {file['N_E_star'][3, 8, 0, 0]:.4g}".replace("N_E", "NE"), hovered["readout"])
        self.assertEqual(hovered["sentence"], clicked["sentence"])

    def test_two_settings_and_the_link_to_them(self):
        kept, moved, shown, swapped, dropped = self.log("four#compare")
        with h5py.File(self.folder / "four.h5") as file:
            a, b = file["N_E_star"][3, 2, 1, 0], file["N_E_star"][4, 3, 1, 0]
            self.check(file, moved, {"N_I": 4, "tau_E": 3, "Q": 1, "nu": 0})
            self.check(file, swapped, {"N_I": 3, "tau_E": 2, "Q": 1, "nu": 0})
        said = lambda one, other: (f"{other / one:.3g} times the data of A" if other > one else f"less data by a factor of {one / other:.3g} than in A")
        self.assertIn("In A and B a newcomer needs the same data.", kept["compare"])
        self.assertIn(said(a, b), moved["compare"])
        self.assertIn(said(b, a), swapped["compare"])
        for text in ("10⁶", "10⁹", "0.95 L*"):
            self.assertIn(text, moved["compare"])
        self.assertNotIn("Q0.5", moved["compare"])  # the same in both
        again = self.log(f"four{shown['address']}")[0]
        self.assertEqual({**again, "address": ""}, {**shown, "address": ""})
        self.assertIn("A.N_I=1000000", shown["address"])
        self.assertNotIn("A.", dropped["address"] if "rest" in dropped else "")

    def test_saved_tables_and_pictures(self):
        for name, seen in (("line", self.log("line")[0]), ("four", self.log("four#compare")[2]), ("law", self.log("law")[0]),
                           ("spectrum", self.log("spectrum")[0]), ("unfinished", self.log("unfinished")[1])):
            with h5py.File(self.folder / f"{name}.h5") as file:
                for text in seen["csv"]:
                    rows = list(csv.DictReader(io.StringIO(text)))
                    self.assertGreater(len(rows), 1)
                    for row in rows:
                        axes = axes_of(file)
                        point = {axis: int(np.flatnonzero(file[axis][...] == float(row[axis]))[0]) for axis in axes}
                        self.assertEqual(row["status"], moatfile.STATUSES[file["status"][tuple(point.values())]])
                        for column in [column for column in row if column in file and column not in (*axes, *moatfile.WORDS)]:
                            stored = file[column][tuple(point[dimension[0].name.lstrip("/")] for dimension in file[column].dims)]
                            self.assertTrue(np.array_equal(np.float32(row[column] or "nan"), np.float32(stored), equal_nan=True), (name, column, row))
            for picture in map(xml.fromstring, seen["svg"]):
                said = "".join(picture.itertext())
                self.assertNotIn("var(", said)
                self.assertIn(re.sub("<.*?>", "", seen["sentence"]).split()[0], said)
                self.assertIn(f"{name}.h5", said)

    def test_curves_and_addresses(self):
        log = self.log("four#addresses")
        with h5py.File(self.folder / "four.h5") as file:
            self.check(file, log[0], {"N_I": 3, "tau_E": 3, "Q": 1, "nu": 1})
            self.assertEqual(log[1]["places"], {"at-N_I": "10⁶", "at-tau_E": "∞, no rule", "at-Q": "0.5", "at-nu": "1"})
            self.assertTrue(log[4]["address"].startswith("#N_I=Infinity&tau_E=Infinity&Q=0.5&nu=1&along=Q&"), log[4]["address"])
            threshold = file["N_E_star"][...]
        finite = lambda curve: int(np.isfinite(curve).sum())
        self.assertEqual([seen["points"][0] for seen in log],
                         [finite(threshold[:5, 3, 1, 1])] * 2 + [finite(threshold[3, :3, 1, 1]), finite(threshold[3, 3, :, 1]),
                                                                 finite(threshold[5, 3, :, 1])])
        self.assertEqual(log[2]["titles"][:2], ["market entry threshold N_E* along τ_E", "d ln N_E* / d ln τ_E along τ_E"])

    def test_plots_show_what_has_no_threshold_and_what_is_infinite(self):
        with h5py.File(self.folder / "four.h5") as file:
            status, threshold = file["status"][:, :, 0, 1], file["N_E_star"][:, :, 0, 1]
            slopes = file["elasticity_N_I"][:, :, 0, 1]
            regime = file["regime"][:, :, 0, 1]
            exponents = {name: file[name].attrs["theory_exponents"].reshape(-1, 4)[1, :3].tolist()
                         for name in ("elasticity_N_I", "exponent_D")}
        kinds = set()
        for seen, (axis, i, j) in zip(self.log("four#plots"), PLOTTED, strict=True):
            line = status[:, j] if axis == "N_I" else status[i]
            expected, first = [], 0
            for word, run in itertools.groupby(line):
                last = first + len(list(run)) - 1
                if word not in (1, 2):
                    expected.append({"status": explore.WORDS["status"][word], "points": f"{first} {last}"})
                    kinds.add(int(word))
                first = last + 1
            self.assertEqual(seen["bands"], [expected, expected, []])
            self.assertEqual(seen["far"][0], int(np.isfinite((threshold[:, j] if axis == "N_I" else threshold[i])[-1])))
            drawn = slopes[:, j][np.isfinite(slopes[:, j])]
            if axis == "tau_E":
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

    def test_numbers_from_data_have_error_bars(self):
        with h5py.File(self.folder / "ridge.h5") as file:
            errors, sure = file["N_E_star_stderr"][:, :, 0, 0], file["N_E_star"][:, :, 0, 0]
            for seen, (i, j) in zip(self.log("ridge")[1:], np.ndindex(3, 2), strict=True):
                self.check(file, seen, {"N_I": i, "tau_E": j, "Q": 0, "nu": 0})
                known = np.isfinite(sure[:, j]) & (errors[:, j] > 0)
                self.assertEqual(len(seen["errors"][0]), int(known.sum()))
                # The bars' lengths are to each other as the errors are: the scale is linear here.
                lengths = np.array([[middle - top, bottom - middle] for top, middle, bottom in seen["errors"][0]])
                if known.any():
                    unit = lengths[:, 1].max() / errors[known, j].max()
                    np.testing.assert_allclose(lengths, np.outer(errors[known, j] * unit, [1, 1]), atol=0.3)
                self.assertEqual("give or take" in seen["aside"], bool(np.isfinite(sure[i, j]) and errors[i, j] > 0), (i, j, seen["aside"]))
        self.assertTrue(np.isfinite(sure).any() and np.isnan(sure).any())

    def test_files_of_any_kind(self):
        """Unfinished, without a single threshold, too large, and of a spectrum without Q and nu."""
        with h5py.File(self.folder / "unfinished.h5") as file:
            for seen, place in zip(self.log("unfinished")[1:], places(self.folder / "unfinished.h5", 13), strict=True):
                self.check(file, seen, place)
                self.assertEqual("not computed yet" in seen["sentence"], place["nu"] == 1)
        self.assertIn("Unfinished: 72 of 144 markets were computed", self.said["unfinished"])
        self.assertIn("Unfinished: 72 of 144 markets were computed", self.log("unfinished")[0]["notes"])
        self.assertNotRegex(re.search(r'id="about">(.*?)</script>', self.pages["unfinished"], re.S)[1], r"[:,\[](NaN|-?Infinity)")
        self.assertEqual({cell[0] for row in self.log("none")[0]["regions"] for cell in row}, {"no_entry"})
        self.assertIn("no entry", self.log("none")[0]["map"])
        found = self.log("spectrum")[0]
        self.assertEqual([found["regions"][2][0], list(found["places"])], [["no_entry"], ["at-N_I", "at-tau_E"]])
        self.assertIn("measured spectrum: words.h5", self.pages["spectrum"])
        self.assertFalse(any(term.startswith(("Q,", "ν,")) for term in found["terms"]), found["terms"])
        self.assertTrue(any(term.startswith("Q,") for term in self.log("four")[0]["terms"]))
        thinned = self.log("thin")[0]
        self.assertIn("Thinned: this page has 4 of the file's 6 values of N_I.", self.said["thin"])
        self.assertIn("Thinned: this page has 4 of the file's 6 values of NI.", thinned["notes"])
        about = json.loads(re.search(r'id="about">(.*?)</script>', self.pages["thin"], re.S)[1])
        self.assertEqual([about["axes"]["N_I"], about["axes"]["Q"]], [[2, 1e4, 1e9, "inf"], [0.1, 0.5, 1.0]])
        with h5py.File(self.folder / "four.h5") as file:
            place = [int(np.flatnonzero(file[axis][...] == number(thinned["places"][f"at-{axis}"].split()[0].rstrip(",")))[0]) for axis in axes_of(file)
                     if axis != "N_I"]
            item = [k for k in (0, 2, 4, 5) if math.isclose(file["N_E_star"][(k, *place)], float(thinned["values"]["N_E_star"]), rel_tol=1e-7)]
            self.assertEqual(len(item), 1)

    def test_telephone_shows_the_picture_while_a_slider_moves(self):
        boxes = self.log("four")[0]["boxes"]
        self.assertEqual(len(boxes), 4)
        for (top, bottom), (_, end), slider, height in boxes:
            self.assertGreaterEqual(top, -1)
            self.assertLessEqual(bottom, height)
            self.assertGreaterEqual(slider[0], end)
            self.assertLessEqual(slider[1], height)

    def test_what_goes_wrong_is_told(self):
        self.assertIn("It needs a browser of 2023 or later", self.seen["old"]["log"][0]["trouble"])
        self.assertIn("The page has stopped: ", self.seen["broken"]["log"][0]["trouble"])
        self.assertEqual(self.log("four")[0]["trouble"], "")
        self.assertRegex(self.pages["four"], r"<noscript><p[^>]*>This page needs JavaScript")

    @unittest.skipUnless("AXE" in os.environ, "AXE names no axe.min.js")
    def test_accessible(self):
        for name, its in self.seen.items():
            for seen in its["log"]:
                self.assertEqual(seen.get("axe", []), [], name)
        self.assertIn("axe", self.log("four")[0])

    def test_page_needs_no_network_and_says_where_it_comes_from(self):
        code, text, _ = write(self.folder, "four.h5", "--slice", "nu=1")
        self.assertEqual(code, 0)
        self.assertEqual(set(re.findall(r"\w+://[^\"' ]*", text)), {"http://www.w3.org/2000/svg"})
        self.assertNotRegex(text, r"<(link|img|iframe|script)[^>]*\b(src|href)=|@import|url\((?!#)")
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
        browse(self.folder / "four.html", f"--screenshot={target}", "--window-size=1200,1300", address="#tau_E=inf")
        with Image.open(target) as image:  # something is drawn in the newcomer's colour, and in the map's
            for colour in ((0x00, 0x72, 0xb2), tuple(bytes.fromhex(dict(regions.SHARES)[1e-6].colour[1:]))):
                self.assertGreater(np.count_nonzero((np.asarray(image)[..., :3] == colour).all(axis=-1)), 500)

    def test_refusals(self):
        before = (self.folder / "four.h5").read_bytes()
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(explore.main([str(self.folder / "four.h5"), "-o", str(self.folder / "four.h5")]), 2)
        self.assertIn("expected a page ending in .html", said.getvalue())
        self.assertEqual((self.folder / "four.h5").read_bytes(), before)
        for name, options, message in (("absent.h5", (), "no such file"), ("four.h5", ("--slice", "nu=3"), "nu has no value 3; it has 0.75, 1")):
            code, _, told = write(self.folder, name, *options)
            self.assertEqual(code, 2)
            self.assertIn(message, told)
        with mock.patch.object(packing, "BYTES_MAX", 100):
            code, _, told = write(self.folder, "four.h5")
        self.assertEqual(code, 2)
        self.assertIn("--slice AXIS=VALUE keeps one value of an axis", told)


if __name__ == "__main__":
    unittest.main()
