"""English sentences of reasons, for the command line and the log; pages translate the same codes.

Every code that any part of `controller.cap` gives has a sentence here: names in braces are the keys of its values.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final

from controller.cap.reasons import Reason

_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC")
SENTENCES: Final[Mapping[str, str]] = {
    # the file
    "file_empty": "The file is empty.",
    "file_too_large": "The file has {bytes} bytes; at most {most} are read.",
    "file_not_xml": "This is not XML.",
    "file_is_html": "This is a web page (HTML), not an alert.",
    "file_is_json": "This is JSON, not XML.",
    "encoding_unknown": "The text is said to be in {encoding}, which is not read here. Use UTF-8.",
    "encoding_broken": "The text is not in {encoding}, as it says of itself: byte {at} does not belong there.",
    "xml_malformed": "The XML is broken in line {line}: {problem}.",
    "xml_document_type": "The XML has a document type (DTD). Those are not read: they can hide attacks.",
    "xml_entity": "The XML has entities of its own. Those are not read: they can hide attacks.",
    "xml_too_deep": "The XML has elements in elements more deeply than any alert.",
    "xml_too_many_elements": "The XML has more than {most} elements.",
    "xml_too_many_attributes": "The element {element} has more than {most} attributes.",
    "xml_attribute_too_long": "An attribute of the element {element} is longer than {most} characters.",
    "xml_text_too_long": "The text of the element {element} is longer than {most} characters.",
    "version_old": "This is CAP {version}. Only CAP 1.2 is read.",
    "namespace_unknown": "The alert is in the namespace '{namespace}', which is not that of CAP 1.2.",
    "root_unknown": "The document begins with the element {element}: it is neither an alert nor a feed.",
    "no_alert_inside": "There is no alert inside this file (it is of the kind: {kind}).",
    "alert_too_large": "The alert has more than {most} elements, or too many of one kind.",
    "several_alerts": "There are {count} alerts in this file, where one is expected.",
    "too_many_alerts": "There are {count} alerts in this file; the first {most} are read.",
    "list_not_standard": "It came in a bare list of alerts, which no standard knows.",
    # the schema
    "schema_element": "The element {element} may not stand here.",
    "schema_unexpected": "The element {element} stands where one of these is expected: {expected}.",
    "schema_missing": "The element {element} lacks something: {expected}.",
    "schema_value": "The element {element} may not have the value '{value}'.",
    "schema_attribute": "The element {element} has an attribute that it may not have: {problem}",
    "schema_text": "The element {element} holds text or elements that it may not hold: {problem}",
    "schema_other": "The alert does not follow the schema of CAP 1.2: {problem}",
    "instant_malformed": "'{value}' in {element} is no date and time as CAP writes them, such as "
    "2026-11-22T05:30:00+07:00.",
    # names, scope, references
    "name_empty": "The element {element} is empty.",
    "name_characters": "'{value}' in {element} has a space, a comma, < or &, which the standard forbids there.",
    "name_too_long": "The element {element} is longer than 500 characters.",
    "addresses_missing": "A private alert must say for whom it is (addresses).",
    "restriction_missing": "A restricted alert must say how it is restricted (restriction).",
    "restriction_of_public": "It is public, and says all the same that it is restricted: '{restriction}'.",
    "scope_not_public": "It is not meant for everybody (scope {scope}).",
    "references_missing": "A message of the type {type} must name the alerts that it is about (references).",
    "reference_malformed": "'{reference}' is no reference such as sender,identifier,sent.",
    "reference_to_itself": "The alert refers to itself.",
    "reference_to_later": "It refers to {identifier}, which was sent later than itself.",
    "reference_other_sender": "It refers to {identifier} of another sender ({sender}).",
    "too_many_references": "It refers to more than {most} alerts.",
    "note_missing_error": "An error message should say in a note what was wrong.",
    "note_missing_exercise": "An exercise should be named in a note.",
    "offset_of_utc": "Universal time is written +00:00; the standard asks for -00:00.",
    # infos
    "info_missing": "The alert says nothing: it has no info.",
    "too_many_infos": "The alert has {count} infos; at most {most} are read.",
    "event_empty": "It does not say what the matter is (event).",
    "text_missing": "There is neither headline nor description nor instruction: only the event can be read out.",
    "text_has_markup": "The text has marks of HTML in it, which would be read out.",
    "expires_missing": "It does not say when it expires.",
    "expires_before_effective": "It expires before it takes effect.",
    "expires_before_onset": "It expires before what it warns of begins.",
    "importance_unknown": "Its urgency or its severity is unknown.",
    "languages_differ": "What is said in {language} differs from what is said in {other} ({element}).",
    "languages_differ_in_codes": "The event codes in {language} differ from those in {other}.",
    # areas
    "area_missing": "It does not say where it holds (no area).",
    "area_description_empty": "An area has no description.",
    "area_without_place": "The area '{area}' has neither polygon nor circle nor code.",
    "area_unplaced": "The area '{area}' cannot be found on our map.",
    "area_widened": "The outline of the area '{area}' is too tangled to follow: its bounds were taken.",
    "too_many_areas": "There are {count} areas in one info; at most {most} are read.",
    "ceiling_without_altitude": "There is a ceiling without an altitude.",
    "ceiling_below_altitude": "The ceiling lies below the altitude.",
    "geocode_empty": "A code of an area has no name or no value.",
    "polygon_malformed": "'{pair}' in a polygon is no pair such as 10.76,106.66.",
    "polygon_off_the_earth": "The point {pair} of a polygon is not on the earth.",
    "polygon_too_few_points": "A polygon has {points} points; it needs four, of which the last is the first.",
    "polygon_open": "A polygon is not closed: it begins at {first} and ends at {last}.",
    "polygon_crosses_itself": "A polygon crosses itself: its edges from {first} and from {second} meet.",
    "polygon_round_a_pole": "A polygon goes round a pole: what is inside cannot be told.",
    "polygon_too_tangled": "A polygon of {points} points is too tangled to be checked.",
    "polygon_without_inside": "A polygon encloses nothing.",
    "too_many_points": "The polygons have more than {most} points.",
    "circle_malformed": "'{text}' is no circle such as 10.76,106.66 5.",
    "circle_off_the_earth": "The circle '{text}' is not on the earth.",
    "circle_radius": "A circle has a radius of {radius_km} km.",
    "circle_without_radius": "A circle has no radius: nobody is inside.",
    # resources
    "resource_mime_type": "'{value}' is no type of a file.",
    "resource_size": "{value} is no size of a file.",
    "resource_not_base64": "The content of a file that came along cannot be read.",
    "resource_digest": "A file that came along is not the one that was meant: its digest differs.",
    "resource_without_content": "A file is named, but neither came along nor says where it is.",
    "resource_uri_relative": "'{value}' does not say on which computer the file is.",
    # the signature
    "signature_missing": "It is not signed, and only signed alerts are taken.",
    "signature_does_not_fit": "It was changed after it was signed, or not signed by the one who is named.",
    "signature_of_something_else": "The signature covers something else than the alert.",
    "signature_too_many": "There are too many signatures.",
    "signature_transform": "The signature was made in a way that is not read here.",
    "signature_unreadable": "The signature cannot be read.",
    "signature_weak": "The signature of {by} was made with methods too weak to prove anything (SHA-1, or a short key).",
    "signature_no_key": "The signature does not say with which key it was made.",
    "signature_key_unknown": "The signature fits, but its key says nothing about who signed.",
    "signature_signer_unknown": "It was signed by {by}, who is not among those trusted here.",
    "signature_certificate_expired": "The certificate of {by} had expired.",
    "signature_certificate_not_yet": "The certificate of {by} was not valid yet.",
    # the state
    "came_already": "It came already.",
    "status_not_actual": "It is not meant for real (status {status}).",
    "envelope_not_actual": "The envelope that it came in is not meant for real (status {status}).",
    "answer_of_a_system": "It is an answer of another system ({type}), nothing to broadcast.",
    "overtaken": "It was overtaken by {identifier}, which came before it.",
    "takes_back": "It takes back earlier alerts.",
    "takes_back_unknown": "It takes back alerts that never came here: nothing is stopped by it.",
    "takes_the_place": "It takes the place of an earlier alert.",
    "update_of_unknown": "It updates alerts that never came here: it is taken as a new one.",
    "expired": "It had expired: it held until {at}.",
    "expired_by_age": "It does not say when it expires, and was sent too long ago; it counted as over from {at} on.",
    "some_infos_expired": "Parts of it ({count}) have expired.",
    "sent_in_future": "It says that it was sent at {value}, which is in the future.",
    "not_yet_effective": "It takes effect later.",
    "all_clear": "It says that the danger is over.",
    "nobody_there": "No speaker stands where it holds.",
    "rule_not_used": "The rule '{rule}' would let it sound, but a person has to look at what is said above.",
    "admitted": "The rule '{rule}' lets it go on by itself.",
    "held_by_default": "A person decides.",
    # feeds
    "feed_http": "The address answered with the HTTP status {status}.",
    "feed_entry_without_link": "An entry has neither an alert inside nor a link to one.",
    "feed_too_many_entries": "The feed has {count} entries; the first {most} are read.",
}


def sentence(reason: Reason, zone: tzinfo = UTC) -> str:
    """What happened and where, as one sentence, with its instants in ``zone``."""
    pattern = SENTENCES.get(reason.code)
    if pattern is None:
        return f"{reason.code} {dict(reason.values)}"
    values = {name: _in_zone(value, zone) for name, value in reason.values.items()}
    said = pattern.format_map(_Values(values))
    return f"{reason.where}: {said}" if reason.where else said


def _in_zone(value: str, zone: tzinfo) -> str:
    if zone is UTC or not _INSTANT.fullmatch(value):
        return value
    try:
        there = datetime.fromisoformat(value.removesuffix(" UTC")).replace(tzinfo=UTC).astimezone(zone)
    except (ValueError, OverflowError):
        return value
    return f"{there:%Y-%m-%d %H:%M} UTC{there:%z}"


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "?"
