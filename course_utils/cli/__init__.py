"""The command `course`: start, lab, progress, models, doctor.

`start`, `lab`, `progress`, `doctor` are a subcommand each, a function that takes what the command line says and returns
the lines to print; `checkout` finds the course's folder. Nothing heavy is imported before it is needed: `course start`
takes as long as Python takes to start. A `Stop` is the one sentence that the reader sees in place of a traceback.
"""

import argparse
import sys

from course_utils import __version__
from course_utils.cli.checkout import Stop


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    known, rest = parser.parse_known_args(arguments)
    if rest and known.command != "lab":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal with an old encoding shows ? in place of failing
            stream.reconfigure(errors="replace")
    try:
        return known.run(known, rest)
    except Stop as reason:
        print(reason, file=sys.stderr)
        return 1
    except BrokenPipeError:  # `course progress | head`
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("course", description="The course on mechanistic interpretability.")
    parser.add_argument("--version", action="version", version=f"course {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("start", help="copy the exercises that you do not have yet into my/")
    command.add_argument("lessons", nargs="*", metavar="LESSON", help="for example 01; without it, all")
    command.set_defaults(run=_start)

    command = commands.add_parser("lab", help="the same for all, then open JupyterLab at the course")
    command.set_defaults(run=_lab)

    command = commands.add_parser("progress", help="what you have passed, and how well you predict")
    command.set_defaults(run=_progress)

    command = commands.add_parser(
        "models", help="the bundled models: how they were trained, what they were measured to do"
    )
    command.set_defaults(run=_models)

    command = commands.add_parser("doctor", help="can this machine run the course, and what to do if not")
    command.set_defaults(run=_doctor)
    return parser


def _start(known: argparse.Namespace, rest: list[str]) -> int:
    from course_utils.cli.checkout import root
    from course_utils.cli.start import start

    print("\n".join(start(root(), known.lessons)))
    return 0


def _lab(known: argparse.Namespace, rest: list[str]) -> int:
    from course_utils.cli.checkout import root
    from course_utils.cli.lab import lab

    return lab(root(), rest)


def _progress(known: argparse.Namespace, rest: list[str]) -> int:
    from course_utils.cli.progress import progress

    print("\n".join(progress()))
    return 0


def _models(known: argparse.Namespace, rest: list[str]) -> int:
    from course_utils.zoo.table import report

    print(report())
    return 0


def _doctor(known: argparse.Namespace, rest: list[str]) -> int:
    from course_utils.cli.doctor import diagnose, shown

    findings = diagnose()
    print("\n".join(shown(findings)))
    return int(any(finding.state == "broken" for finding in findings))
