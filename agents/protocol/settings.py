"""Settings of a program: a TOML file, the environment and flags, in that order of weakness.

Rules of the module: a program's settings are one frozen dataclass whose fields are made by `setting`; everything else
(reading, checking, flags, the page in `docs/`) follows from those fields. This has no meaning on the wire; it lives
here because both sides stand on it. A value that cannot be used is an error with the setting's name and where the
value came from, never a silent default.
"""

import argparse
import dataclasses
import enum
import math
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

_META: Final = "setting"
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_C = TypeVar("_C")


class SettingsError(Exception):
    """A setting that cannot be used; the sentence names it, says where it came from and what would be right."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Extra:
    help: str
    unit: str
    least: float | None
    most: float | None
    secret: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it can be shown. ``env`` and ``flag`` are its names there; ``choices`` is empty where all go."""

    name: str
    type_name: str
    unit: str
    default: object
    help: str
    env: str
    flag: str
    choices: tuple[str, ...]
    secret: bool
    kind: type
    optional: bool
    many: bool
    least: float | None
    most: float | None

    def default_text(self) -> str:
        """The default as one would write it; empty where there is none."""
        return _text(self.default)


def setting(
    default: Any,
    *,
    help: str,
    unit: str = "",
    least: float | None = None,
    most: float | None = None,
    secret: bool = False,
) -> Any:
    """A field of a settings dataclass. ``secret`` values are never shown."""
    extra = _Extra(help=help, unit=unit, least=least, most=most, secret=secret)
    return dataclasses.field(default=default, metadata={_META: extra})


def table(config: type, prefix: str) -> tuple[Setting, ...]:
    """Every setting of the dataclass, in the order of its fields. ``prefix`` is that of the environment (``LOA_``)."""
    hints = typing.get_type_hints(config)
    return tuple(
        _describe(field, hints[field.name], prefix) for field in dataclasses.fields(config) if _META in field.metadata
    )


def _describe(field: "dataclasses.Field[Any]", hint: Any, prefix: str) -> Setting:
    extra: _Extra = field.metadata[_META]
    optional = isinstance(hint, types.UnionType) and type(None) in typing.get_args(hint)
    inner = next(part for part in typing.get_args(hint) if part is not type(None)) if optional else hint
    many = typing.get_origin(inner) is tuple
    kind = typing.get_args(inner)[0] if many else inner
    choices = tuple(str(member.value) for member in kind) if issubclass(kind, enum.Enum) else ()
    type_name = {str: "text", int: "whole number", float: "number", bool: "on or off", Path: "path"}.get(kind, "choice")
    return Setting(
        name=field.name,
        type_name=f"list of {type_name}" if many else type_name,
        unit=extra.unit,
        default=field.default,
        help=extra.help,
        env=prefix + field.name.upper(),
        flag="--" + field.name.replace("_", "-"),
        choices=choices,
        secret=extra.secret,
        kind=kind,
        optional=optional,
        many=many,
        least=extra.least,
        most=extra.most,
    )


def add_flags(parser: argparse.ArgumentParser, settings: Sequence[Setting]) -> None:
    """A flag for each setting (booleans also as ``--no-name``); those not given stay out of `given_flags`."""
    for one in settings:
        unit = f" [{one.unit}]" if one.unit else ""
        shown = f" (default: {one.default_text()})" if one.default_text() and not one.secret else ""
        text = (one.help + unit + shown).replace("%", "%%")
        if one.kind is bool:
            parser.add_argument(
                one.flag, dest=one.name, default=argparse.SUPPRESS, action=argparse.BooleanOptionalAction, help=text
            )
        else:
            metavar = "|".join(one.choices) if one.choices else (one.unit.upper() or "VALUE").replace(" ", "-")
            parser.add_argument(
                one.flag, dest=one.name, default=argparse.SUPPRESS, metavar=metavar.replace("%", "PERCENT"), help=text
            )


def given_flags(options: argparse.Namespace, settings: Sequence[Setting]) -> dict[str, object]:
    """The settings among what was parsed."""
    names = {one.name for one in settings}
    return {name: value for name, value in vars(options).items() if name in names}


def load(
    config: type[_C], prefix: str, *, file: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]
) -> _C:
    """The settings, each from the strongest place that names it. Raises `SettingsError`.

    A file that is named and not there is an error; unknown names in the file are errors too, so that a slip of the
    pen is not a default. Unknown names in the environment are left alone: it is shared.
    """
    values: dict[str, Any] = {}
    known = {one.name: one for one in table(config, prefix)}
    for name, raw in _read(file).items():
        if name not in known:
            raise SettingsError(f"{file} names the setting {name}, which there is not.")
        values[name] = parse(known[name], raw, str(file))
    for name, one in known.items():
        if one.env in environ:
            values[name] = parse(one, environ[one.env], f"the environment variable {one.env}")
        if name in flags:
            values[name] = parse(one, flags[name], f"the flag {one.flag}")
    return config(**values)


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {file} is not TOML: {error}.") from error


def parse(one: Setting, raw: object, where: str) -> object:
    """The value of a setting from what a file, the environment or a flag holds. Raises `SettingsError`."""
    if one.optional and raw in ("", None):
        return None
    try:
        if one.many:
            parts = [p.strip() for p in raw.split(",") if p.strip()] if isinstance(raw, str) else raw
            if not isinstance(parts, list | tuple):
                raise ValueError("a list is wanted, or one text with commas")
            return tuple(_one(one, part) for part in parts)
        return _one(one, raw)
    except ValueError as error:
        shown = "the value given" if one.secret else repr(raw)
        raise SettingsError(f"{one.name} cannot be {shown} ({where}): {error}.") from error


def _one(one: Setting, raw: object) -> object:
    if one.kind is bool:
        return _bool(raw)
    if one.choices:
        if str(raw) not in one.choices:
            raise ValueError("it is one of " + ", ".join(one.choices))
        return one.kind(str(raw))
    if one.kind in (int, float):
        return _number(one, raw)
    if not isinstance(raw, str | Path):
        raise ValueError("a text is wanted")
    return Path(raw).expanduser() if one.kind is Path else str(raw)


def _bool(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("it is on or off")


def _number(one: Setting, raw: object) -> float | int:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise ValueError("a number is wanted")
    try:
        value: float | int = one.kind(raw)
    except (ValueError, OverflowError):
        raise ValueError(f"a {one.type_name} is wanted") from None
    unit = f" {one.unit}" if one.unit else ""
    if not math.isfinite(value) or (isinstance(raw, float) and value != raw):
        raise ValueError(f"a {one.type_name} is wanted")
    if one.least is not None and value < one.least:
        raise ValueError(f"the least is {one.least:g}{unit}")
    if one.most is not None and value > one.most:
        raise ValueError(f"the most is {one.most:g}{unit}")
    return value


def explain(
    config: object,
    settings: Sequence[Setting],
    *,
    file: Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, object],
) -> list[str]:
    """What is in force and where it came from, two lines a setting; secrets are not shown. Raises `SettingsError`."""
    in_file = _read(file)
    lines: list[str] = []
    for one in settings:
        value = getattr(config, one.name)
        if one.name in flags:
            source = f"flag {one.flag}"
        elif one.env in environ:
            source = f"environment {one.env}"
        else:
            source = f"file {file}" if one.name in in_file else "default"
        shown = "(secret)" if one.secret and value else _text(value)
        quantity = f"{shown} {one.unit}".strip() if shown else "-"
        lines += [f"{one.name:32} {quantity}  ({source})", f"{'':32} {one.help}"]
    return lines


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case enum.Enum():
            return str(value.value)
        case tuple():
            return ",".join(_text(part) for part in value)
        case _:
            return str(value)
