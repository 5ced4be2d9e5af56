"""A to-do list for the command line, kept in a JSON file.

usage: tasks add "Water the plants" --due 2024-05-01 --tag home
       tasks list --tag home
       tasks done 3
"""
import argparse
import json
import sys
import tempfile
from datetime import datetime
from pathlib import Path

DATE = "%Y-%m-%d"


class Store:
    """All tasks in one file; `with Store(path) as tasks:` writes it back unless something went wrong."""

    def __init__(self, path):
        self.path = Path(path)
        self.tasks = []

    def __enter__(self):
        if self.path.exists():
            self.tasks = json.loads(self.path.read_text(encoding="utf-8"))
        return self.tasks

    def __exit__(self, kind, value, trace):
        if kind is None:
            text = json.dumps(self.tasks, indent=2, ensure_ascii=False)
            self.path.write_text(text + "\n", encoding="utf-8")
        return False


def day(text):
    try:
        return datetime.strptime(text, DATE).strftime(DATE)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2024-05-01")


def build_parser():
    parser = argparse.ArgumentParser(prog="tasks", description="Keep a list of what there is to do.")
    parser.add_argument("--file", default="tasks.json", help="where the list is kept")
    commands = parser.add_subparsers(dest="command", required=True)

    add = commands.add_parser("add", help="add a task")
    add.add_argument("text")
    add.add_argument("--due", type=day, default=None)
    add.add_argument("--tag", action="append", default=[], dest="tags")
    add.set_defaults(action=add_task)

    show = commands.add_parser("list", help="show open tasks")
    show.add_argument("--tag")
    show.add_argument("--all", action="store_true", help="finished ones too")
    show.set_defaults(action=list_tasks)

    done = commands.add_parser("done", help="mark a task as finished")
    done.add_argument("number", type=int)
    done.set_defaults(action=finish_task)
    return parser


def add_task(tasks, options):
    task = {"text": options.text, "due": options.due, "tags": sorted(set(options.tags)), "done": False}
    tasks.append(task)
    return f"added {len(tasks)}: {task['text']}"


def list_tasks(tasks, options):
    lines = []
    for number, task in enumerate(tasks, start=1):
        if task["done"] and not options.all:
            continue
        if options.tag and options.tag not in task["tags"]:
            continue
        mark = "x" if task["done"] else " "
        due = f" (due {task['due']})" if task["due"] else ""
        tags = "".join(f" #{tag}" for tag in task["tags"])
        lines.append(f"[{mark}] {number:>2}. {task['text']}{due}{tags}")
    return "\n".join(lines) or "nothing to do"


def finish_task(tasks, options):
    if not 1 <= options.number <= len(tasks):
        raise SystemExit(f"there is no task {options.number}")
    tasks[options.number - 1]["done"] = True
    return f"finished: {tasks[options.number - 1]['text']}"


def main(arguments=None):
    options = build_parser().parse_args(arguments)
    with Store(options.file) as tasks:
        print(options.action(tasks, options))
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main())
    with tempfile.TemporaryDirectory() as folder:
        name = str(Path(folder, "demo.json"))
        for words in (["add", "Water the plants", "--tag", "home", "--due", "2024-05-01"],
                      ["add", "Call Grandmother"], ["done", "2"], ["list"], ["list", "--all"]):
            main(["--file", name, *words])
