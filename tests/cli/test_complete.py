"""Completion, asked for as the shells ask: by the script that each gets, or by its protocol."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from bench.cli.verbs import cli
from tests.cli.conftest import ROOT, environment
from tests.patience import HANGS_S

COMMAND = Path(sys.executable).parent / "wsgi-bench"


def offered(*words: str) -> list[str]:
    """What bash's own script puts into COMPREPLY for these words, the last of which is being typed."""
    script = (
        'eval "$(_WSGI_BENCH_COMPLETE=bash_source wsgi-bench)"; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); '
        'compopt() { :; }; _wsgi_bench_completion wsgi-bench; printf "%s\n" "${COMPREPLY[@]}"'
    )
    path = f"{COMMAND.parent}:{environment()['PATH']}"
    ended = subprocess.run(
        ["bash", "-c", script, "bash", "wsgi-bench", *words],
        cwd=ROOT,
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=True,
    )
    assert ended.stderr == ""
    return ended.stdout.split()


def test_bash_is_offered_names_by_its_own_script() -> None:
    assert sorted(offered("run", "--servers", "gunicorn,gu")) == ["gunicorn,gunicorn-sync"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("res",), ["resume"]),
        (("run", "--pro"), ["--profile", "--processes"]),
        (("run", "--profile", "s"), ["smoke", "standard"]),
        (("run", "--runtime", ""), ["auto", "local", "compose"]),
        (("run", "--app", "f"), ["flask_hello"]),
        (("run", "--servers", "g"), ["granian", "gunicorn", "gunicorn-sync"]),
        (("run", "--servers", "gunicorn,gu"), ["gunicorn,gunicorn-sync"]),
        (("run", "--scenarios", "mixed,s"), ["mixed,shorten", "mixed,static"]),
        (("report", "--format", "j"), ["junit", "json"]),
        (("compare", "a", "b", "--format", "m"), ["md"]),
        (("list", ""), ["servers", "apps", "scenarios", "results"]),
    ],
)
def test_a_shell_is_offered_what_there_is(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], names: list[str]
) -> None:
    monkeypatch.setenv("COMP_WORDS", shlex.join(["wsgi-bench", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    completion = BashComplete(cli, {}, "wsgi-bench", "_WSGI_BENCH_COMPLETE")
    assert sorted(line.partition(",")[2] for line in completion.complete().splitlines()) == sorted(names)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script_and_an_answer(shell: str) -> None:
    begun = {"bash": "2", "zsh": "2", "fish": "resul"}[shell]
    source = asked(f"{shell}_source", {})
    answer = asked(f"{shell}_complete", {"COMP_WORDS": "wsgi-bench list resul", "COMP_CWORD": begun})

    assert "_WSGI_BENCH_COMPLETE" in source
    assert "results" in answer.replace(",", "\n").splitlines()
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=source, text=True, check=True, timeout=HANGS_S)


def asked(what: str, more: dict[str, str]) -> str:
    """What the installed command says to a shell's script."""
    env = environment(_WSGI_BENCH_COMPLETE=what, **more)
    return subprocess.run(
        [COMMAND], cwd=ROOT, env=env, capture_output=True, text=True, timeout=HANGS_S, check=True
    ).stdout


@pytest.mark.parametrize("verb", ["resume", "report", "compare"])
def test_results_are_offered_by_their_directory(checkout: Path, result: Path, verb: str) -> None:
    (checkout / "results").mkdir()
    result.rename(checkout / "results/20260102T030405Z-testhost")
    (checkout / "results/no-result").mkdir()
    # The script that names the command is the installed one; this is the copy's own code.
    code = "import sys; sys.argv[0] = 'wsgi-bench'; from bench.__main__ import main; main()"
    env = environment(
        _WSGI_BENCH_COMPLETE="bash_complete", COMP_WORDS=f"wsgi-bench {verb} results/", COMP_CWORD="2"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout,
        env=env,
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        check=True,
    )

    assert said.stdout == "plain,results/20260102T030405Z-testhost\n"
