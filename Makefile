# What people type. Everything but `help` and `clean` sets up .venv/ first, when the lock file or pyproject.toml changed,
# or PYTHON names another interpreter than its. Without PYTHON a .venv/ that works stays, whatever python3 is by now.

bin := .venv/bin
ready := .venv/.ready
setup := PYTHON='$(subst ','\'',$(PYTHON))' scripts/setup

# The harness gets these as options. As environment variables they would reach the servers and
# docker-compose.yml, where APP means something else.
unexport PROFILE SERVERS APP RUNTIME SERVER
# Some set it for all that they run. Each start of the harness would compile it anew, and `make test` starts hundreds.
unexport PYTHONDONTWRITEBYTECODE

given = $(if $($(2)),--$(1) '$($(2))')
# Files share nothing, so they run side by side, those that take longest first.
pytest = $(bin)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder
selection = $(call given,servers,SERVERS) $(call given,app,APP) $(call given,runtime,RUNTIME)

.DEFAULT_GOAL := help
.PHONY: other-python help bench smoke test test-all any-app prove report readme up down locust base-images pin-images audit lint fmt lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  bench takes PROFILE=smoke|standard|full; bench and smoke take SERVERS=a,b APP=shortly RUNTIME=local|compose;"
	@echo "  locust and up take SERVER=gunicorn; all take PYTHON=python3.13."

bench: $(ready) ## compare the servers: five of them, Shortly, Redis; a report at the end
	$(bin)/wsgi-bench run $(call given,profile,PROFILE) $(selection)

smoke: $(ready) ## every server answers rightly and a short run ends in a report; no claims
	$(bin)/wsgi-bench run --profile smoke $(selection)

test: $(ready) ## the test suite but for whole runs and containers; what this machine lacks is skipped, with the reason
	$(pytest) -m 'not index and not slow'

test-all: $(ready) ## the whole test suite; what this machine lacks is a failure
	WSGI_BENCH_REQUIRE_ALL=1 $(pytest)

any-app: $(ready) ## measure the applications of docs/any-app.md, which it installs from the package index; four minutes
	$(bin)/python -m pytest tests/any_app/test_rows.py tests/any_app/test_tutorials.py::test_the_one_with_postgresql_does \
		-m '' -p no:xdist --quiet --capture=no

prove: $(ready) ## try every claim about the figures, and write docs/methodology.md's table: five hours; QUICK=1 minutes; AGAIN=1
	$(bin)/python -m proof $(if $(QUICK),--quick) $(if $(AGAIN),--again) $(CLAIMS)

report: $(ready) ## render the newest result again, and the index of all results
	$(bin)/wsgi-bench report

readme: $(ready) ## write README's table and picture from results/reference/, and docs/configuration.md's table
	$(bin)/python scripts/readme.py
	$(bin)/python scripts/settings.py

up: $(ready) ## Shortly behind each server, or behind SERVER=gunicorn, in containers, to click around in
	$(bin)/python scripts/stack.py up $(SERVER)

down: $(ready) ## end what `make up` started
	$(bin)/python scripts/stack.py down

locust: $(ready) ## locust's web UI against one server: make locust SERVER=gunicorn
	$(bin)/python -m bench.cli.webui --server '$(or $(SERVER),gunicorn)'

base-images: ## build the Python and Redis images from Debian packages, where no image registry can be reached
	servers/base/build

pin-images: $(ready) ## move the pins of the base images to what Debian and the registry have today
	$(bin)/python -m scripts.pin_images

audit: $(ready) ## ask whether a vulnerability is known of anything in the lock files
	$(bin)/python -m scripts.audit

lint: $(ready) ## style and types
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy

fmt: $(ready) ## format, and fix what can be fixed
	$(bin)/ruff check --fix
	$(bin)/ruff format

lock: $(ready) ## resolve pyproject.toml into the lock files; UPGRADE=1 for the newest of everything
	scripts/lock $(if $(UPGRADE),--upgrade)

clean: ## remove .venv/ and caches; results stay
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache wsgi_bench.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(ready): requirements.lock pyproject.toml scripts/setup scripts/install.py scripts/uvsettings.py $(if $(PYTHON),$(shell $(setup) --is-ready || echo other-python))
	@$(setup)
	@touch $@
