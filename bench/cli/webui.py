"""Locust's own web UI against one server: `python -m bench.cli.webui --server gunicorn`."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

import click

from bench.ask import resolution
from bench.catalogue.home import HOME
from bench.catalogue.versions import this_checkout
from bench.deploy.select import open_runtime
from bench.live.progress import Reporter
from bench.load.client import LoadDriver
from bench.machine import process
from bench.machine.environment import split_cpus
from bench.machine.interrupt import interruptible
from bench.model.errors import BenchError, MachineError, UsageError
from bench.plan.layout import make_plan
from bench.run.fleet import Fleet

ROOT = HOME

_LOCUSTFILE = ROOT / "bench" / "load" / "locustfile.py"


@click.command()
@click.option("--server", default="gunicorn", help="A name of docker-compose.yml.")
@click.option("--app", help="A name of apps/apps.toml, or any module:callable.")
@click.option("--scenario", help="The requests to send.")
@click.option("--port", default=8089, help="Where the web UI listens, on 127.0.0.1.")
def webui(server: str, app: str | None, scenario: str | None, port: int) -> None:
    """Deploy a server as a child process and open locust's web UI on it; Ctrl-C ends both."""
    asked = resolution.resolve(
        {"profile": "smoke", "servers": server, "app": app, "scenarios": scenario}, ROOT
    )
    plan = make_plan(
        asked.profile, "local", asked.servers, asked.combinations[:1], seed=asked.seed, rate=None
    )
    deployment, cpus = plan.deployments[0], split_cpus()
    with tempfile.TemporaryDirectory() as scratch, Reporter() as reporter:
        directory = Path(scratch)
        with open_runtime(
            "local", plan.deployments, this_checkout(ROOT), directory, cpus, reporter.phase
        ) as runtime:
            if deployment.app.seed:
                runtime.seed(deployment)
            command, environment = runtime.driver_command(())
            with (
                LoadDriver(command, environment, ROOT, cpus.generator, directory / "driver.log") as driver,
                Fleet(runtime, driver, 1) as fleet,
            ):
                fleet.start([(deployment, (plan.cases[0].scenario,))])
                for failure in fleet.failures:
                    raise MachineError(f"{failure.deployment}: {failure.reason}\n" + "\n".join(failure.log))
                _serve(fleet.targets()[0].url, plan.cases[0].scenario, port, reporter)


def _serve(url: str, scenario: str, port: int, reporter: Reporter) -> None:
    locust = process.spawn(
        [
            *(sys.executable, "-m", "locust", "--locustfile", str(_LOCUSTFILE), "--host", url),
            *("--web-host", "127.0.0.1", "--web-port", str(port)),
        ],
        # Whatever host is typed in its page, or sent to it by another page in the same browser.
        environment={**os.environ, "WSGI_BENCH_SCENARIO": scenario, "WSGI_BENCH_URL": url},
        cwd=ROOT,
        cpus=split_cpus().generator,
        stdout=sys.stderr.fileno(),
    )
    try:
        reporter.phase(f"locust's web UI: http://127.0.0.1:{port}/ (scenario {scenario}); Ctrl-C ends it")
        locust.wait()
    finally:
        process.stop(locust, signal.SIGTERM, 5.0)
    if locust.returncode:
        raise MachineError(
            f"locust's web UI {process.how_ended(locust.returncode)}; its reason stands above. "
            f"If the port is taken, choose another with --port."
        )


def main() -> int:
    try:
        with interruptible():
            return webui(standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return UsageError.exit_code
    except BenchError as error:
        print(f"wsgi-bench: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
