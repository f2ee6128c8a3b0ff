# SPDX-License-Identifier: Apache-2.0
"""CMake is the only build definition; setuptools drives it."""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "build_backend"))
from environment import find_torch, jobs, torch_requirement, torch_version  # noqa: E402

CUDA = {"": "AUTO", "1": "ON", "0": "OFF"}


def as_list(text):
    return ";".join(text.replace(",", " ").replace(";", " ").split())


class Build(build):
    def run(self):
        shutil.rmtree(self.build_lib, ignore_errors=True)  # a file deleted since would still be packed
        super().run()


class CMakeBuild(build_ext):
    def run(self):
        torch = find_torch()
        if torch is None:
            raise SystemExit("smoothact: no torch to build against; install one or set SMOOTHACT_TORCH")
        target = Path(self.get_ext_fullpath("smoothact._C")).resolve().parent
        tag = f"{sys.implementation.cache_tag}-torch{torch_version(torch)}-{sysconfig.get_platform()}"
        folder = Path(os.environ.get("SMOOTHACT_BUILD_DIR") or ROOT / "build" / tag).resolve()
        cuda = os.environ.get("SMOOTHACT_CUDA", "").upper()
        options = {
            "CMAKE_INSTALL_PREFIX": target,
            "Python_EXECUTABLE": sys.executable,
            "SMOOTHACT_CUDA": CUDA.get(cuda, cuda),
            "SMOOTHACT_RELEASE": os.environ.get("SMOOTHACT_RELEASE", "OFF"),
            "SMOOTHACT_TORCH": torch,
        }
        if isas := os.environ.get("SMOOTHACT_ISAS"):
            options["SMOOTHACT_ISAS"] = as_list(isas)
        options["SMOOTHACT_ONLY"] = as_list(os.environ.get("SMOOTHACT_ONLY", ""))
        if tests := os.environ.get("SMOOTHACT_TESTS"):
            options["SMOOTHACT_TESTS"] = tests
        generator = []
        if ninja := shutil.which("ninja"):
            generator = ["-G", "Ninja"]
            options["CMAKE_MAKE_PROGRAM"] = ninja  # an isolated build's own ninja is gone the next time
        defines = [f"-D{key}={value}" for key, value in options.items()]
        further = shlex.split(os.environ.get("CMAKE_ARGS", ""))
        self.cmake("-S", ROOT, "-B", folder, *generator, *defines, *further)
        self.cmake("--build", folder, "--parallel", jobs())
        self.cmake("--install", folder, "--strip")

    @staticmethod
    def cmake(*args):
        subprocess.run(["cmake", *map(str, args)], check=True)


setup(
    ext_modules=[Extension("smoothact._C", sources=[])],
    cmdclass={"build": Build, "build_ext": CMakeBuild},
    install_requires=[torch_requirement()],
)
