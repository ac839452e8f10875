"""What a locust file has, or the one sentence that says why it can't be run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bench.load.locustlook import look
from bench.model import LocustFile, LocustUsers
from bench.model.errors import UsageError

FILES = Path(__file__).parent / "locustfiles"
USER = "from locust import HttpUser, task\nclass Visitor(HttpUser):\n    @task\n    def page(self): pass\n"


def file_with(directory: Path, text: str) -> Path:
    path = directory / "shop.py"
    path.write_text(text)
    return path


def refused(path: Path, **options: str) -> str:
    with pytest.raises(UsageError) as error:
        look(path, 4, **options)
    [problem] = error.value.problems
    return problem


def test_users_are_dealt_out_by_weight_with_their_client_and_their_own_host() -> None:
    path = FILES / "weighted.py"

    found = look(path, 8)

    assert found == LocustFile(
        "weighted.py",
        hashlib.sha256(path.read_bytes()).hexdigest(),
        found.version,
        (
            LocustUsers("Reader", "FastHttpUser", 6),
            LocustUsers("Admin", "FastHttpUser", 2, "http://production.example"),
        ),
    )
    assert found.version[0].isdigit()
    assert [one.number for one in look(path, 8, user="Admin").users] == [8]


def test_a_module_beside_the_file_and_one_of_the_folder_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they are called: these are the names of packages of ours."""
    beside, here = tmp_path / "load", tmp_path / "project"
    for folder, package in ((beside, "apps"), (here, "servers")):
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text("number = 3")
    path = file_with(beside, f"from apps import number\nfrom servers import number\nprint('hello')\n{USER}")
    monkeypatch.chdir(here)

    assert [one.name for one in look(path, 4).users] == ["Visitor"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def (:\n", "shop.py can't be read by Python: invalid syntax (shop.py:1). Mend it"),
        (
            "import os\nos.environ['NO_SUCH_TOKEN']\n",
            "shop.py can't be imported: KeyError: 'NO_SUCH_TOKEN' (shop.py:2). Mend it, or give it what",
        ),
        (
            "import json\njson.loads('{')\n",
            "shop.py can't be imported: JSONDecodeError: Expecting property name enclosed in double quotes",
        ),
        ("import faker_of_names\n", "(shop.py:1). It runs in wsgi-bench's own environment"),
        ("import sys\nsys.exit(4)\n", "shop.py ends the process when it is imported (sys.exit(4))"),
        ("import os\nos._exit(4)\n", "said nothing of it"),
        ("print('nobody')\n", "shop.py has no user class"),
        (
            f"{USER}    abstract = True\n",
            "shop.py has no user class: write one that is derived from HttpUser or FastHttpUser and isn't",
        ),
        (f"{USER}    weight = 0\n", "shop.py: the weight of every user class is 0: name one with --user"),
        (
            "from locust import HttpUser\nclass Idle(HttpUser): pass\n",
            "the user class Idle has no task (@task)",
        ),
        (
            f"{USER}from locust import LoadTestShape\nclass Steps(LoadTestShape):\n    tick = None\n",
            "shop.py has a LoadTestShape (Steps), which changes the number of users as time goes by",
        ),
        (
            f"{USER}from locust import events\n@events.init_command_line_parser.add_listener\n"
            "def own(parser): parser.add_argument('--shop', required=True)\n",
            "shop.py wants an argument of its own (init_command_line_parser) that has no default",
        ),
    ],
)
def test_what_can_t_be_run_is_refused_in_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    assert words in refused(file_with(tmp_path, text))


def test_a_file_that_isn_t_there_or_is_none(tmp_path: Path) -> None:
    assert "nothing.py: No such file or directory. Name a locust file" in refused(tmp_path / "nothing.py")
    assert "Is a directory" in refused(tmp_path)


def test_a_class_or_a_tag_that_the_file_doesn_t_have() -> None:
    assert "--user Buyer: weighted.py has no such user class, but Reader, Admin" in refused(
        FILES / "weighted.py", user="Buyer"
    )
    with pytest.raises(UsageError, match="the user class Admin has no task with these tags"):
        look(FILES / "weighted.py", 4, tags=["write"])
