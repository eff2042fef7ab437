"""Section 3 of CAP 1.2, beyond its schema: what elements ask of each other, and what is worth a second look."""

import re
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha1
from typing import Final
from urllib.parse import urlsplit

from controller.cap.model import Alert, Info, MessageType, Resource, Scope, Severity, Status, Urgency
from controller.cap.reasons import Reason, error, note, warning

_NOT_IN_NAMES: Final = re.compile(r"[\s,<&]")
_MIME_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+\-]{1,127}/[A-Za-z0-9!#$&^_.+\-]{1,127}(\s*;.*)?")
_TAG: Final = re.compile(r"<[a-zA-Z/][^>]{0,200}>|&(?:nbsp|lt|gt|amp|quot|#\d{1,6});")
_ANSWERS: Final = frozenset({MessageType.UPDATE, MessageType.CANCEL, MessageType.ACK, MessageType.ERROR})
_WITH_INFO: Final = frozenset({MessageType.ALERT, MessageType.UPDATE})


def findings(alert: Alert) -> Iterator[Reason]:
    """All that section 3 has to say of an alert that the schema takes."""
    yield from _names(alert)
    yield from _scope(alert)
    yield from _references(alert)
    yield from _notes(alert)
    if not alert.infos and alert.message_type in _WITH_INFO:
        yield error("info_missing")
    for number, info in enumerate(alert.infos, 1):
        yield from _info(alert, info, f"info[{number}]")
    yield from _languages(alert)


def _names(alert: Alert) -> Iterator[Reason]:
    for name, value in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not value:
            yield error("name_empty", name, element=name)
        elif _NOT_IN_NAMES.search(value):
            yield error("name_characters", name, element=name, value=value)
        elif len(value) > 500:
            yield error("name_too_long", name, element=name)


def _scope(alert: Alert) -> Iterator[Reason]:
    match alert.scope:
        case Scope.PRIVATE if not alert.addresses:
            yield error("addresses_missing", "addresses")
        case Scope.RESTRICTED if not alert.restriction:
            yield error("restriction_missing", "restriction")
        case Scope.PUBLIC if alert.restriction:
            yield warning("restriction_of_public", "restriction", restriction=alert.restriction)
    if alert.scope is not Scope.PUBLIC:
        yield note("scope_not_public", "scope", scope=alert.scope.value)


def _references(alert: Alert) -> Iterator[Reason]:
    if alert.message_type in _ANSWERS and not alert.references:
        yield error("references_missing", "references", type=alert.message_type.value)
    for one in alert.references:
        if one == alert.key:
            yield error("reference_to_itself", "references")
        elif one.sent_us > alert.sent_us:
            yield warning("reference_to_later", "references", identifier=one.identifier)
        if one.sender != alert.sender:
            yield warning("reference_other_sender", "references", identifier=one.identifier, sender=one.sender)


def _notes(alert: Alert) -> Iterator[Reason]:
    if not alert.note:
        if alert.message_type is MessageType.ERROR:
            yield note("note_missing_error", "note")
        if alert.status is Status.EXERCISE:
            yield note("note_missing_exercise", "note")
    if alert.sent.endswith("+00:00"):
        yield note("offset_of_utc", "sent")


# --- infos -----------------------------------------------------------------------------------------------------------


def _info(alert: Alert, info: Info, where: str) -> Iterator[Reason]:
    if not info.event:
        yield error("event_empty", f"{where}.event")
    if not (info.headline or info.description or info.instruction):
        yield note("text_missing", where)
    if _TAG.search(info.headline) or _TAG.search(info.description) or _TAG.search(info.instruction):
        yield note("text_has_markup", where)
    yield from _times(alert, info, where)
    if info.urgency is Urgency.UNKNOWN or info.severity is Severity.UNKNOWN:
        yield note("importance_unknown", where)
    yield from _areas(alert, info, where)
    for number, resource in enumerate(info.resources, 1):
        yield from _resource(resource, f"{where}.resource[{number}]")


def _times(alert: Alert, info: Info, where: str) -> Iterator[Reason]:
    begins_us = alert.sent_us if info.effective_us is None else info.effective_us
    if info.expires_us is None:
        yield note("expires_missing", f"{where}.expires")
        return
    if info.expires_us < begins_us and alert.message_type in _WITH_INFO:
        yield error("expires_before_effective", f"{where}.expires")
    elif info.onset_us is not None and info.expires_us < info.onset_us:
        yield warning("expires_before_onset", f"{where}.expires")


def _areas(alert: Alert, info: Info, where: str) -> Iterator[Reason]:
    if not info.areas and alert.message_type in _WITH_INFO:
        yield warning("area_missing", where)
    for number, area in enumerate(info.areas, 1):
        here = f"{where}.area[{number}]"
        if not area.description:
            yield error("area_description_empty", f"{here}.areaDesc")
        if not (area.polygons or area.circles or area.geocodes):
            yield warning("area_without_place", here, area=area.description)
        if area.ceiling_ft is not None and area.altitude_ft is None:
            yield error("ceiling_without_altitude", f"{here}.ceiling")
        elif area.ceiling_ft is not None and area.altitude_ft is not None and area.ceiling_ft < area.altitude_ft:
            yield error("ceiling_below_altitude", f"{here}.ceiling")
        if any(not one.name or not one.value for one in area.geocodes):
            yield note("geocode_empty", here)


def _resource(resource: Resource, where: str) -> Iterator[Reason]:
    if _MIME_TYPE.fullmatch(resource.mime_type) is None:
        yield note("resource_mime_type", f"{where}.mimeType", value=resource.mime_type)
    if resource.deref:
        try:
            content = b64decode(resource.deref, validate=True)
        except ValueError:
            yield note("resource_not_base64", f"{where}.derefUri")
        else:
            # SHA-1 is what the standard names; it finds damage, not malice.
            if resource.digest and sha1(content, usedforsecurity=False).hexdigest() != resource.digest:
                yield warning("resource_digest", f"{where}.digest")
    elif not resource.uri:
        yield note("resource_without_content", where)
    elif not _is_absolute(resource.uri):
        yield note("resource_uri_relative", f"{where}.uri", value=resource.uri)


def _is_absolute(uri: str) -> bool:
    try:
        return bool(urlsplit(uri).scheme)
    except ValueError:
        return False


def _languages(alert: Alert) -> Iterator[Reason]:
    """The infos of each language together must say the same: the same categories, codes and importance."""
    said: dict[str, set[object]] = {}
    codes: dict[str, set[object]] = {}
    for info in alert.infos:
        language = info.language.casefold()
        said.setdefault(language, set()).update(info.categories)
        codes.setdefault(language, set()).update(info.event_codes)
    first = next(iter(said), "")
    for language, categories in said.items():
        if categories != said[first]:
            yield warning("languages_differ", "info", element="category", language=language, other=first)
        if codes[language] != codes[first]:
            yield note("languages_differ_in_codes", "info", language=language, other=first)
    yield from _importance(alert)


def _importance(alert: Alert) -> Iterator[Reason]:
    """Two languages of one alert that name different severities or times mean that one of them is wrong."""
    by_language: dict[str, set[tuple[object, ...]]] = {}
    for info in alert.infos:
        told = (info.severity, info.urgency, info.certainty, info.expires_us)
        by_language.setdefault(info.language.casefold(), set()).add(told)
    first = next(iter(by_language), "")
    for language, importance in by_language.items():
        if importance != by_language[first]:
            yield warning("languages_differ", "info", element="severity", language=language, other=first)
