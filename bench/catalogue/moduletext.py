"""What the text of a Python module says of the applications in it; nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

APPLICATION_NAMES = ("application", "app")
"""What an application is called where nobody says otherwise, the first choice first."""
FACTORY_NAMES = ("create_app", "make_app", "create_application", "make_application")
# What makes names that the text of a module doesn't show.
_DYNAMIC = frozenset({"__getattr__", "exec", "globals", "setattr", "vars", "locals"})
# Classes whose instances are applications, whatever they are called.
_APPLICATION_CLASSES = frozenset({"Flask", "Bottle"})
_BLOCKS = (ast.If, ast.Try, ast.With)


@dataclass(frozen=True)
class Factory:
    """A function that makes an application.

    Attributes:
        required: its parameters without a default.
    """

    name: str
    required: tuple[str, ...]


@dataclass(frozen=True)
class ModuleText:
    """What a module binds at its top level, blocks of `if`, `try` and `with` included.

    Attributes:
        names: all of them, in their order.
        applications: those that are made by a call or are functions of two parameters, and are called as
            applications are, or whose class is that of applications.
        passed_on: those that are called as applications are, and come from another module or another name.
        strings: those that are constant texts.
        stars: modules of `from MODULE import *`, as written.
        dynamic: whether it may bind more than its text shows.
        problem: why it isn't Python; empty if it is.
    """

    names: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    passed_on: tuple[str, ...] = ()
    factories: tuple[Factory, ...] = ()
    strings: tuple[tuple[str, str], ...] = ()
    stars: tuple[str, ...] = ()
    dynamic: bool = False
    problem: str = ""


def read_module(path: Path) -> ModuleText:
    """The text of a module; an unreadable one has a problem and no names."""
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError as error:
        return ModuleText(problem=f"line {error.lineno} isn't Python: {error.msg}")
    except (OSError, ValueError, RecursionError) as error:
        return ModuleText(problem=f"it isn't Python: {error}")
    statements = list(_statements(tree.body))
    assigned = list(_assigned(statements))
    functions = [node for node in statements if isinstance(node, ast.FunctionDef)]
    stars = tuple(
        f"{'.' * node.level}{node.module or ''}"
        for node in statements
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    )
    names = {bound: None for node in ast.walk(tree) for bound in _bound_names(node) if bound not in _DYNAMIC}
    return ModuleText(
        names=tuple(names),
        applications=tuple(dict.fromkeys([*_called_as_applications(assigned, functions)])),
        passed_on=tuple(name for name in APPLICATION_NAMES if name in set(_passed_on(statements, assigned))),
        factories=tuple(
            Factory(node.name, _required(node.args)) for node in functions if node.name in FACTORY_NAMES
        ),
        strings=tuple((name, text) for name, value in assigned if (text := _text(value)) is not None),
        stars=stars,
        dynamic=bool(stars) or any(_is_dynamic(node) for node in ast.walk(tree)),
    )


def _bound_names(node: ast.AST) -> Sequence[str]:
    """The names that a piece of a module may bind, in whatever scope."""
    if isinstance(node, ast.Name):
        return (node.id,) if isinstance(node.ctx, ast.Store) else ()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    if isinstance(node, ast.alias):
        return (node.asname or node.name.partition(".")[0],)
    return ()


def _is_dynamic(node: ast.AST) -> bool:
    used = node.id if isinstance(node, ast.Name) else getattr(node, "name", "")
    return used in _DYNAMIC


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, _BLOCKS) and not _only_as_program(node):
            yield from _statements(node.body)
            yield from _statements(getattr(node, "orelse", []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)


def _only_as_program(node: ast.stmt) -> bool:
    """Whether it is `if __name__ == "__main__"`, which no server runs."""
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test)


def _assigned(statements: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in statements:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            yield node.target.id, node.value


def _called_as_applications(
    assigned: Sequence[tuple[str, ast.expr]], functions: Sequence[ast.FunctionDef]
) -> Iterator[str]:
    made = {name: value for name, value in assigned if isinstance(value, ast.Call)}
    of_two = {node.name for node in functions if len(_required(node.args)) == 2}
    yield from (name for name in APPLICATION_NAMES if name in made or name in of_two)
    yield from (name for name, value in made.items() if _last_name(value.func) in _APPLICATION_CLASSES)


def _passed_on(statements: Sequence[ast.stmt], assigned: Sequence[tuple[str, ast.expr]]) -> Iterator[str]:
    yield from (name for name, value in assigned if isinstance(value, ast.Name | ast.Attribute))
    for node in statements:
        if isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _required(arguments: ast.arguments) -> tuple[str, ...]:
    positional = [*arguments.posonlyargs, *arguments.args]
    without = positional[: len(positional) - len(arguments.defaults)]
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return tuple(
        argument.arg
        for argument in [*without, *(argument for argument, default in keywords if default is None)]
    )


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
