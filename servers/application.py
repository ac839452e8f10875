"""The application that `APP` names, as gunicorn reads such names.

Loaded by its path, and never imported: nothing of this folder may be found by an application's own imports.
It runs in whatever Python serves the application, from 3.8 on.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
import traceback
from typing import Any


def application() -> Any:
    """Import the application that `APP` names.

    Ends the process with exit code 1 and, as the last line of its log, the reason.
    """
    name = os.environ.get("APP", "")
    try:
        value = resolve(name)
    except Exception as error:
        traceback.print_exc()
        sys.exit(f"The application {name} can't be imported: {type(error).__name__}: {error}")
    if not callable(value):
        sys.exit(f"The application {name} is a {type(value).__name__}, which can't be called.")
    return value


def resolve(name: str) -> Any:
    """What `module:name`, `module:object.name` or `module:factory("a", b=1)` stands for.

    Arguments are literals: https://gunicorn.org/run/#gunicorn

    Raises:
        ValueError: it is of no such form.
        Exception: whatever its import, or the factory, raises.
    """
    module, _, expression = name.partition(":")
    try:
        node: ast.expr = ast.parse(expression, mode="eval").body
    except SyntaxError:
        node = ast.Constant(None)
    arguments, named, call = (), {}, isinstance(node, ast.Call)
    if isinstance(node, ast.Call):
        arguments = tuple(map(ast.literal_eval, node.args))
        named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
        node = node.func
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not module or not isinstance(node, ast.Name):
        raise ValueError(f"APP must name the application as module:callable, but is {name!r}.")
    value = importlib.import_module(module)
    for part in (node.id, *reversed(names)):
        value = getattr(value, part)
    return value(*arguments, **named) if call else value  # type: ignore[operator]
