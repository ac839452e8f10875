"""Dataclasses to JSON and back, by their type hints. No pickles, no registry, no options.

What is read is anybody's: each number has a range (`bench/model/ranges.py`), by the name of its field.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from bench.model import MODELS, Load
from bench.model.ranges import ANY, Range, range_of

T = TypeVar("T")
Decode = Callable[[Any, str], Any]


class Malformed(ValueError):
    """A value isn't of the type that its field has; the message starts with the path to it."""


def dump(value: Any) -> Any:
    """Turn dataclasses, tuples and mappings into what `json` writes."""
    if is_dataclass(value):
        return {_stored_name(f): dump(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: dump(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [dump(item) for item in value]
    return value


def parse(kind: type[T], value: Any, path: str) -> T:
    """Build a `kind` from parsed JSON.

    Keys that the dataclass doesn't have are passed over: later minor additions stay readable.

    Raises:
        Malformed: a key is missing, or a value has another type than its field.
    """
    return cast(T, _decoder(cast(Any, kind), range_of(path.rpartition(".")[2]))(value, path))


def items(value: Any, path: str) -> list[Any]:
    """A parsed JSON list, its items as they are.

    Raises:
        Malformed: it is something else.
    """
    if not isinstance(value, list):
        raise Malformed(f"{path}: expected a list, found {described(value)}")
    return value


def members(value: Any, path: str) -> dict[str, Any]:
    """A parsed JSON object, its members as they are.

    Raises:
        Malformed: it is something else.
    """
    if not isinstance(value, dict):
        raise Malformed(f"{path}: expected an object, found {described(value)}")
    return value


def shown(text: str) -> str:
    """A name out of a file, as a message may have it."""
    cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return "".join(letter if letter.isprintable() else "?" for letter in cut)


@cache
def _decoder(kind: Any, within: Range) -> Decode:
    if kind is Load:
        return _load
    if kind is Any:
        return _free
    if is_dataclass(kind):
        return _dataclass_decoder(cast(type, kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _literal_decoder(arguments)
    if origin in (Union, types.UnionType):
        return _optional_decoder(arguments, within)
    if origin is tuple:
        return _tuple_decoder(_decoder(arguments[0], within))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping_decoder(_decoder(arguments[1], within))
    return _number_decoder(kind, *within) if kind is int or kind is float else _scalar_decoder(kind)


def _dataclass_decoder(kind: type) -> Decode:
    hints = get_type_hints(kind)
    read = [f for f in fields(kind) if f.init]
    decoders = {_stored_name(f): (f.name, _decoder(hints[f.name], range_of(_stored_name(f)))) for f in read}
    required = {_stored_name(f) for f in read if f.default is MISSING and f.default_factory is MISSING}

    def decode(value: Any, path: str) -> Any:
        object_ = members(value, path)
        missing = sorted(required - object_.keys())
        if missing:
            raise Malformed(f"{path}: {', '.join(missing)} missing")
        return kind(
            **{
                name: decoder(object_[stored], f"{path}.{stored}")
                for stored, (name, decoder) in decoders.items()
                if stored in object_
            }
        )

    return decode


def _stored_name(field: Field[Any]) -> str:
    """What a field is called in JSON, where that isn't its own name."""
    return str(field.metadata.get("stored", field.name))


def _load(value: Any, path: str) -> Load:
    """A load, of the load model that it names."""
    model = _literal_decoder(tuple(MODELS))(members(value, path).get("model"), f"{path}.model")
    return parse(MODELS[model], value, path)


def _literal_decoder(choices: tuple[Any, ...]) -> Decode:
    def decode(value: Any, path: str) -> Any:
        if value not in choices:
            raise Malformed(f"{path}: expected one of {', '.join(choices)}, found {described(value)}")
        return value

    return decode


def _optional_decoder(arguments: tuple[Any, ...], within: Range) -> Decode:
    (inner,) = (_decoder(a, within) for a in arguments if a is not types.NoneType)
    return lambda value, path: None if value is None else inner(value, path)


def _tuple_decoder(inner: Decode) -> Decode:
    def decode(value: Any, path: str) -> Any:
        return tuple(inner(entry, f"{path}[{i}]") for i, entry in enumerate(items(value, path)))

    return decode


def _mapping_decoder(inner: Decode) -> Decode:
    def decode(value: Any, path: str) -> Any:
        return {key: inner(entry, f"{path}.{shown(key)}") for key, entry in members(value, path).items()}

    return decode


def _scalar_decoder(kind: type) -> Decode:
    def decode(value: Any, path: str) -> Any:
        if type(value) is not kind:
            raise Malformed(f"{path}: expected {_NAMES[kind]}, found {described(value)}")
        return value

    return decode


def _number_decoder(kind: type[int] | type[float], least: float, most: float) -> Decode:
    def decode(value: Any, path: str) -> Any:
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise Malformed(f"{path}: expected {_NAMES[kind]}, found {described(value)}")
        # Infinity is beyond, and what is no number within nothing.
        if not least <= value <= most:
            raise Malformed(f"{path}: expected {least:g} to {most:g}, found {described(value)}")
        return kind(value)

    return decode


def _free(value: Any, path: str, depth: int = 1) -> Any:
    """A value of any form. Its lists become tuples, as the dataclasses hold them."""
    if depth > _DEEPEST:
        raise Malformed(f"{path}: nested more than {_DEEPEST} deep")
    if isinstance(value, list):
        return tuple(_free(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value))
    if isinstance(value, dict):
        return {key: _free(item, f"{path}.{shown(key)}", depth + 1) for key, item in value.items()}
    if isinstance(value, int | float) and not ANY[0] <= value <= ANY[1]:
        raise Malformed(f"{path}: expected {ANY[0]:g} to {ANY[1]:g}, found {described(value)}")
    return value


_DEEPEST = 8
_SHOWN = 60
_NAMES: Mapping[type, str] = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}


def described(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    # Not as Python writes it: null and true stand in the file.
    return shown(json.dumps(value))
