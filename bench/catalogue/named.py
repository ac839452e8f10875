"""What a user names as the application: a module, a callable in it or a file, read as gunicorn reads it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from bench.catalogue.moduletext import APPLICATION_NAMES, ModuleText, read_module
from bench.model.errors import UsageError

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_SHOWN = 8


@dataclass(frozen=True)
class Placed:
    """An application of a folder.

    Attributes:
        callable: `module:expression`, or the module alone where its text doesn't say which.
        root: the folder from which the module is imported.
        file: of the module; None for one that isn't below the folder, but may be installed.
    """

    callable: str
    root: Path
    file: Path | None


def place(named: str, folders: list[Path]) -> Placed:
    """The application that was named.

    Args:
        named: `shop.wsgi`, `shop.web:app`, `shop:create_app("x", debug=False)`, `shop/wsgi.py:app`.
        folders: absolute ones in which its module may be, the likeliest first.

    Raises:
        UsageError: it can't be one, or is known not to be there.
    """
    head, colon, expression = named.partition(":")
    if colon:
        _check_expression(expression, named)
    if head.endswith(".py") or "/" in head:
        file = folders[0] / head
        if not file.is_file():
            raise UsageError(f"{named}: there is no file {file}.{_meant(head, _files(folders[0]))}")
        if file.suffix != ".py":
            raise UsageError(f"{named}: Python imports no module from it. Name a file that ends in .py.")
        if not file.stem.isidentifier():
            raise UsageError(
                f"{named}: Python imports no module of that name, which has other characters than letters, "
                f"digits and _. Rename the file, or import it from one of another name."
            )
        root, module = module_of(file)
        return _completed(module, expression, root, file, named)
    if not _MODULE.fullmatch(head):
        raise UsageError(
            f"{named!r} names no application. Write module, module:callable, module:factory('argument') or a "
            f"file, as in shop.wsgi, shop.web:app, shop:create_app() or shop/wsgi.py."
        )
    for root in folders:
        if inner := file_of(root, head):
            return _completed(head, expression, root, inner, named)
        # As Django's WSGI_APPLICATION has it: mysite.wsgi.application.
        above, _, last = head.rpartition(".")
        outer = file_of(root, above) if above and not colon else None
        if outer and last in read_module(outer).names:
            return _completed(above, last, root, outer, named)
    for root in folders:
        _check_below(head, root, named)
    return Placed(named, folders[0], None)


def module_of(file: Path) -> tuple[Path, str]:
    """The folder from which a file is imported, and as which module: packages have an `__init__.py`."""
    names = [] if file.stem == "__init__" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names)


def file_of(root: Path, module: str) -> Path | None:
    """The file of a module below a folder."""
    path = root.joinpath(*module.split("."))
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


def complete(module: str, text: ModuleText) -> str:
    """The application of a module that was named without one; the module alone where its text can't say.

    Raises:
        UsageError: it has none, or only factories that want arguments.
    """
    for name in APPLICATION_NAMES:
        if name in text.names:
            return f"{module}:{name}"
    if text.applications:
        return f"{module}:{text.applications[0]}"
    for factory in text.factories:
        if not factory.required:
            return f"{module}:{factory.name}()"
    if text.dynamic:
        return module
    for factory in text.factories:
        raise UsageError(f"{module}: {wants(module, factory.name, factory.required)}")
    raise UsageError(
        f"{module}: nothing in it is called {' or '.join(APPLICATION_NAMES)}. Name the callable, as in "
        f"{module}:name.{_there(text)}"
    )


def wants(module: str, factory: str, required: tuple[str, ...]) -> str:
    """What to write for a factory with parameters that have no default."""
    given = ", ".join(f"{name}=..." for name in required)
    return f"{factory} needs {', '.join(required)}. Write {module}:{factory}({given}), with literals."


def _check_expression(expression: str, named: str) -> None:
    """Refuse what gunicorn wouldn't read (`gunicorn.util.import_app`)."""
    try:
        node = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        node = None
    if isinstance(node, ast.Name):
        return
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise UsageError(
            f"{named}: after the colon stands a name, or a factory's call with literals: "
            f"shop:app, shop:create_app('production', debug=False)."
        )
    try:
        for value in [*node.args, *(keyword.value for keyword in node.keywords)]:
            ast.literal_eval(value)
    except ValueError:
        raise UsageError(
            f"{named}: only literals can be arguments (texts, numbers, True, None, lists, dicts of these)."
        ) from None
    if any(keyword.arg is None for keyword in node.keywords):
        raise UsageError(f"{named}: ** can't be written there; give each argument by its name.")


def _completed(module: str, expression: str, root: Path, file: Path, named: str) -> Placed:
    text = read_module(file)
    if text.problem:
        raise UsageError(f"{named} can't be served: {file}: {text.problem}. Correct that, or the name.")
    if not expression:
        return Placed(complete(module, text), root, file)
    name = expression.partition("(")[0].strip()
    if name not in text.names and not text.dynamic:
        raise UsageError(
            f"{named}: nothing in {file} is called {name}.{_meant(name, text.names) or _there(text)}"
        )
    return Placed(f"{module}:{expression}", root, file)


def _check_below(module: str, root: Path, named: str) -> None:
    """Refuse a module whose package is in the folder, but not the module in it."""
    parts = module.split(".")
    for number in range(len(parts) - 1, 0, -1):
        folder = root.joinpath(*parts[:number])
        if file_of(root, ".".join(parts[:number])) or (folder.is_dir() and any(folder.glob("*.py"))):
            missing = ".".join(parts[: number + 1])
            siblings = [f"{'.'.join(parts[:number])}.{file.stem}" for file in sorted(folder.glob("*.py"))]
            raise UsageError(f"{named}: there is no module {missing} in {root}.{_meant(missing, siblings)}")


def _files(folder: Path) -> list[str]:
    return [str(file.relative_to(folder)) for pattern in ("*.py", "*/*.py") for file in folder.glob(pattern)]


def _meant(word: str, known: tuple[str, ...] | list[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _there(text: ModuleText) -> str:
    names = [name for name in text.names if not name.startswith("_")]
    more = " ..." if len(names) > _SHOWN else ""
    return f" It has {', '.join(names[:_SHOWN])}{more}." if names else ""
