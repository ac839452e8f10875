"""Each module of `bench` imports only what stands below it, and the proof no test.

The order of `LAYERS` is the architecture: a module may import from the layers under its own, and from its own
package. Where a module belongs that isn't listed is a decision, so an unlisted one fails.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.patience import HANGS_S

ROOT = Path(__file__).parents[2]

# From the top: each folder of `bench/` may import from the floors under its own, and from itself.
LAYERS = (
    ("bench.__main__",),
    ("bench.cli",),
    ("bench.run",),
    ("bench.ask", "bench.live", "bench.doctor", "bench.preflight"),
    ("bench.report",),
    ("bench.ask.settings",),
    ("bench.plan", "bench.deploy", "bench.load"),
    ("bench.catalogue", "bench.store"),
    ("bench.machine",),
    ("bench.analysis",),
    ("bench.model",),
)

# Importing locust patches the standard library, so it happens in the driver's process and nowhere else.
DRIVER = frozenset(
    f"bench.load.{name}"
    for name in (
        *("driver", "users", "workers", "fasthttp", "locustanswer", "locustclient", "locustfile"),
        *("fileusers", "forked", "userfaults", "userfile", "waiting"),
        *(
            f"elsewhere.{name}"
            for name in ("master", "members", "pulse", "readings", "roll", "sockets", "worker")
        ),
    )
)
DRIVER_ONLY = ("locust", "gevent", "geventhttpclient")

LINES_AT_MOST = 300
# Were a folder to move, there would be nothing too long in it.
MODULES_AT_LEAST = 100

# A result from last year renders today, on a machine without any of these.
PURE = ("bench.analysis", "bench.report")
IMPURE = (
    "asyncio", "bench.deploy", "bench.load", "bench.machine.cgroups", "bench.machine.confinement",
    "bench.machine.counters", "bench.machine.environment", "bench.machine.kernel", "bench.machine.lasting",
    "bench.machine.place", "bench.machine.process", "bench.machine.processtree", "bench.machine.usage",
    "http", "multiprocessing", "psutil", "redis", "requests", "socket", "subprocess", "urllib.request",
)  # fmt: skip


@dataclass(frozen=True)
class Imported:
    """One module that another one imports, directly."""

    name: str
    line: int


def within(module: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of these, or inside one of these."""
    return any(module == package or module.startswith(package + ".") for package in packages)


def layer(module: str) -> tuple[int, str]:
    """The number of a module's layer and the entry that puts it there; the longest entry wins.

    0 is the top; what is in no layer is below all of them.
    """
    fitting = [
        (entry, number) for number, row in enumerate(LAYERS) for entry in row if within(module, (entry,))
    ]
    entry, number = max(fitting, key=lambda pair: len(pair[0]), default=(module, len(LAYERS)))
    return number, entry


def read_modules(root: Path, package: str = "bench") -> dict[str, Path]:
    """Every module of a package in `root`, by its dotted name."""
    modules = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def read_imports(module: str, path: Path, modules: Mapping[str, Path]) -> Iterator[Imported]:
    """What one module imports, wherever in it: at the top, inside functions, for type checkers only."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (Imported(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                # `from bench.store import journal` imports a module, `from bench.store import load` a name.
                full = f"{source}.{alias.name}"
                yield Imported(full if full in modules else source, node.lineno)


def violations(root: Path) -> list[str]:
    """Every breach of the rules above, one sentence each, with its place."""
    modules = read_modules(root)
    imports = {module: list(read_imports(module, path, modules)) for module, path in modules.items()}
    breaches = []
    for module in modules:
        if module == "bench":
            continue
        number, entry = layer(module)
        if number == len(LAYERS):
            breaches.append(f"{module} is in no layer: add it to LAYERS")
        for imported in imports[module]:
            place = f"{modules[module].relative_to(root)}:{imported.line}: {module} imports {imported.name}"
            if within(imported.name, ("apps", "servers")):
                breaches.append(f"{place}, but bench never imports what it measures")
            elif within(imported.name, ("proof", "tests")):
                breaches.append(f"{place}, but bench never imports what tries it")
            elif within(imported.name, DRIVER_ONLY) and module not in DRIVER:
                breaches.append(f"{place}, which only the driver's own process may")
            elif imported.name in DRIVER and module not in DRIVER:
                breaches.append(f"{place}, and with it locust")
            elif imported.name in modules and imported.name != "bench":
                other_number, other_entry = layer(imported.name)
                if other_entry != entry and other_number <= number:
                    breaches.append(f"{place}, which doesn't stand below it")
    return breaches + [
        f"{' -> '.join(chain)}: analysis and reports need no process and no network"
        for module in modules
        if within(module, PURE)
        for chain in impure_chains(module, imports)
    ]


def proof_violations(root: Path) -> list[str]:
    """Each import of a test by the proof, which writes documents and is tried by tests itself."""
    modules = read_modules(root, "proof")
    return [
        f"{path.relative_to(root)}:{imported.line}: {module} imports {imported.name}, a test"
        for module, path in modules.items()
        for imported in read_imports(module, path, modules)
        if within(imported.name, ("tests",))
    ]


def impure_chains(module: str, imports: Mapping[str, list[Imported]]) -> Iterator[tuple[str, ...]]:
    """A shortest way from a module, through other modules of bench, to each thing in `IMPURE`."""
    seen = {module}
    waiting: deque[tuple[str, ...]] = deque([(module,)])
    while waiting:
        chain = waiting.popleft()
        for imported in imports[chain[-1]]:
            if imported.name in seen:
                continue
            seen.add(imported.name)
            if within(imported.name, IMPURE):
                yield (*chain, imported.name)
            elif imported.name in imports:
                waiting.append((*chain, imported.name))


def test_every_module_imports_only_what_stands_below_it() -> None:
    breaches = violations(ROOT) + proof_violations(ROOT)
    assert not breaches, "\n".join(breaches)


def test_no_module_is_longer_than_300_lines() -> None:
    folders = ("bench", "scripts", "apps", "servers", "proof")
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
    }

    assert len(lengths) > MODULES_AT_LEAST
    assert {path: lines for path, lines in lengths.items() if lines > LINES_AT_MOST} == {}


def test_the_rules_name_only_what_there_is() -> None:
    modules = read_modules(ROOT)
    named = {*DRIVER, *PURE, *IMPURE, *(entry for row in LAYERS for entry in row)}

    assert {name for name in named if name.startswith("bench.")} <= modules.keys()


def test_contributing_shows_the_layers_as_they_are() -> None:
    diagram = "\n".join("   ".join(entry.removeprefix("bench.") for entry in row) for row in LAYERS[1:])

    assert f"```\n{diagram}\n```" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), diagram


def test_what_contributing_says_of_adding_things_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("### Adding things") :].split("\n\n")[2]
    paths = [path for path in re.findall(r"`([\w./-]+)`", table) if "/" in path and "NAME" not in path]

    assert len(paths) > len(table.splitlines())
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("model/planned", "import bench.catalogue.servers", "doesn't stand below"),
        ("store/reader", "from bench.report import html", "doesn't stand below"),
        ("store/reader", "from ..report import html", "doesn't stand below"),
        ("catalogue/servers", "def f() -> None:\n    from bench import cli", "doesn't stand below"),
        ("deploy/local", "from bench.report import html", "doesn't stand below"),
        ("machine/usage", "from bench.deploy import local", "doesn't stand below"),
        ("run/runner", "from locust import User", "only the driver's own process"),
        ("load/client", "import gevent.socket", "only the driver's own process"),
        ("run/runner", "from bench.load import driver", "and with it locust"),
        ("cli/verbs", "import apps.shortly.wsgi", "never imports what it measures"),
        ("deploy/local", "from servers import application", "never imports what it measures"),
        ("model/planned", "from proof.virtual import run", "never imports what tries it"),
        ("model/planned", "import tests.make_suite", "never imports what tries it"),
        ("report/html", "import socket", "need no process and no network"),
        ("report/html", "from bench.machine import process", "need no process and no network"),
        ("surprise", "", "is in no layer"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, module: str, source: str, complaint: str) -> None:
    _plant(tmp_path, {module: source})

    breaches = violations(tmp_path)

    assert breaches
    assert all(complaint in sentence for sentence in breaches), breaches


def test_impurity_is_found_through_other_modules(tmp_path: Path) -> None:
    _plant(tmp_path, {"report/html": "from bench.store import reader", "store/reader": "import subprocess"})

    assert violations(tmp_path) == [
        "bench.report.html -> bench.store.reader -> subprocess: "
        "analysis and reports need no process and no network"
    ]


def test_the_proof_imports_no_test(tmp_path: Path) -> None:
    (tmp_path / "proof").mkdir()
    (tmp_path / "proof/delays.py").write_text("from bench import model\nfrom tests.stops import kept")

    assert proof_violations(tmp_path) == ["proof/delays.py:2: proof.delays imports tests.stops, a test"]


def test_what_the_layers_allow_is_no_violation(tmp_path: Path) -> None:
    _plant(
        tmp_path,
        {
            "cli/verbs": "from bench.run import runner\nfrom bench.report import html",
            "report/html": "from bench.analysis import rank\nfrom bench import model",
            "deploy/local": "from bench.machine.usage import read\nfrom bench.machine.process import spawn",
            "load/driver": "import gevent\nfrom bench.load import users",
            "load/users": "import locust\nfrom .client import send",
        },
    )

    assert violations(tmp_path) == []


def _plant(root: Path, sources: Mapping[str, str]) -> None:
    """A small tree with the names of the real one, and these modules' sources in it."""
    bare = """
        __init__ cli/__init__ cli/verbs run/__init__ run/runner
        report/__init__ report/html deploy/__init__ deploy/local
        load/__init__ load/driver load/users load/client
        catalogue/__init__ catalogue/servers store/__init__ store/reader
        machine/__init__ machine/process machine/usage
        analysis/__init__ analysis/rank model/__init__ model/planned
    """
    for module in {*bare.split(), *sources}:
        path = root / "bench" / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sources.get(module, ""))


def imported_without(packages: Sequence[str], modules: str) -> None:
    """Import modules where these packages can't be: each with its `__init__.py`, and what that imports."""
    code = f"import sys; sys.modules.update(dict.fromkeys({packages!r})); import {modules}"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, check=True, timeout=HANGS_S)


def test_the_load_driver_needs_no_package_that_its_image_lacks() -> None:
    imported_without(
        ("scipy", "jsonschema", "rich", "yaml", "dotenv", "uv"),
        "bench.load.generator, bench.load.users, bench.load.workers, bench.load.fasthttp",
    )


def test_what_takes_long_to_import_is_imported_where_it_is_needed() -> None:
    imported_without(("redis", "scipy", "gevent", "locust"), "bench.cli.running, bench.load.generator")
