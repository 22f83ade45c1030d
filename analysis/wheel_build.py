# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the wheel of the package moat from this folder, for pip (PEP 517, PEP 660).

setuptools would have to be fetched, and leaves its own folders beside the sources, which may be read-only. The wheel is a zip
file of the folder's modules and of the parts of the page, as they are; the package is the folder under another name.
"""

import base64
import hashlib
import re
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NAME = "moat-market"  # `moat` is another project's on PyPI, for which pip would take this one
ABOUT = """Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: Market entry thresholds of model providers: reads, draws and runs the sweeps of moat
License: GPL-3.0-or-later
Requires-Python: >=3.10
{requires}
"""
REQUIRES = ("h5netcdf", "h5py", "matplotlib", "numpy", "scipy", "xarray")
WHEEL = "Wheel-Version: 1.0\nGenerator: moat\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# An editable install: a package of one file, which stands for the folder.
EDITABLE = """__path__ = [{folder!r}]
__file__ = {file!r}
exec(compile(open(__file__, encoding="utf-8").read(), __file__, "exec"))
"""


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel into that folder; returns its name."""
    paths = [*FOLDER.glob("*.py"), *(FOLDER / "explore").iterdir()]
    return _write(wheel_directory, {f"moat/{path.relative_to(FOLDER)}": path.read_bytes() for path in sorted(paths)
                                    if path.is_file() and path.name != Path(__file__).name})


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes a wheel that leads to this folder; returns its name."""
    text = EDITABLE.format(folder=str(FOLDER), file=str(FOLDER / "__init__.py"))
    return _write(wheel_directory, {"moat/__init__.py": text.encode()})


def _write(folder, files):
    version = re.search(r'^__version__ = "(.*?)"', (FOLDER / "__init__.py").read_text(encoding="utf-8"), re.M)[1]
    stem = f"{NAME.replace('-', '_')}-{version}"
    requires = "\n".join(f"Requires-Dist: {name}" for name in REQUIRES)
    files = {**files, f"{stem}.dist-info/METADATA": ABOUT.format(name=NAME, version=version, requires=requires).encode(),
             f"{stem}.dist-info/WHEEL": WHEEL.encode()}
    lines = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items()]
    files[f"{stem}.dist-info/RECORD"] = "".join([*lines, f"{stem}.dist-info/RECORD,,\n"]).encode()
    name = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, data in files.items():
            wheel.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)  # dated 1980, so that it is the same every time
    return name


def _digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
