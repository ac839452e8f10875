"""`make PYTHON=...` holds for a .venv/ that is there already: the real Makefile, scripts as interpreters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import HANGS_S

ROOT = Path(__file__).parents[2]
FILES = (
    "Makefile", "scripts/setup", "scripts/install.py", "scripts/uvsettings.py",
    "requirements.lock", "pyproject.toml",
)  # fmt: skip
# An interpreter of some version: set-up's questions are answered, what it makes or installs is written down.
INTERPRETER = """#!/bin/sh
case "$*" in
    *"sys.exit(sys.version_info < (3, 11))"*) exit {too_old} ;;
    *_base_executable*) echo "{path}" ;;
    *base_prefix*) echo "3 {minor} {prefix}" ;;
    "--version") echo "Python 3.{minor}.1" ;;
    "-m venv"*|*scripts.install) echo "{minor}: $*" >> "{log}" ;;
esac
"""


class Checkout:
    """What `make` needs, with a .venv/ of Python 3.12 that is ready."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in FILES:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
        self.log = root / "log"
        self.python("usual", 12, root / ".venv/bin/python")
        command = root / ".venv/bin/wsgi-bench"
        command.write_text("#!/bin/sh\necho the command ran\n")
        command.chmod(0o755)
        (root / ".venv/.ready").touch()

    def python(self, prefix: str, minor: int, path: Path) -> Path:
        """An interpreter of Python 3.`minor`, which belongs to an installation."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = INTERPRETER.format(
            minor=minor, too_old=int(minor < 11), prefix=prefix, log=self.log, path=path
        )
        path.write_text(text)
        path.chmod(0o755)
        return path

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`make report` and these arguments, with `bin/` before everything else in PATH."""
        variables = {"PATH": os.pathsep.join([str(self.root / "bin"), os.environ["PATH"]])}
        return subprocess.run(
            ["make", "report", *arguments], cwd=self.root, env=variables,
            capture_output=True, text=True, check=False, timeout=HANGS_S,
        )  # fmt: skip

    @property
    def made(self) -> list[str]:
        """What was made or installed, each with the minor version of the Python that did it."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture(params=["checkout", "a check out"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / str(request.param))


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
class TestMake:
    def test_a_ready_environment_is_left_alone(self, checkout: Checkout) -> None:
        same = checkout.python("usual", 12, checkout.root / "my python/python3.12")
        for arguments in ([], [f"PYTHON={same}"], ["PYTHON=.venv/bin/python"]):
            ran = checkout.make(*arguments)

            assert (ran.returncode, checkout.made) == (0, []), ran.stderr
            assert "the command ran" in ran.stdout

    def test_a_python_that_is_too_old_is_refused_beside_a_ready_environment(self, checkout: Checkout) -> None:
        old = checkout.python("usual", 9, checkout.root / "my pythons/old")

        ran = checkout.make(f"PYTHON={old}")

        assert ran.returncode == 2
        assert f"Set-up failed: '{old}' is Python 3.9.1, and 3.11 or newer is needed." in ran.stderr
        assert "the command ran" not in ran.stdout
        assert checkout.made == []
        assert checkout.make().returncode == 0

    def test_a_python_that_is_missing_is_refused(self, checkout: Checkout) -> None:
        ran = checkout.make("PYTHON=no such 'python'")

        assert ran.returncode == 2
        assert "there is no 'no such 'python''. Install Python 3.11 or newer" in ran.stderr

    @pytest.mark.parametrize(("prefix", "minor"), [("usual", 13), ("another", 12)])
    def test_another_interpreter_makes_the_environment_anew(
        self, checkout: Checkout, prefix: str, minor: int
    ) -> None:
        other = checkout.python(prefix, minor, checkout.root / "other")

        ran = checkout.make(f"PYTHON={other}")

        assert ran.returncode == 0, ran.stderr
        assert checkout.made[0] == f"{minor}: -m venv --clear .venv"

    def test_without_python_the_environment_stays_though_python3_is_another(self, checkout: Checkout) -> None:
        checkout.python("another", 13, checkout.root / "bin/python3")
        unchanged, made = checkout.make(), checkout.made
        os.utime(checkout.root / "requirements.lock")
        os.utime(checkout.root / ".venv/.ready", (0, 0))
        updated = checkout.make()

        assert (unchanged.returncode, updated.returncode) == (0, 0), updated.stderr
        assert made == []
        assert {line.partition(":")[0] for line in checkout.made} == {"12"}
        assert not any("venv --clear" in line for line in checkout.made)

    def test_what_was_stopped_midway_is_made_anew_with_the_same_interpreter(self, checkout: Checkout) -> None:
        (checkout.root / ".venv/.ready").unlink()
        checkout.python("another", 13, checkout.root / "bin/python3")

        ran = checkout.make()

        assert ran.returncode == 0, ran.stderr
        assert checkout.made == ["12: -m venv --clear .venv", "12: -m scripts.install"]

    def test_without_an_environment_python3_makes_it(self, checkout: Checkout) -> None:
        shutil.rmtree(checkout.root / ".venv")
        checkout.python("another", 13, checkout.root / "bin/python3")

        checkout.make()

        assert checkout.made[0] == "13: -m venv --clear .venv"


def test_an_interpreter_is_known_by_its_installation() -> None:
    """The real set-up and this Python: an environment of it counts as itself."""
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("this Python isn't that of .venv/")
    base = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    for python in (sys.executable, base):
        ran = subprocess.run(
            ["scripts/setup", "--is-ready"],
            cwd=ROOT,
            env={"PYTHON": python, "PATH": os.environ["PATH"]},
            check=False,
            timeout=HANGS_S,
        )
        assert ran.returncode == 0
