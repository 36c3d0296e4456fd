# Two commands do all on a fresh machine with Python 3.11, 3.12 or 3.13: `make demo` and `make test`.
.PHONY: demo test drill bench check format lock clean install
LANES_VENV ?= .venv
BIN := $(LANES_VENV)/bin

demo: $(LANES_VENV)/.run  ## the main job: cosmic inference on the sample survey, on the embedded cloud
	$(BIN)/lanes run team2 cosmic --world-size 4 --batch-size 128

test: $(LANES_VENV)/.installed  ## the whole suite
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

drill: $(LANES_VENV)/.installed  ## every fault and every kill of deploy and destroy, for all sample teams (many minutes)
	$(BIN)/python tests/benchmarks/drill.py

bench: $(LANES_VENV)/.installed  ## every ratio of the README's tables, now and as recorded (half an hour; nothing else should run)
	$(BIN)/python tests/benchmarks/bench.py

install: $(LANES_VENV)/.installed  ## what the others do first: the locked libraries, in .venv or in LANES_VENV

check: $(LANES_VENV)/.installed  ## style, types, layers, and whether what is generated is fresh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/lanes schema --check
	$(BIN)/lanes render --check
	$(BIN)/lanes reference --check
	$(BIN)/lanes codeowners --check

format: $(LANES_VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## compile requirements/*.txt from pyproject.toml (needs uv)
	requirements/compile.sh --upgrade

clean:
	-@if [ -x $(BIN)/lanes ]; then $(BIN)/lanes down; fi
	rm -rf .venv .lanes .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(LANES_VENV)/.run: requirements/run.txt requirements/venv.sh pyproject.toml
	@PYTHON="$(PYTHON)" LANES_VENV="$(LANES_VENV)" requirements/venv.sh run

$(LANES_VENV)/.installed: requirements/dev.txt requirements/venv.sh pyproject.toml
	@PYTHON="$(PYTHON)" LANES_VENV="$(LANES_VENV)" requirements/venv.sh dev
