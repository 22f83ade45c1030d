# SPDX-License-Identifier: GPL-3.0-or-later
"""The build as on a cluster: no root, no packages of Debian's, libraries under a prefix of their own, named in config.mk.

In a mount namespace the libraries are moved from /usr to the prefix, and dpkg, apt-get and sudo are removed; a user with
no rights then builds, runs and installs moat from a copy of the source. Needs root, to make that namespace.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from program import ProgramTest, ROOT, differing, read

# Packages whose files move; MPI, BLAS and LAPACK stay, as a cluster's modules would have them in the compiler's paths.
MOVED = "libhdf5* libscalapack* libgsl* libyaml-* librandom123* libcunit1*"
SETUP = r"""
set -e
mkdir "$SCRATCH/over" && mount -t tmpfs none "$SCRATCH/over" && mkdir "$SCRATCH/over/up" "$SCRATCH/over/work"
dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package}\n' $MOVED | sed -n 's/^ii *//p' | xargs dpkg -L | sort -u >"$SCRATCH/files"
mount -t overlay overlay -o "lowerdir=/usr,upperdir=$SCRATCH/over/up,workdir=$SCRATCH/over/work" /usr || exit 77
while read -r file; do
    case $file in /lib/*) file=/usr$file ;; esac
    case $file in /usr/include/* | /usr/lib/*) [ -d "$file" ] && [ ! -L "$file" ] || { [ -e "$file" ] || [ -L "$file" ]; } && echo "$file" ;; esac
done <"$SCRATCH/files" >"$SCRATCH/moved"
while read -r file; do
    [ -d "$file" ] && [ ! -L "$file" ] && continue
    mkdir -p "$PREFIX/$(dirname "$file")" && cp -a "$file" "$PREFIX$file" && rm "$file"
done <"$SCRATCH/moved"
rm -f /usr/bin/sudo /usr/bin/apt-get /usr/bin/dpkg-query
chown -R nobody "$SOURCE"
exec setpriv --reuid=nobody --clear-groups env HOME="$SOURCE" sh -c "$WORK"
"""


class ClusterBuildTest(ProgramTest):
    def config(self, *left_out):
        """A config.mk for the prefix, without the variables left out."""
        lib = f"{self.prefix}/usr/lib/{os.uname().machine}-linux-gnu"
        include = f"{self.prefix}/usr/include"
        lines = {"HDF5_CFLAGS": f"-I{include}/hdf5/openmpi", "HDF5_LIBS": f"-L{lib}/hdf5/openmpi -lhdf5_hl -lhdf5",
                 "SCALAPACK": f"-L{lib} -lscalapack-openmpi", "GSL_CFLAGS": f"-I{include}", "GSL_LIBS": f"-L{lib} -lgsl",
                 "YAML_CFLAGS": f"-I{include}", "YAML_LIBS": f"-L{lib} -lyaml",
                 "CUNIT_CFLAGS": f"-I{include}", "CUNIT_LIBS": f"-L{lib} -lcunit", "RANDOM123_CFLAGS": f"-I{include}",
                 "CFLAGS": "-DNAMED_IN_CONFIG_MK", "LDFLAGS": f"-L{lib} -Wl,--disable-new-dtags,-rpath,{lib}"}
        (self.source / "config.mk").write_text("".join(f"{name} = {value}\n" for name, value in lines.items() if name not in left_out))

    def elsewhere(self, work):
        """Runs shell commands as that user, in the source's copy: the finished process."""
        with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch:
            variables = {"SCRATCH": scratch, "SOURCE": str(self.source), "PREFIX": str(self.prefix), "MOVED": MOVED,
                         "WORK": f"cd '{self.source}' && {work}", "PATH": os.environ["PATH"]}
            return subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", SETUP], env=variables,
                                  capture_output=True, text=True)

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
            self.skipTest("no root, or no mount namespaces")
        self.folder.chmod(0o755)
        self.source, self.prefix = self.folder / "source", self.folder / "sw"
        for name in ("Makefile", "LICENSE", "README.md"):
            self.source.mkdir(exist_ok=True)
            shutil.copy2(ROOT / name, self.source)
        for name in ("src", "include", "jobs", "tests", "analysis", ".github"):
            shutil.copytree(ROOT / name, self.source / name)

    def test_build_run_install(self):
        self.config("GSL_CFLAGS", "GSL_LIBS")
        done = self.elsewhere("make deps")
        if done.returncode == 77:
            self.skipTest(f"no overlay file system: {done.stderr}")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("set GSL_CFLAGS and GSL_LIBS in config.mk", done.stderr)
        self.assertIn("moat: 1 missing", done.stderr)
        self.config()
        done = self.elsewhere("make -s deps && make -s -j2 all build/tests/test_grid && build/tests/test_grid && cat build/flags && "
                              "build/moat run jobs/quickstart.yaml -q -n 3 -o there.h5 && ldd build/moat && "
                              "make -s install PREFIX=$HOME/opt && opt/bin/moat --version")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("-DNAMED_IN_CONFIG_MK", done.stdout)
        for library in ("hdf5_openmpi", "scalapack-openmpi", "gsl", "yaml-0"):
            path, = re.findall(rf"\tlib{library}\.so\S* => (\S+)", done.stdout)
            self.assertTrue(path.startswith(f"{self.prefix}/"), path)
        self.run_moat(0, "run", ROOT / "jobs" / "quickstart.yaml", "-o", "here.h5")
        self.assertEqual(differing(read(self.source / "there.h5"), read(self.folder / "here.h5")), [])


if __name__ == "__main__":
    unittest.main()
