"""The application of a Django project, from the texts of its manage.py and settings."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.catalogue.moduletext import read_module
from bench.catalogue.named import file_of

_VARIABLE = "DJANGO_SETTINGS_MODULE"
_DEEPEST = 8


def application(root: Path, environment: Mapping[str, str]) -> str:
    """What a project with a manage.py serves, e.g. "mysite.wsgi:application"; empty if nobody says."""
    settings = environment.get(_VARIABLE) or _settings_module(root / "manage.py")
    if not settings:
        return ""
    dotted = _setting(root, settings, "WSGI_APPLICATION", _DEEPEST)
    if dotted:
        module, _, name = dotted.rpartition(".")
        return f"{module}:{name}" if module else ""
    # Without that setting `startproject`'s wsgi.py still stands in the package, above or beside the settings.
    package = settings
    while package := package.rpartition(".")[0]:
        if file_of(root, f"{package}.wsgi"):
            return f"{package}.wsgi:application"
    return ""


def _settings_module(manage: Path) -> str:
    try:
        tree = ast.parse(manage.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ""
    return next(_set_to(tree), "")


def _set_to(tree: ast.AST) -> Iterator[str]:
    """The texts to which `os.environ.setdefault(...)` or `os.environ[...] = ...` sets the variable."""
    for node in ast.walk(tree):
        pair: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            pair = node.args if node.func.attr in ("setdefault", "putenv") else []
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            pair = [node.targets[0].slice, node.value]
        texts = [part.value for part in pair if isinstance(part, ast.Constant)]
        if len(texts) == 2 and texts[0] == _VARIABLE and isinstance(texts[1], str):
            yield texts[1]


def _setting(root: Path, module: str, name: str, deepest: int) -> str:
    """A constant of a settings module, or of those from which it imports everything."""
    file = file_of(root, module)
    if file is None or not deepest:
        return ""
    text = read_module(file)
    strings = dict(text.strings)
    if name in strings:
        return strings[name]
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for star in text.stars:
        dots = len(star) - len(star.lstrip("."))
        parts = package.split(".") if package else []
        above = parts[: len(parts) - dots + 1] if dots else []
        source = ".".join([*above, *([star.lstrip(".")] if star.lstrip(".") else [])])
        if source and (value := _setting(root, source, name, deepest - 1)):
            return value
    return ""
