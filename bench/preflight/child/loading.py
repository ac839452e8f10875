"""Imports an application and says what it is, as gunicorn would find it. For Python 3.8 and newer."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import sys
from types import FunctionType
from typing import Any

_NAMES = ("application", "app")
_FACTORIES = ("create_app", "make_app", "create_application", "make_application")
# By their import names, the most telling first.
_FRAMEWORKS = (
    "django", "fastapi", "litestar", "starlette", "quart", "sanic", "flask", "pyramid", "bottle", "falcon",
    "cherrypy", "tg", "morepath", "web", "trac", "werkzeug", "webob",
)  # fmt: skip


def load(named: str, theirs: Any) -> dict[str, Any]:
    """Import `module`, `module:name` or `module:factory(literals)`.

    Returns:
        `application` and the whole name as `callable`; or why it can't be served as `kind`, with details.
    """
    module_name, _, expression = named.partition(":")
    try:
        importlib.import_module(module_name)
        module = sys.modules[module_name]
        theirs.take_package(sys.modules[module_name.partition(".")[0]])
    except SystemExit as error:
        return {"kind": "exit", "detail": repr(error.code), "raised": theirs.raised(error)}
    except BaseException as error:
        raised = theirs.raised(error)
        missing = raised["module"]
        own = missing and (module_name == missing or module_name.startswith(missing + "."))
        return {"kind": "no-module" if own else "import", "detail": missing, "raised": raised}
    if not expression:
        expression = _unnamed(module)
        if not expression:
            return _lacking(module, " or ".join(_NAMES))
    name, arguments, keywords = _read(expression)
    outcome: dict[str, Any] = {"callable": f"{module_name}:{expression}"}
    if not hasattr(module, name):
        return {**outcome, **_lacking(module, name)}
    application = getattr(module, name)
    if arguments is not None:
        if not callable(application):
            return {**outcome, "kind": "not-callable", "detail": type(application).__name__}
        try:
            application = application(*arguments, **(keywords or {}))
        except SystemExit as error:
            return {**outcome, "kind": "exit", "detail": repr(error.code), "raised": theirs.raised(error)}
        except BaseException as error:
            return {**outcome, "kind": "factory-failed", "raised": theirs.raised(error)}
        if application is None:
            return {**outcome, "kind": "nothing-made"}
        if inspect.iscoroutine(application):
            application.close()
            return {**outcome, "kind": "asgi", "detail": "async function"}
    return {**outcome, **_judged(application)}


def frameworks() -> list[tuple[str, str]]:
    """The frameworks that were imported, each with its version."""
    from importlib import metadata

    known = []
    for name in _FRAMEWORKS:
        if name in sys.modules:
            distribution = {"web": "web.py", "tg": "TurboGears2"}.get(name, name)
            try:
                described = metadata.metadata(distribution)
                known.append((str(described["Name"]), str(described["Version"])))
            except Exception:
                continue
    return known


def hosts() -> list[str]:
    """The hosts that Django's settings allow."""
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    try:
        return [str(host) for host in getattr(settings, "ALLOWED_HOSTS", None) or []][:20]
    except Exception:
        return []


def _unnamed(module: Any) -> str:
    for name in _NAMES:
        if hasattr(module, name):
            return name
    for name in _FACTORIES:
        if callable(getattr(module, name, None)):
            return f"{name}()"
    return ""


def _lacking(module: Any, name: str) -> dict[str, Any]:
    callables = {k: value for k, value in vars(module).items() if callable(value) and not k.startswith("_")}
    # What the module imports is told last.
    own = sorted(callables, key=lambda key: _elsewhere(callables[key], module))
    return {"kind": "no-callable", "detail": name, "names": own[:100]}


def _elsewhere(value: Any, module: Any) -> bool:
    """Whether a class or a function is another module's."""
    return isinstance(value, (type, FunctionType)) and value.__module__ != module.__name__


def _read(expression: str) -> tuple[str, list[Any] | None, dict[str, Any] | None]:
    node = ast.parse(expression, mode="eval").body
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        arguments = [ast.literal_eval(value) for value in node.args]
        keywords = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
        return node.func.id, arguments, keywords
    assert isinstance(node, ast.Name)
    return node.id, None, None


def _judged(application: Any) -> dict[str, Any]:
    """Whether it can be called with an environ and start_response; only what is certain is refused."""
    if not callable(application):
        return {"kind": "not-callable", "detail": type(application).__name__}
    required, most = _parameters(application)
    if _is_async(application) or required[:3] == ["scope", "receive", "send"]:
        return {"kind": "asgi", "detail": _what_it_is(application)}
    if inspect.isclass(application):
        if len(required) > 2 or most < 2:
            return {"kind": "class", "detail": ", ".join(required)}
    elif len(required) > 2 or most < 2 or (not required and inspect.isfunction(application) and most < 99):
        kind = "factory" if inspect.isroutine(application) else "not-wsgi"
        return {
            "kind": kind,
            "detail": ", ".join(required) if kind == "factory" else type(application).__name__,
        }
    return {"application": application}


def _is_async(application: Any) -> bool:
    while isinstance(application, functools.partial):
        application = application.func
    if inspect.isclass(application):
        return "scope" in _parameters(application)[0][:1]
    call = getattr(type(application), "__call__", None)  # noqa: B004
    return any(map(inspect.iscoroutinefunction, (application, inspect.unwrap(application), call)))


def _parameters(application: Any) -> tuple[list[str], int]:
    """The parameters without a default, and how many can be given by position (99: any number)."""
    try:
        parameters = list(inspect.signature(application).parameters.values())
    except (TypeError, ValueError):
        return ["environ", "start_response"], 99
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [
        p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    return required, 99 if any(p.kind == p.VAR_POSITIONAL for p in parameters) else len(positional)


def _what_it_is(application: Any) -> str:
    """The framework of an application by the module of its class, else the name of its class."""
    kind = application if inspect.isclass(application) else type(application)
    for base in kind.__mro__:
        top = str(base.__module__).partition(".")[0]
        if top in _FRAMEWORKS:
            return {"fastapi": "FastAPI", "django": "Django"}.get(top, top.capitalize())
    return "async function" if inspect.isfunction(application) else str(kind.__name__)
