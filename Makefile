# SPDX-License-Identifier: Apache-2.0
# Each target makes the environment it needs in .venv. A machine with Python, a C++ compiler, make and git is enough.
#
#   make demo      train a small GPT with three forms of one activation (--activation: make demo ARGS='--activation mish')
#   make test      GoogleTest and pytest
#   make exhaustive  csrc/math at all 2^32 floats, a quarter of an hour on two cores (ARGS=expm1 for one function)
#   make bench     measure the kernels beside torch eager, torch.compile, oneDNN and a copy (make bench ARGS=--quick)
#   make docs      the reference pages, into build/docs/html
#   make lint      what CI checks; make format mends it
#   make develop   an editable install into .venv
#   make clean     remove what was built, and .venv
#
# TORCH=2.15.0 takes another torch, VENV=dir another environment; SMOOTHACT_CUDA=0|1 and MAX_JOBS reach the build.

PYTHON ?= python3
TORCH ?= 2.11.0
VENV ?= .venv
ARGS ?=
PYTEST ?=

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test exhaustive bench docs lint format develop clean

BIN := $(abspath $(VENV))/bin
BUILD := $(abspath build)/$(patsubst .%,%,$(notdir $(VENV)))
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
export SMOOTHACT_BUILD_DIR := $(BUILD)
export PATH := $(BIN):$(PATH)
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

SOURCES := pyproject.toml setup.py CMakeLists.txt $(shell find build_backend cmake csrc python tools -type f \
  -not -path '*/__pycache__/*' -not -name '*.so' -not -name '*.pyi' -not -name _build.py \
  -not -path 'python/smoothact/include/*' -not -path 'python/smoothact/share/*')
EXTRA = $(shell sed -n 's/^$(1) = \[\(.*\)\]/\1/p' pyproject.toml | tr -d '",')
OURS := git ls-files --cached --others --exclude-standard
CXX_FILES = $(shell $(OURS) '*.h' '*.hpp' '*.cpp' '*.cu' '*.cuh')
SOURCE_FILES = $(CXX_FILES) $(shell $(OURS) '*.py' '*.sh' '*.cmake' '*CMakeLists.txt' Makefile)

demo: $(VENV)/.installed
	$(BIN)/python -m smoothact demo $(ARGS)

test: $(VENV)/.installed
	tools/test.sh $(BIN) $(BUILD) $(PYTEST)

exhaustive: $(VENV)/.installed
	cmake -S . -B $(BUILD) -DSMOOTHACT_TESTS=ON >/dev/null && cmake --build $(BUILD) --target math_exhaustive
	$(BUILD)/tests/cpp/math_exhaustive $(ARGS)

bench: $(VENV)/.installed
	$(BIN)/python -m smoothact bench --output benchmarks/results $(ARGS)

docs: $(VENV)/.installed $(VENV)/.docs
	$(BIN)/python docs/generate.py build/docs/source
	$(BIN)/sphinx-build -q -W --keep-going build/docs/source build/docs/html
	@echo "open build/docs/html/index.html"

develop: $(VENV)/.torch-$(TORCH)
	$(PIP) install --no-build-isolation -e '.[dev]'

lint: $(VENV)/.linters
	@bare=$$(grep -L SPDX-License-Identifier $(SOURCE_FILES) || true); [ -z "$$bare" ] || { echo "no SPDX line: $$bare"; exit 1; }
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/clang-format --dry-run -Werror $(CXX_FILES)

format: $(VENV)/.linters
	$(BIN)/ruff check --fix . && $(BIN)/ruff format . && $(BIN)/clang-format -i $(CXX_FILES)

clean:
	rm -rf build dist .venv* python/*.egg-info python/smoothact/{include,share,_build.py,*.so,*.pyi}

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || { echo "smoothact: '$(PYTHON) -m venv' failed; on Debian: apt install python3-venv" >&2; exit 1; }

$(VENV)/.torch-$(TORCH): | $(VENV)/bin/python
	@echo "installing torch $(TORCH) into $(VENV): a download of a gigabyte or two"
	$(PIP) install torch==$(TORCH) 'setuptools>=77' 'cmake>=3.26' ninja
	rm -f $(VENV)/.torch-* $(VENV)/.installed && touch $@

$(VENV)/.installed: $(VENV)/.torch-$(TORCH) $(SOURCES)
	@echo "building smoothact: minutes the first time"
	$(PIP) install --no-build-isolation '.[test,plot]'
	touch $@

$(VENV)/.docs: pyproject.toml | $(VENV)/.torch-$(TORCH)
	$(PIP) install $(call EXTRA,docs) && touch $@

$(VENV)/.linters: pyproject.toml | $(VENV)/bin/python
	$(PIP) install $(call EXTRA,lint) && touch $@
