# Thin on purpose: how .venv is built stands in tools/bootstrap.py, how notebooks are
# built in lessons/build.py, how models are trained in models/.
# Another Python than the one found: make lab PYTHON=/path/to/python3.12

PYTHON ?= $(shell for p in .venv/bin/python python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	>/dev/null 2>&1 && echo "$$p" && break; done)
any := $(shell command -v python3 2>/dev/null || command -v python 2>/dev/null)
python = $(or $(PYTHON),$(any),$(error No Python was found: install Python 3.11 to 3.13 (python.org, or your \
	system's packages) and run the same command again))
bin := .venv/bin

.PHONY: lab test notebooks models bench
.DEFAULT_GOAL := lab

lab:        ## build .venv where needed, copy missing exercises into my/, open JupyterLab
	@$(python) tools/bootstrap.py lab
	@$(bin)/course lab

test:       ## build the same with what tests need, and run everything that CI runs; LESSON=03: what belongs to one lesson
	@$(python) tools/bootstrap.py dev
	$(bin)/ruff check .
	$(bin)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(if $(LESSON),--lesson $(LESSON))

notebooks:  ## build and execute the notebooks whose sources changed
	@$(python) tools/bootstrap.py dev
	$(bin)/python lessons/build.py
	@$(bin)/python tools/readme_figure.py

models:     ## train the bundled models again: hours; after an interruption the same command goes on
	@$(python) tools/bootstrap.py dev
	$(bin)/python -m models.train --all --resume --force

bench:      ## how fast, against whom
	@$(python) tools/bootstrap.py dev
	@for file in benchmarks/*.py; do $(bin)/python "$$file" || exit 1; done
