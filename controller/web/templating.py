"""The template environments: one a language, with the filters and globals that the templates use.

Globals: ``_``, ``ngettext`` (newstyle: values as keywords, result escaped), ``say`` (the `Translator`), ``asset(name)``
(the address of a file under ``static/``, with a hash of its content in it so that it can be cached for ever),
``describe(record)`` and ``clock_basis(basis)`` for journal records. Autoescape is always on, undefined names are
errors.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agents.protocol.ids import plate_digits
from controller.web.evidence import clock_basis, describe
from controller.web.i18n import Language, Translator
from controller.web.sentences import refusal_sentence
from controller.web.waveform import waveform_path

WEB_FOLDER = Path(__file__).parent
STATIC_FOLDER = WEB_FOLDER / "static"
TEMPLATES_FOLDER = WEB_FOLDER / "templates"
STATIC_URL = "/static/"


def asset_versions(folder: Path = STATIC_FOLDER) -> Mapping[str, str]:
    """Every static file's name below ``folder`` with a short hash of its bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()[:12] for p in files}


def make_environments(
    translators: Mapping[Language, Translator], folder: Path = TEMPLATES_FOLDER
) -> Mapping[Language, Environment]:
    """The environment of each language. Reads the static files once, for their versions."""
    asset = _asset_address(asset_versions())
    return {language: _make(say, asset, folder) for language, say in translators.items()}


def _asset_address(versions: Mapping[str, str]) -> Callable[[str], str]:
    def asset(name: str) -> str:
        return f"{STATIC_URL}{name}?v={versions[name]}"

    return asset


def _make(say: Translator, asset: Callable[[str], str], folder: Path) -> Environment:
    environment: Any = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(say.catalogue.gettext, say.catalogue.ngettext, newstyle=True)
    environment.globals.update(
        say=say,
        asset=asset,
        describe=lambda record: describe(record, say),
        clock_basis=lambda basis: clock_basis(basis, say),
        refusal_sentence=lambda reason: refusal_sentence(reason, say),
        waveform_path=waveform_path,
    )
    environment.filters.update(
        moment=say.format_datetime,
        clock=say.format_time,
        date=say.format_date,
        day=say.format_day,
        number=say.format_number,
        signed=say.format_signed,
        duration=say.format_duration,
        filesize=say.format_bytes,
        input_datetime=say.input_datetime,
        plate=plate_digits,
    )
    made: Environment = environment
    return made
