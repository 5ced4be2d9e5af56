"""Build .venv from pyproject.toml and constraints.txt, or say in one sentence why it cannot be done.

    python tools/bootstrap.py lab        the course and JupyterLab
    python tools/bootstrap.py dev        everything that the tests need besides

1. Check the Python; stop here, content, when the stamp in .venv says that all this is installed.
2. Check the disk and Python's venv module.
3. Make the environment, install into it, and translate pip's complaint if there is one.
4. Leave the stamp.

Runs before anything is installed, so it needs the standard library only, and parses on Python 2,
so that an old interpreter is told what is missing in place of showing a syntax error.
"""

from __future__ import print_function

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDES = {"lab": ("lab", "dev"), "dev": ("dev",)}  # an extra is there when one of these is installed
GB_NEEDED = 4  # .venv with a CPU build of torch takes about 2 GB, pip's copies while installing the rest


class Stop(Exception):
    """The one sentence that the reader sees."""


def versions(root):
    """The lowest Python that is supported and the lowest that is not any more, as pairs of numbers."""
    with io.open(os.path.join(root, "pyproject.toml"), encoding="utf8") as file:
        found = re.search(r'requires-python = ">=(\d+)\.(\d+),<(\d+)\.(\d+)"', file.read())
    low, low_minor, high, high_minor = map(int, found.groups())
    return (low, low_minor), (high, high_minor)


def check_python(root, version=sys.version_info, executable=sys.executable):
    low, high = versions(root)
    if not low <= tuple(version[:2]) < high:
        raise Stop(
            "The course needs Python {}.{} to {}.{}, and {} is Python {}.{}: install one of these (python.org, "
            "or your system's packages) and name it, as in `make lab PYTHON=python{}.{}`.".format(
                low[0], low[1], high[0], high[1] - 1, executable, version[0], version[1], high[0], high[1] - 1
            )
        )


def check_venv_module():
    import importlib.util  # not there on Python 2, which never comes here

    for name in ("venv", "ensurepip"):
        if importlib.util.find_spec(name) is None:
            raise Stop(
                "This Python ({}) comes without its {} module: install it first (on Debian and Ubuntu "
                "`apt install python{}.{}-venv`).".format(sys.executable, name, *sys.version_info[:2])
            )


def check_disk(root, needed=GB_NEEDED):
    free = shutil.disk_usage(root).free / 1e9
    if free < needed:
        raise Stop(
            "The environment needs about {} GB of disk and {} has {:.1f} GB free: make room and run the "
            "same command again.".format(needed, root, free)
        )


def explain(complaint):
    """Pip's complaint, as one sentence; its own last lines where the cause is not known."""
    causes = (
        ("No space left on device", "The disk became full while installing: make room"),
        ("Permission denied", "A file of the environment may not be written: check who owns .venv"),
        (
            "Failed to establish|NewConnectionError|name resolution|ConnectionError|ReadTimeout|timed out"
            "|Could not find a version|No matching distribution|Network is unreachable|SSLError|HTTP error",
            "The packages could not be fetched: the first installation needs a network (and, behind a proxy, "
            "pip's settings for it), so connect",
        ),
    )
    for pattern, sentence in causes:
        if re.search(pattern, complaint):
            wanted = re.search(r"No matching distribution found for (\S+)", complaint)
            detail = " (pip stopped at {})".format(wanted.group(1)) if wanted else ""
            return sentence + " and run the same command again" + detail + "."
    last = [line for line in complaint.strip().splitlines() if line.strip()][-5:]
    return "pip could not install the course; its last words were:\n  " + "\n  ".join(last)


def fingerprint(root):
    """What an installed environment depends on: the two lists, and the place that its scripts name."""
    digest = hashlib.sha256(os.path.abspath(root).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(root, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def python_in(root):
    windows = os.name == "nt"
    return os.path.join(root, ".venv", "Scripts" if windows else "bin", "python.exe" if windows else "python")


def stamp(root, extra):
    return os.path.join(root, ".venv", "installed-" + extra)


def is_installed(root, extra):
    for name in INCLUDES[extra]:
        try:
            with io.open(stamp(root, name), encoding="utf8") as file:
                if file.read() == fingerprint(root) and os.path.exists(python_in(root)):
                    return True
        except OSError:
            continue
    return False


def works(root):
    """Whether .venv was made for this very place, and its Python starts, has pip and a supported version."""
    low, high = versions(root)
    question = "import sys, pip; print(sys.version_info[0], sys.version_info[1])"
    try:
        with open(os.path.join(root, ".venv", "pyvenv.cfg"), encoding="utf8") as file:
            command = re.search(r"^command = (.*)$", file.read(), re.MULTILINE)
        answer = subprocess.check_output([python_in(root), "-c", question], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return False
    moved = command and not command.group(1).strip().endswith(os.path.join(os.path.abspath(root), ".venv"))
    return not moved and low <= tuple(map(int, answer.split())) < high


def install(root, extra):
    if not works(root):
        check_venv_module()
        print("Making the environment .venv with {}".format(sys.executable), flush=True)
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", os.path.join(root, ".venv")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise Stop("The environment .venv could not be made: {}".format(made.stdout.strip().replace("\n", " ")))
    print("Installing the course with its tested versions: some minutes the first time", flush=True)
    command = [python_in(root), "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
               "--constraint", "constraints.txt", "--editable", ".[{}]".format(extra)]  # fmt: skip
    if not sys.stdout.isatty():
        command += ["--quiet", "--progress-bar", "off"]
    pip = subprocess.run(command, cwd=root, stderr=subprocess.PIPE, universal_newlines=True, check=False)
    if pip.returncode:
        raise Stop(explain(pip.stderr))
    with io.open(stamp(root, extra), "w", encoding="utf8") as file:
        file.write(fingerprint(root))


def main(arguments, root=ROOT):
    extra = arguments[0] if arguments else "lab"
    try:
        if extra not in INCLUDES:
            raise Stop("There is no environment {!r}: it is one of {}.".format(extra, ", ".join(sorted(INCLUDES))))
        check_python(root)
        if is_installed(root, extra):
            return 0
        check_disk(root)
        install(root, extra)
    except Stop as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted: run the same command again to go on.", file=sys.stderr)
        return 130
    except OSError as reason:
        print("The environment could not be made: {}.".format(reason), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
