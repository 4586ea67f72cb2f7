# Everything a person does with musicml from a clone. Without make: the README gives the same commands one by one.
PYTHON ?= python3
VENV ?= .venv
OUT ?= out
OPTIONS ?= --bars 8 --seed 1
BIN = $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev compose lab test weights bench course

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: ## make the environment in .venv (does nothing when it is up to date)
	@$(PYTHON) tools/setup_env.py --venv $(VENV)

setup-dev:
	@$(PYTHON) tools/setup_env.py --venv $(VENV) --dev

compose: setup ## compose a chorale into out/ (more: make compose OPTIONS="--key g --seed 7 --bars 12")
	@$(BIN)/musicml compose $(OPTIONS) --out $(OUT)
	@echo "The course: make lab"

lab: setup ## open the course in JupyterLab
	$(BIN)/jupyter lab course/01_hear_see_count.ipynb

test: setup-dev ## everything that CI runs: style, types, rooms, course, tests, doctests, notebooks
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m course.build --check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -q  # two processes on two cores: one thread each

course: setup-dev ## build course/*.ipynb and course/solutions/*.ipynb from course/source/
	$(BIN)/python -m course.build

weights: setup ## train the shipped models again into runs/ (as shipped: DATA=Jsb16thSeparated.json; half an hour)
	$(BIN)/musicml train chorale-markov $(if $(DATA),--data $(DATA))
	$(BIN)/musicml train chorale-transformer $(if $(DATA),--data $(DATA))

bench: setup-dev ## measure and write the tables that the README shows
	$(BIN)/python -m benchmarks --write-readme
