"""Set-up by the real pip and uv, from an index of this machine: a small checkout with a small lock file."""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import shutil
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.install import parts, reason
from tests.patience import HANGS_S
from tests.required import lacks

ROOT = Path(__file__).parents[2]
REAL_UV = Path(sys.prefix) / "bin" / "uv"
PASSWORD = "very-secret"
BACKEND = """import pathlib, shutil
def get_requires_for_build_editable(config_settings=None): return []
def build_editable(directory, config_settings=None, metadata_directory=None):
    return shutil.copy(next(pathlib.Path("wheels").glob("project-*")), directory).rpartition("/")[2]
"""
PROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "project"
version = "1"
"""


def wheel(folder: Path, name: str, files: dict[str, str], tag: str = "py3-none-any") -> str:
    """A distribution of version 1 in an index's folder; its entry in a lock file is returned."""
    described = {
        f"{name}-1.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{name}-1.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = f"{name}-1.dist-info/RECORD"
    listed = "".join(f"{path},,\n" for path in (*files, *described, record))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-1-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in {**files, **described, record: listed}.items():
            member = zipfile.ZipInfo(inner)
            member.external_attr = 0o100755 << 16
            archive.writestr(member, text)
    return f"{name}==1 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def uv_wheel(folder: Path, script: str, tag: str = "py3-none-any") -> str:
    return wheel(folder, "uv", {"uv-1.data/scripts/uv": f"#!/bin/sh\n{script}\n"}, tag)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with pip alone, to be copied: making one takes seconds."""
    path = tmp_path_factory.mktemp("environment") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", str(path)], check=True, timeout=HANGS_S)
    return path


class Checkout:
    """A checkout whose lock file names uv and `thing`, beside an index that has both."""

    def __init__(self, root: Path, environment: Path) -> None:
        self.root, self.index = root / "checkout", root / "simple"
        shutil.copytree(environment, self.root / ".venv", symlinks=True)
        (self.root / ".venv/.ready").touch()
        (self.root / "scripts").mkdir()
        for name in ("setup", "install.py", "uvsettings.py"):
            shutil.copy(ROOT / "scripts" / name, self.root / "scripts")
        (self.root / "backend.py").write_text(BACKEND)
        (self.root / "pyproject.toml").write_text(PROJECT)
        wheel(self.root / "wheels", "project", {"project.py": ""})
        self.thing = wheel(self.index / "thing", "thing", {"thing.py": ""})
        self.uv(f'exec "{REAL_UV}" "$@"')
        self.home = root / "home"
        (self.home / ".config/pip").mkdir(parents=True)
        self.variables = {
            "HOME": str(self.home), "PATH": os.environ["PATH"], "UV_CACHE_DIR": str(root / "cache"),
            "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0", "XDG_CONFIG_DIRS": str(root),
        }  # fmt: skip

    def uv(self, script: str, tag: str = "py3-none-any") -> None:
        """uv is this script now, in the index and in the lock file."""
        shutil.rmtree(self.index / "uv", ignore_errors=True)
        lock = self.thing + uv_wheel(self.index / "uv", script, tag)
        (self.root / "requirements.lock").write_text(lock)

    def configure(self, *lines: str) -> None:
        """The user's own pip.conf."""
        (self.home / ".config/pip/pip.conf").write_text("\n".join(("[global]", *lines)))

    def set_up(self, **variables: str) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            ["scripts/setup"], cwd=self.root, env=self.variables | variables,
            capture_output=True, text=True, check=False, timeout=HANGS_S,
        )  # fmt: skip
        assert PASSWORD not in ended.stdout + ended.stderr
        return ended

    def installer(self, name: str) -> str | None:
        """Who installed a distribution, if anybody did."""
        for path in self.root.glob(f".venv/lib/python3*/site-packages/{name}-*.dist-info/INSTALLER"):
            return path.read_text().strip()
        return None

    @property
    def installers(self) -> list[str | None]:
        return [self.installer(name) for name in ("pip", "thing", "project")]


@pytest.fixture
def checkout(tmp_path: Path, environment: Path) -> Checkout:
    if not REAL_UV.exists():
        lacks("uv isn't in this environment")
    return Checkout(tmp_path, environment)


class Index(SimpleHTTPRequestHandler):
    """The folder, for whoever knows the password."""

    def do_GET(self) -> None:
        expected = "Basic " + base64.b64encode(f"user:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") == expected:
            return super().do_GET()
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Basic")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def served(checkout: Checkout) -> Iterator[ThreadingHTTPServer]:
    handler = functools.partial(Index, directory=str(checkout.index))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        yield server


def start(server: ThreadingHTTPServer) -> None:
    threading.Thread(target=server.serve_forever, daemon=True).start()


def test_uv_takes_pips_index_and_password(checkout: Checkout, served: ThreadingHTTPServer) -> None:
    start(served)
    checkout.configure(f"index-url = http://user:{PASSWORD}@127.0.0.1:{served.server_port}/")

    ended = checkout.set_up(UV_DEFAULT_INDEX="http://127.0.0.1:1/", UV_TARGET="elsewhere")
    served.shutdown()

    assert ended.returncode == 0, ended.stderr
    assert "Without uv" not in ended.stderr
    assert checkout.installers == ["pip", "uv", "uv"]


@pytest.mark.parametrize("variable", ["PIP_CERT", "REQUESTS_CA_BUNDLE"])
def test_uv_takes_pips_certificate_authority(
    checkout: Checkout, served: ThreadingHTTPServer, variable: str
) -> None:
    if shutil.which("openssl") is None:
        lacks("there is no openssl")
    authority, key = checkout.home / "ca.pem", checkout.home / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", "/CN=index", "-addext", "subjectAltName=IP:127.0.0.1",
         "-addext", "basicConstraints=critical,CA:FALSE", "-days", "2",
         "-out", str(authority), "-keyout", str(key)],
        check=True, capture_output=True, timeout=HANGS_S,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, key)
    served.socket = context.wrap_socket(served.socket, server_side=True)
    start(served)
    checkout.configure(f"index-url = https://user:{PASSWORD}@127.0.0.1:{served.server_port}/")

    ended = checkout.set_up(**{"PIP_CONFIG_FILE": str(checkout.home / "none"), variable: str(authority)})
    served.shutdown()

    assert ended.returncode == 0, ended.stderr
    assert "Without uv" not in ended.stderr
    assert checkout.installer("thing") == "uv"


class TestFromFolders:
    """Without an index: `no-index` and `find-links` of pip."""

    @pytest.fixture(autouse=True)
    def folders(self, checkout: Checkout) -> None:
        checkout.configure(
            "no-index = true", f"find-links = {checkout.index}/uv", f"  {checkout.index}/thing"
        )

    def test_uv_takes_them(self, checkout: Checkout) -> None:
        ended = checkout.set_up()

        assert (ended.returncode, checkout.installers) == (0, ["pip", "uv", "uv"]), ended.stderr
        assert "Without uv" not in ended.stderr

    @pytest.mark.parametrize(
        ("script", "tag", "variables", "said"),
        [
            ("echo error: no room >&2; exit 2", "py3-none-any", {}, "it failed (error: no room)"),
            ("kill -9 $$", "py3-none-any", {}, "it failed (exit code -9)"),
            ("", "py3-none-win_amd64", {}, "pip can't fetch it (ERROR: Could not find a version"),
            (
                "",
                "py3-none-any",
                {"PIP_ONLY_BINARY": "thing", "PIP_QUIET": "1"},
                "it can't be told pip's option only-binary",
            ),
        ],
    )
    def test_pip_does_what_uv_does_not(
        self, checkout: Checkout, script: str, tag: str, variables: dict[str, str], said: str
    ) -> None:
        checkout.uv(script, tag)

        ended = checkout.set_up(**variables)

        assert (ended.returncode, checkout.installers) == (0, ["pip", "pip", "pip"]), ended.stderr
        lines = [line for line in ended.stderr.splitlines() if line.startswith("Without uv, since ")]
        assert len(lines) == 1
        assert said in lines[0]

    def test_pip_installs_anew_what_uv_left_half_done(self, checkout: Checkout) -> None:
        checkout.uv(f'"{REAL_UV}" "$@" && rm "${{0%/bin/uv}}"/lib/python3*/site-packages/thing.py; exit 1')

        ended = checkout.set_up()

        assert (ended.returncode, checkout.installers) == (0, ["pip", "pip", "pip"]), ended.stderr
        assert list(checkout.root.glob(".venv/lib/python3*/site-packages/thing.py"))

    def test_a_file_with_another_hash_is_installed_by_neither(self, checkout: Checkout) -> None:
        wheel(checkout.index / "thing", "thing", {"thing.py": "import os"})

        ended = checkout.set_up()

        assert ended.returncode == 2
        assert "Set-up failed: pip couldn't install requirements.lock" in ended.stderr
        assert checkout.installers == ["pip", None, None]

    def test_a_stop_midway_leaves_nothing_that_counts_as_ready(self, checkout: Checkout) -> None:
        """`.ready` is what counts; tests/house/test_setup.py has that such a .venv/ is made anew."""
        checkout.uv("kill -TERM $PPID; exec sleep 60")

        ended = checkout.set_up()

        assert (ended.returncode, checkout.installers) == (143, ["pip", None, None])
        assert not (checkout.root / ".venv/.ready").exists()


def test_the_lock_file_is_split_and_nothing_lost() -> None:
    lock = (ROOT / "requirements.lock").read_text()

    uv_entry, rest = parts(lock)

    assert uv_entry.startswith("uv==")
    assert uv_entry.count("==") == 1
    assert sorted((uv_entry + rest).splitlines()) == sorted(lock.splitlines())
    assert "\nuv==" not in rest


def test_a_reason_is_a_line_without_passwords() -> None:
    printed = (
        "warning: old\nerror: Failed to fetch: https://u:pw@a.example/\n  cause: broken\n  cause: no route\n"
    )

    assert reason(printed) == "error: Failed to fetch: https://***@a.example/; cause: no route"
    assert reason("") == ""
