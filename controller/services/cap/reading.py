"""From bytes that came in to alerts as the desk keeps them: understood, checked, and matched with speakers. Pure, and
slow for what is large: it runs in a thread, and loads what reads XML when the first alert comes.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.cap_alerts import (
    AlertState,
    AreaDecision,
    CapAlert,
    CapAlertId,
    Key,
    Message,
    MessageType,
    Reason,
    Sound,
    Source,
    Status,
)
from controller.domain.cap_words import language_of, to_be_heard
from controller.services.cap.options import CapOptions
from controller.services.secretary import fresh_id
from schedules.areas import Area, AreaTree

if TYPE_CHECKING:
    from controller import cap

_SECOND_US: Final = 1_000_000
_STATES: Final = {
    "refused": AlertState.REFUSED,
    "held": AlertState.HELD,
    "automatic": AlertState.HELD,
    "updates": AlertState.HELD,
    "cancels": AlertState.HELD,
    "not_actual": AlertState.NOT_ACTUAL,
    "expired": AlertState.EXPIRED,
    "ignored": AlertState.IGNORED,
    "elsewhere": AlertState.ELSEWHERE,
    "superseded": AlertState.SUPERSEDED,
    "duplicate": AlertState.HELD,
}
"""Of what an alert says by itself."""
_MOST_REASONS: Final = 50
_MOST_DOUBTS: Final = 12
_WEIGHTS: Final = ("error", "warning", "note")


class Standing(NamedTuple):
    """A speaker: its area, and where it stands, where somebody said so."""

    speaker_id: SpeakerId
    area_id: AreaId
    position: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class World:
    """What an alert is matched with: speakers, areas, and what is preferred to be heard there."""

    tree: AreaTree
    standing: Sequence[Standing]
    languages: Mapping[AreaId, tuple[str, ...]] = field(default_factory=dict)
    voices: frozenset[str] = frozenset({"vi", "en"})
    usual: tuple[str, ...] = ("vi", "en")

    def same(self, other: "World") -> bool:
        """Whether alerts are matched with the other in the same way."""
        return (
            self.tree is other.tree
            and self.standing == other.standing
            and (self.languages, self.voices, self.usual) == (other.languages, other.voices, other.usual)
        )

    @cached_property
    def paths(self) -> Mapping[AreaId, tuple[AreaId, ...]]:
        """From the widest area down to each in which a speaker stands."""
        found = {one.area_id for one in self.standing}
        return {area_id: tuple(AreaId(a.area_id) for a in self.tree.path(area_id)) for area_id in found}

    def path(self, area_id: AreaId) -> tuple[AreaId, ...]:
        """Also of an area without a speaker; itself alone where it is not known."""
        if area_id in self.paths:
            return self.paths[area_id]
        return tuple(AreaId(a.area_id) for a in self.tree.path(area_id)) if area_id in self.tree else (area_id,)

    def together(self, area_ids: Iterable[AreaId], named: Iterable[AreaId], most: int) -> tuple[AreaId, ...]:
        """The same areas in fewer words: by a wider one where every speaker of that stands in them. Wider ones are
        those that were ``named``, and any where these are more than ``most``.
        """
        wanted, wider = set(area_ids), list(named)
        if len(wanted) > most:
            wider += sorted({one for area_id in wanted for one in self.path(area_id)}, key=lambda a: len(self.path(a)))
        for one in wider:
            below = self.below.get(one, frozenset())
            if below and below <= wanted:
                wanted = (wanted - below) | {one}
        return tuple(sorted(wanted))

    @cached_property
    def below(self) -> Mapping[AreaId, frozenset[AreaId]]:
        """For each area the areas in it, itself too, in which a speaker stands."""
        found: dict[AreaId, set[AreaId]] = {}
        for area_id, path in self.paths.items():
            for one in path:
                found.setdefault(one, set()).add(area_id)
        return {one: frozenset(those) for one, those in found.items()}

    def heard_in(self, area_id: AreaId) -> tuple[str, ...]:
        """The languages that are preferred there, the first first."""
        return next((self.languages[one] for one in reversed(self.path(area_id)) if one in self.languages), self.usual)

    @cached_property
    def index(self) -> "cap.PlaceIndex":
        """For matching."""
        from controller import cap

        return cap.PlaceIndex([self._place(one) for one in self.standing])

    def _place(self, one: Standing) -> "cap.Place":
        from controller import cap

        areas = [self.tree.get(area_id) for area_id in self.paths[one.area_id]]
        latitude, longitude = one.position or self._about(areas)
        codes = tuple(code for area in areas for code in (area.code, area.area_id) if code)
        return cap.Place(one.speaker_id, latitude, longitude, codes)

    @staticmethod
    def _about(areas: Sequence[Area]) -> tuple[float | None, float | None]:
        """The middle of the smallest area that has one. A province is too wide to say where in it somebody stands."""
        for area in reversed(areas[1:] or areas):
            if area.latitude is not None and area.longitude is not None:
                return area.latitude, area.longitude
        return None, None


Reach = Callable[[Sequence[AreaId]], bool]
"""Whether what came this way may be for the area at the end of a path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """What an alert is read with. ``world`` is asked only where something is to be matched."""

    options: CapOptions
    world: Callable[[], World]
    reach: Reach
    now_us: int

    @property
    def limits(self) -> "cap.Limits":
        """Of one file."""
        from controller import cap

        return cap.Limits(file_bytes=self.options.most_bytes, unexpiring_s=self.options.unexpiring_s)

    def read_all(self, raw: bytes, source: Source) -> tuple[CapAlert, ...]:
        """Every alert of a file; one that was refused where it holds none."""
        from controller import cap

        digest = hashlib.sha256(raw).hexdigest()
        options = self.options
        trust = cap.Trust(
            signers=options.signers,
            authorities=options.authorities,
            required=options.signature_required,
            at_us=self.now_us,
        )
        file = cap.read_file(raw, limits=self.limits, trust=trust, now_us=self.now_us)
        readings = file.readings or (cap.Reading(None, cap.CapState.REFUSED, file.reasons),)
        found = []
        for number, reading in enumerate(readings):
            alert = _kept(reading, source, digest, number, self.now_us)
            if reading.alert is not None and alert.state in {AlertState.HELD, AlertState.NOT_ACTUAL}:
                alert = _placed(alert, reading.alert, self)
            found.append(alert)
        return tuple(found)


def _kept(reading: "cap.Reading", source: Source, digest: str, number: int, now_us: int) -> CapAlert:
    read, state = reading.alert, _STATES[reading.state.value]
    reasons = _reasons(reading.reasons)
    signature = reading.signature.state.value
    trusted = signature == "valid" or (source.trusted and signature in {"none", "untrusted"})
    refused = read is None or state is AlertState.REFUSED
    key = Key("", f"#{digest}.{number}", 0) if read is None or refused else _key(read.key)
    alert = CapAlert(
        alert_id=CapAlertId(fresh_id("cap")),
        key=key,
        message_type=MessageType.ALERT if read is None else MessageType(read.message_type.value),
        status=_status(reading),
        scope="" if read is None else read.scope.value,
        source=source,
        signature=signature,
        signed_by=reading.signature.by[:200],
        trusted=trusted and not refused,
        digest=digest,
        says=digest if read is None or refused else _says(read, reading),
        received_at_us=now_us,
        changed_at_us=now_us,
        state=state,
        reasons=reasons,
    )
    if read is None:
        return alert
    messages = tuple(_message(one) for one in read.infos)
    return replace(
        alert,
        messages=messages,
        references=tuple(dict.fromkeys(_key(one) for one in read.references)),
        begins_at_us=min((one.begins_at_us for one in messages if one.begins_at_us is not None), default=None),
    )


def _says(read: "cap.Alert", reading: "cap.Reading") -> str:
    """The digest of all that it says: neither how its instant is written, nor what it is wrapped in, nor who signed."""
    said = (replace(read, sent=""), _status(reading).value)
    return hashlib.sha256(repr(said).encode(errors="replace")).hexdigest()


def _reasons(found: "Iterable[cap.Reason]", most: int = _MOST_REASONS) -> tuple[Reason, ...]:
    """So many of them: no note keeps out what a person has to look at."""
    weighed = sorted(found, key=lambda one: _WEIGHTS.index(one.weight.value))
    return tuple(Reason(one.code, one.weight.value, one.where, dict(one.values)) for one in weighed[:most])


def _status(reading: "cap.Reading") -> Status:
    """Of the alert, or of the wrapper that it came in where that is not in earnest."""
    said = [one.value for one in (reading.alert and reading.alert.status, reading.envelope) if one]
    return next((Status(one) for one in said if one != Status.ACTUAL), Status.ACTUAL)


def _key(key: "cap.AlertKey") -> Key:
    return Key(key.sender, key.identifier, key.sent_us)


def _message(info: "cap.Info") -> Message:
    return Message(
        language=language_of(info.language),
        event=info.event[:200],
        categories=tuple(one.value for one in info.categories),
        severity=info.severity.value,
        urgency=info.urgency.value,
        certainty=info.certainty.value,
        headline=info.headline[:300],
        text=to_be_heard(info.headline or info.event, info.description, info.instruction),
        area_names=tuple(one.description[:200] for one in info.areas[:20]),
        all_clear=any(one.value == "AllClear" for one in info.response_types),
        begins_at_us=info.effective_us,
        expires_at_us=info.expires_us,
        sounds=tuple(
            Sound(
                mime_type=one.mime_type[:100],
                uri=one.uri[:4_000],
                inline=bool(one.deref),
                sha1=one.digest.strip().lower()[:64],
                size_bytes=one.size_bytes,
            )
            for one in info.resources
            if one.is_audio
        )[:4],
    )


def _placed(alert: CapAlert, read: "cap.Alert", reader: Reader) -> CapAlert:
    """With the areas where it is to be heard, and when it is over."""
    from controller import cap

    options = reader.options
    usual_us = read.sent_us + options.unexpiring_s * _SECOND_US
    ends = [usual_us if one.expires_at_us is None else one.expires_at_us for one in alert.messages]
    alert = replace(alert, expires_at_us=max(ends, default=usual_us))
    if alert.message_type is MessageType.CANCEL or not read.infos:
        known = _reasons(cap.doubts_of(read, now_us=reader.now_us, limits=reader.limits))
        return replace(alert, reasons=(*alert.reasons, *known))
    world = reader.world()
    names = cap.GeocodeNames(direct=frozenset(options.geocodes))
    found = cap.match(read, world.index, names)
    languages: dict[str, Sequence[str]] = {one.speaker_id: world.heard_in(one.area_id) for one in world.standing}
    heard = cap.spoken(read, found, languages, reader.now_us)
    areas = tuple(one for one in _areas(heard, world) if reader.reach(world.path(one.area_id)))
    doubts = cap.doubts_of(read, now_us=reader.now_us, limits=reader.limits, found=found)
    reasons = (*alert.reasons, *_reasons(doubts, _MOST_DOUBTS), *_findings(alert, areas, world))
    if areas:
        named = _named(read, options, world)
        return replace(alert, areas=areas, named_area_ids=named, reasons=reasons)
    if not any(one.areas for one in read.infos) or found.unplaced:
        return replace(alert, anywhere=True, reasons=reasons)
    return replace(alert, state=AlertState.ELSEWHERE, reasons=(*reasons, Reason("nobody_there")))


def _areas(heard: Mapping[int, frozenset[str]], world: World) -> tuple[AreaDecision, ...]:
    """Speakers of one area hear the same: all that is for any of them."""
    area_of = {one.speaker_id: one.area_id for one in world.standing}
    messages: dict[AreaId, set[int]] = {}
    speakers: dict[AreaId, set[str]] = {}
    for place, ids in heard.items():
        for speaker_id in ids:
            area_id = area_of[SpeakerId(speaker_id)]
            messages.setdefault(area_id, set()).add(place)
            speakers.setdefault(area_id, set()).add(speaker_id)
    return tuple(
        AreaDecision(area_id=area_id, messages=tuple(sorted(places)), speakers=len(speakers[area_id]))
        for area_id, places in sorted(messages.items())
    )


def _findings(alert: CapAlert, areas: Iterable[AreaDecision], world: World) -> list[Reason]:
    """What a person has to look at before it is heard here."""
    heard = {alert.messages[place] for one in areas for place in one.messages}
    silent = {one.language for one in heard if one.language not in world.voices and not one.sounds}
    found = [Reason("no_voice", "warning", values={"language": one[:20]}) for one in sorted(silent)]
    if any(not one.text and not one.sounds for one in heard):
        found.append(Reason("nothing_to_say", "warning"))
    return found


def _named(read: "cap.Alert", options: CapOptions, world: World) -> tuple[AreaId, ...]:
    """Areas whose code an info gives."""
    names = {one.casefold() for one in options.geocodes}
    codes = {
        pair.value.casefold()
        for info in read.infos
        for area in info.areas
        for pair in area.geocodes
        if pair.name.casefold() in names
    }
    above = {area_id for path in world.paths.values() for area_id in path}
    return tuple(
        sorted(area_id for area_id in above if {world.tree.get(area_id).code.casefold(), area_id.casefold()} & codes)
    )


def anywhere_decisions(alert: CapAlert, area_ids: Iterable[AreaId], world: World) -> tuple[AreaDecision, ...]:
    """For an alert that says nowhere: areas that a person chose, with what is heard there."""
    from controller import cap

    standing = {one: sum(one in world.path(s.area_id) for s in world.standing) for one in dict.fromkeys(area_ids)}
    decisions = []
    for area_id, speakers in standing.items():
        wanted = world.heard_in(area_id)
        tags = [one.language for one in alert.messages]
        language = next((one for one in wanted if one in tags), tags[0] if tags else cap.model.DEFAULT_LANGUAGE)
        places = tuple(place for place, one in enumerate(alert.messages) if one.language == language)
        decisions.append(AreaDecision(area_id=area_id, messages=places, speakers=speakers))
    return tuple(decisions)
