"""What a load generator says while nobody answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.load.elsewhere.keys import SECRET_VARIABLE
from bench.load.elsewhere.knock import Heard
from bench.model.errors import MachineError
from bench.run import worker


@pytest.mark.parametrize(
    ("host", "words"), [("nobody.invalid", " (no host has that name so far)"), ("127.0.0.1", "")]
)
def test_a_name_without_an_address_is_said_to_have_none(
    host: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_host: str, _port: int, _keys: object, _most_s: float, say: Callable[[], None]) -> Heard:
        say()
        return Heard.NOBODY

    monkeypatch.setattr(worker, "wait_for_master", nobody)
    said: list[str] = []
    with pytest.raises(MachineError, match="Nobody at"):
        worker.work((host, 5557), {SECRET_VARIABLE: "a secret of this test"}, said.append)
    assert said == [f"waiting for a run at {host}:5557{words}; Ctrl-C ends this"]
