# make demo       check, train, evaluate and infer on synthetic road scenes
# make single     overfit one picture, then refine it by a CRF
# make test       flake8, mypy, doctests and pytest, without the slow tests
# make check-all  all tests, on both TensorFlows
# make torture    kill the programs, fill their disks, break their files
# make deaths     kill each of two processes that train, and resume
#
# PYTHON=... chooses the interpreter, VENV=... the folder of its environment,
# DEMO=... the folder of the demo, which PROCESSES=... train; OPEN=1 opens its
# page in the browser. For `make single`, PICTURE_DIR=... holds the picture,
# VGG_DIR=... VGG16; CRF=... is a preset, SINGLE=... the output folder. For
# `make test`, SLOW=1 takes the slow tests as well; for `make torture`,
# TORTURE=... are options, such as '--kills 20 --only infer'; for `make deaths`
# DEATHS=... are, such as '--moments 5'.

# $(call first,INTERPRETERS,CONDITION): the first that runs and meets it.
first = $(firstword $(foreach python,$(1),$(shell $(python) -c \
  'import sys; v = sys.version_info[:2]; print("$(python)" * ($(2)))' \
  2>/dev/null)))
pyenv = $(wildcard $(HOME)/.pyenv/versions/$(1)/bin/python)

PINNED = $(call first,python3.7 $(call pyenv,3.7.*),v == (3, 7))
NEWER = $(call first,python3 python3.13 python3.12 python3.11 python3.10 \
  python3.9 python3.8 $(call pyenv,3.1[0-3].*) $(call pyenv,3.[89].*), \
  (3, 8) <= v <= (3, 13))
ifndef PYTHON
PYTHON := $(or $(PINNED),$(NEWER))
endif
ifeq ($(PYTHON),)
$(error no Python 3.7 to 3.13 runs here: name one by PYTHON=...)
endif
VERSION := $(shell $(PYTHON) -c \
  'import sys; print("%d.%d" % sys.version_info[:2])')
ifeq ($(VERSION),)
$(error PYTHON=$(PYTHON) does not run)
endif
VENV ?= venv-$(VERSION)
DEMO ?= demo
SINGLE ?= single
CRF ?= post
RUN := $(VENV)/bin/python
# Byte code is compiled as it is imported, since most of TensorFlow's never is.
INSTALL := $(RUN) -m pip install --quiet --no-compile

export OTHER_PYTHON
# Byte code is stored, whatever the shell says: tests start many programs.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo announce single test check-all torture deaths install \
  install-tests install-pinned install-newer
.DEFAULT_GOAL := demo

install: $(VENV)/installed
	@echo "[i] Python $(VERSION) of $(PYTHON), in $(VENV)"

# An older pip knows no wheels of today's Linux. OpenCV's headless build is the
# one for servers without libGL.
$(VENV)/installed: requirements.txt
	@echo "[i] Python $(VERSION) of $(PYTHON): installing to $(VENV)"
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) 'pip>=20.3'
	$(RUN) -m pip install --no-compile -r requirements.txt
	$(RUN) -c 'import cv2' 2>/dev/null || { \
	  $(RUN) -m pip uninstall --quiet --yes opencv-python && \
	  $(INSTALL) opencv-python-headless && \
	  $(RUN) -c 'import cv2'; }
	@TF_CPP_MIN_LOG_LEVEL=3 $(RUN) -W ignore -c 'import tensorflow'
	touch $@

announce:
	@test -e $(VENV)/installed || { \
	  echo "[i] first, pip installs into $(VENV), for Python $(VERSION):"; \
	  echo "    TensorFlow, TensorBoard, NumPy, OpenCV, SciPy, Matplotlib;"; \
	  echo "    about 2 GB on disk. Its progress is shown"; }
	@echo "[i] the demo takes 2 to 5 minutes on 2 idle cores:"
	@echo "    - draws synthetic road scenes in memory, and checks them"
	@echo "    - trains a small network on them, in 4 epochs"
	@echo "    - scores it, and segments six new pictures"
	@echo "    It can be interrupted: make demo goes on from there"

demo: announce install
	@test -e $(DEMO)/vgg || \
	  $(RUN) vgg16.py --vgg-dir $(DEMO)/vgg --random --width 0.125
	$(RUN) check_source.py --data-source demo --output-dir $(DEMO)/check
	$(RUN) train.py --name $(DEMO)/run $(if $(wildcard \
	  $(DEMO)/run/state.json),--resume,--data-source demo \
	  --vgg-dir $(DEMO)/vgg --model fcn-pools --head-width 32 \
	  --learning-rate 2e-3 --schedule poly --keep-prob 1 \
	  --batch-size $(if $(filter 2,$(PROCESSES)),1,2) --epochs 4) $(if $(PROCESSES),--processes $(PROCESSES))
	$(RUN) evaluate.py --name $(DEMO)/run --report $(DEMO)/report
	$(RUN) source_demo.py $(DEMO)/pictures --count 6
	$(RUN) infer.py --name $(DEMO)/run --samples-dir $(DEMO)/pictures \
	  --output-dir $(DEMO)/segmented
	@echo "[i] the data:           $(DEMO)/check/sheet_valid.png"
	@echo "    scores, mistakes:   $(DEMO)/report/index.html"
	@echo "    pictures segmented:"
	@printf '    %s\n' $(DEMO)/segmented/*.png
	@test -z "$(OPEN)" || $(RUN) -m webbrowser \
	  "file://$(abspath $(DEMO))/report/index.html"

# By itself it builds with a Cython that Python 3.13 is too new for.
$(VENV)/installed-crf: $(VENV)/installed
	$(INSTALL) 'cython>=3' setuptools wheel
	$(INSTALL) --no-build-isolation pydensecrf2==1.1
	touch $@

# Without VGG_DIR a small random VGG16 stands in; it needs a larger rate.
single: install $(VENV)/installed-crf
	@test -n "$(PICTURE_DIR)" || $(RUN) source_demo.py $(SINGLE)/data \
	  --labels --count 1 --image-size 768x384 --seed 1
	@test -n "$(VGG_DIR)" -o -e $(SINGLE)/vgg || \
	  $(RUN) vgg16.py --vgg-dir $(SINGLE)/vgg --random --width 0.125
	$(RUN) train.py --name $(SINGLE)/run \
	  --data-dir $(or $(PICTURE_DIR),$(SINGLE)/data) $(if $(wildcard \
	  $(SINGLE)/run/state.json),--resume,--data-source single \
	  --vgg-dir $(or $(VGG_DIR),$(SINGLE)/vgg) --model fcn32s \
	  --fixed-upsampling --learning-rate $(if $(VGG_DIR),1e-4,1e-3) \
	  --keep-prob 0.8 --batch-size 1 --epochs 4 --histograms)
	$(RUN) evaluate.py --name $(SINGLE)/run --crf $(CRF)
	$(RUN) infer.py --name $(SINGLE)/run --colors \
	  --samples-dir $(or $(PICTURE_DIR),$(SINGLE)/data)/images \
	  --output-dir $(SINGLE)/coarse
	$(RUN) infer.py --name $(SINGLE)/run --colors --crf $(CRF) \
	  --samples-dir $(or $(PICTURE_DIR),$(SINGLE)/data)/images \
	  --output-dir $(SINGLE)/refined
	$(RUN) docs/single.py $(or $(PICTURE_DIR),$(SINGLE)/data) \
	  $(SINGLE)/coarse $(SINGLE)/refined $(SINGLE)/single.png
	@echo "[i] look at $(SINGLE)/single.png"

# One leg has the engines as well; in the other their tests are skipped.
$(VENV)/installed-tests: $(VENV)/installed-crf tests/requirements.txt \
  requirements-engines.txt
	$(INSTALL) -r tests/requirements.txt
	$(if $(filter-out 3.7,$(VERSION)), \
	  $(INSTALL) -r requirements-engines.txt)
	touch $@

install-tests: install $(VENV)/installed-tests

# The options of mypy and pytest, doctests among them, are in setup.cfg. A test
# that hangs ends its process; restarting it would only hang once more.
test: install-tests
	$(RUN) -m flake8
	$(RUN) -m mypy
	$(RUN) -m pytest --numprocesses 2 --dist loadfile \
	  --max-worker-restart 0 $(if $(SLOW),,-m 'not slow')

PINNED_LEG = PYTHON=$(PINNED) VENV=venv-3.7
NEWER_LEG = PYTHON=$(NEWER)

check-all:
	@test -n "$(PINNED)" || { echo "[!] no Python 3.7 runs here:" \
	  "the tests on TensorFlow 1.15 need one" >&2; exit 1; }
	@test -n "$(NEWER)" || { echo "[!] no Python 3.8 to 3.13 runs here:" \
	  "the tests on TensorFlow 2 need one" >&2; exit 1; }
	$(MAKE) --jobs 2 install-pinned install-newer
	$(MAKE) test SLOW=1 $(PINNED_LEG)
	$(MAKE) test SLOW=1 $(NEWER_LEG) \
	  OTHER_PYTHON=$(CURDIR)/venv-3.7/bin/python

install-pinned:
	$(MAKE) install-tests $(PINNED_LEG)

install-newer:
	$(MAKE) install-tests $(NEWER_LEG)

# The long form of tests/torture/test_torture.py.
torture: install-tests
	$(RUN) tests/torture $(TORTURE)

# The long form of the deaths that tests/training/cluster has.
deaths: install-tests
	$(RUN) tests/torture/deaths.py $(DEATHS)
