# SPDX-License-Identifier: GPL-3.0-or-later
"""`moat draw`, `export`, `explore` and `summary`: runs the script of a command, or of a kind of figure, with the words that
follow. The program moat calls this folder (`python3 FOLDER COMMAND ...`), and `python -m moat COMMAND ...` does too."""

import ast
import difflib
import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
COMMANDS = ("draw", "export", "explore", "summary")
PACKAGES = {"cycler": "python3-cycler", "dateutil": "python3-dateutil", "h5netcdf": "python3-h5netcdf", "h5py": "python3-h5py",
            "matplotlib": "python3-matplotlib", "numpy": "python3-numpy", "pandas": "python3-pandas", "PIL": "python3-pil",
            "scipy": "python3-scipy", "xarray": "python3-xarray"}  # module -> Debian's package
USAGE = 2  # exit code: nothing was done


def kinds():
    """kind -> what it draws, for every script that can be run and whose description begins with Draws."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        said = ast.get_docstring(ast.parse(text)) if text.startswith("#!") else None
        if said and said.startswith("Draws "):
            found[path.stem.replace("_", "-")] = said.split("\n")[0]
    return found


def usage():
    """What `moat draw` says of itself."""
    every = kinds()
    width = max(map(len, every))
    return "\n".join(("usage: moat draw KIND FILE -o FIG [OPTION ...]", "", "KIND is one of", "",
                      *(f"  {kind:{width}}  {said}" for kind, said in every.items()), "",
                      "`moat draw KIND --help` has the options of each."))


def refuse(text):
    """Prints why nothing is done; returns the exit code."""
    print(f"moat: {text}", file=sys.stderr)
    return USAGE


def call(command, script, words):
    """Runs a script as if it were called by its name; returns the exit code, or ends as the script does. command: what was typed, by
    which messages call it."""
    sys.argv = [str(FOLDER / f"{script}.py"), *words]
    if str(FOLDER) not in sys.path[:1]:
        sys.path.insert(0, str(FOLDER))  # the scripts import each other by their plain names
    import output  # by its plain name, as the scripts import it

    output.typed = command
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except ModuleNotFoundError as error:
        name = (error.name or "?").split(".")[0]
        get = f"Debian's package {PACKAGES[name]} has it" if name in PACKAGES else f"`pip install {name}` may get it"
        return refuse(f"{sys.executable or 'Python'} has no module {name}, which {script}.py needs: {get}; MOAT_PYTHON names "
                      "another Python")
    return 0


def main(words):
    """Runs the command line; returns the exit code."""
    command, rest = (words[0], words[1:]) if words else ("", [])
    if command not in COMMANDS:
        return refuse(f"found command `{command}`, expected {', '.join(COMMANDS[:-1])} or {COMMANDS[-1]}")
    if command != "draw":
        return call(f"moat {command}", command, rest)
    if not rest:
        print(usage(), file=sys.stderr)
        return USAGE
    if rest[0] in ("-h", "--help"):
        print(usage())
        return 0
    every, kind = kinds(), rest[0].removesuffix(".py").replace("_", "-")
    if kind not in every:
        near = difflib.get_close_matches(kind, every, 1)
        return refuse(f"found kind of figure `{rest[0]}`, expected {', '.join(every)}"
                      + (f": did you mean `moat draw {near[0]}`?" if near else ": `moat draw` describes them"))
    return call(f"moat draw {kind}", kind.replace("-", "_"), rest[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
