"""Our own emergencies as CAP 1.2 alerts, and the Atom feed of them.

Rules: what stands here was sent: nothing that was only prepared. A drill is an ``Exercise``. A message never changes: a
correction is an ``Update`` and an end before its time a ``Cancel``, each a message of its own that refers to those
before it. What was made of an alert of others is not told again as ours.
"""

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from controller.domain.emergencies import Emergency, EmergencyId, EmergencyKind, EndKind, Origin
from controller.domain.emergency_sound import spoken_languages, written
from controller.domain.errors import LoaError, NotFound
from controller.domain.hazard_templates import template
from controller.domain.hazards import Hazard
from controller.domain.speakers import ControllerIdentity
from controller.services.cap.options import CapOptions
from controller.services.emergency.desk import EmergencyDesk
from controller.services.office import Office

if TYPE_CHECKING:
    from controller import cap

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_MOST: Final = 200
"""So many are told, the last to change; beyond these what is still on the air."""
_END: Final = ".end"
_ENDED_EARLY: Final = frozenset({EndKind.QUIET, EndKind.STOPPED})
_CATEGORIES: Final = {Hazard.FIRE: "Fire", Hazard.EPIDEMIC: "Health", Hazard.MISSING_PERSON: "Rescue"}
_ZONE: Final = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Published:
    """A message of ours as it goes out. ``etag`` names its bytes."""

    identifier: str
    title: str
    sent_at_us: int
    body: bytes

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


class CapOut:
    """Every method raises `StoreFailed` too."""

    def __init__(
        self, office: Office, emergencies: EmergencyDesk, identity: ControllerIdentity, options: CapOptions
    ) -> None:
        self._areas = office.areas
        self._clock = office.clock
        self._asked_at_us: int | None = None
        self._emergencies = emergencies
        self._identity = identity
        self.public: Final = options.public
        self._sender = options.sender or f"loa@{identity.controller_id}"
        self._geocode = options.geocodes[0] if options.geocodes else "code"
        self._written: dict[str, Published] = {}

    async def feed(self, base_url: str) -> Published:
        """The newest first. ``base_url`` is where this server is reached, without a slash at its end."""
        messages = await self._messages()
        newest = max((one.sent_at_us for one in messages), default=0)
        body = await asyncio.to_thread(self._feed, messages, newest, base_url)
        return Published("feed", self._identity.name, newest, body)

    async def alert(self, identifier: str) -> Published:
        """Raises `NotFound` (``cap_alert_unknown``)."""
        found = next((one for one in await self._messages() if one.identifier == identifier), None)
        if found is None:
            raise NotFound(f"no alert of ours is called {identifier[:80]}", code="cap_alert_unknown")
        return found

    async def _messages(self) -> list[Published]:
        """Written once each: a message never changes. What many ask for is read from the database once a second."""
        now_us = self._clock.now_us()
        if self._asked_at_us is None or not 0 <= now_us - self._asked_at_us < _SECOND_US:
            await self._read()
            self._asked_at_us = now_us
        return sorted(self._written.values(), key=lambda one: one.sent_at_us, reverse=True)

    async def _sent(self) -> dict[EmergencyId, Emergency]:
        """The last ones, all that are on the air however long ago they began, and what these refer to."""
        found = [*await self._emergencies.book.latest(_MOST)]
        found += [one for one in self._emergencies.open() if one.on_air]
        sent = {one.emergency_id: one for one in found if _told(one)}
        ahead = [name for one in sent.values() for name in _refers(one) if one.on_air]
        while ahead:
            name = ahead.pop()
            if name not in sent and _told(before := await self._emergencies.get(name)):
                sent[name] = before
                ahead += _refers(before)
        return sent

    async def _read(self) -> None:
        sent = await self._sent()
        named = {_identifier(one): one for one in sent.values()}
        endings = {f"{one.emergency_id}{_END}": one for one in sent.values() if one.end in _ENDED_EARLY}
        wanted = [*named, *endings]
        self._written = {name: one for name, one in self._written.items() if name in wanted}
        for name in wanted:
            if name not in self._written:
                one = named.get(name) or endings[name]
                try:
                    self._written[name] = await asyncio.to_thread(self._message, name, one, sent, name in endings)
                except (ValueError, LoaError):
                    _log.exception("an emergency cannot be told as CAP", extra={"emergency_id": one.emergency_id})

    def _message(self, name: str, one: Emergency, sent: dict[EmergencyId, Emergency], ending: bool) -> Published:
        from controller import cap

        at_us = _whole(one.ended.at_us if ending and one.ended is not None else _sent_at_us(one))
        before = [one] if ending else list(_before(one, sent))
        kind = cap.MessageType.ALERT
        if before:
            cancels = ending or one.kind is EmergencyKind.ALL_CLEAR
            kind = cap.MessageType.CANCEL if cancels else cap.MessageType.UPDATE
        alert = cap.Alert(
            identifier=name,
            sender=self._sender,
            sent=_written(at_us),
            sent_us=at_us,
            status=cap.Status.EXERCISE if one.drill else cap.Status.ACTUAL,
            message_type=kind,
            scope=cap.Scope.PUBLIC,
            source=self._identity.name,
            note="Drill" if one.drill else "",
            references=tuple(cap.AlertKey(self._sender, _identifier(b), _whole(_sent_at_us(b))) for b in before),
            infos=tuple(self._infos(one, at_us, ending=ending)),
        )
        title = f"DIỄN TẬP: {one.title}" if one.drill else one.title  # a feed's readers show nothing but titles
        return Published(name, title, at_us, cap.write_alert(alert))

    def _infos(self, one: Emergency, at_us: int, *, ending: bool) -> "Iterable[cap.Info]":
        from controller import cap

        draft = one.draft
        known = template(draft.template_id) if draft.template_id else None
        over = ending or one.kind is EmergencyKind.ALL_CLEAR
        ends_us = one.until_us or draft.expires_at_us or at_us + 3_600 * _SECOND_US
        for language, words in _words(one, ending=ending).items():
            event = draft.event or (known.wordings[language].event if known and language in known.wordings else "")
            yield cap.Info(
                language=language,
                event=event or one.title or draft.hazard.value,
                categories=(
                    cap.Category(draft.category or (known.category if known else "") or _category(draft.hazard)),
                ),
                urgency=cap.Urgency.PAST
                if over or one.kind is EmergencyKind.CORRECTION  # it says that there was nothing
                else cap.Urgency(draft.urgency or (known.urgency if known else "Immediate")),
                severity=cap.Severity(draft.severity.value),
                certainty=cap.Certainty(draft.certainty or (known.certainty if known else "Likely")),
                response_types=(cap.ResponseType.ALL_CLEAR,) if over else (),
                effective_us=at_us,
                expires_us=max(_whole(ends_us), at_us + _SECOND_US),
                sender_name=self._identity.name,
                headline=one.title,
                description=words,
                areas=tuple(self._area(area_id) for area_id in draft.area_ids),
            )

    def _area(self, area_id: str) -> "cap.Area":
        from controller import cap

        tree = self._areas.tree()
        if area_id not in tree:
            return cap.Area(description=area_id, geocodes=(cap.Pair(self._geocode, area_id),))
        area = tree.get(area_id)
        return cap.Area(description=area.name, geocodes=(cap.Pair(self._geocode, area.code or area.area_id),))

    def _feed(self, messages: Sequence[Published], newest_us: int, base_url: str) -> bytes:
        from controller import cap

        return cap.write_feed(
            feed_id=f"urn:loa:{self._identity.controller_id}:cap",
            title=self._identity.name,
            updated_us=newest_us,
            self_link=f"{base_url}/cap/feed.atom",
            author=self._identity.name,
            entries=[
                cap.AtomEntry(
                    id=f"urn:loa:{self._identity.controller_id}:cap:{one.identifier}",
                    title=one.title,
                    updated_us=one.sent_at_us,
                    link=f"{base_url}/cap/alerts/{one.identifier}.xml",
                    published_us=one.sent_at_us,
                )
                for one in messages
            ],
        )


def _told(one: Emergency) -> bool:
    return one.confirmed is not None and one.draft.origin is Origin.STATION


def _identifier(one: Emergency) -> str:
    return str(one.emergency_id)


def _sent_at_us(one: Emergency) -> int:
    return (one.confirmed or one.prepared).at_us


def _refers(one: Emergency) -> list[EmergencyId]:
    return [*one.draft.references, *([one.answers] if one.answers is not None else [])]


def _before(one: Emergency, sent: dict[EmergencyId, Emergency]) -> Iterable[Emergency]:
    """What it refers to: those it answers or replaces, and those before these."""
    waiting = _refers(one)
    seen: set[EmergencyId] = {one.emergency_id}
    while waiting:
        emergency_id = waiting.pop(0)
        if emergency_id in seen or emergency_id not in sent:
            continue
        seen.add(emergency_id)
        before = sent[emergency_id]
        yield before
        waiting += _refers(before)


def _words(one: Emergency, *, ending: bool) -> Mapping[str, str]:
    """What is heard, by language; nothing where it fell silent without a word."""
    languages = spoken_languages(one.draft) or ("vi",)
    if ending:
        return dict.fromkeys(languages, "")
    return written(one) or dict.fromkeys(languages, one.title)


def _category(hazard: Hazard) -> str:
    return _CATEGORIES.get(hazard, "Met" if hazard in {Hazard.STORM, Hazard.FLOOD, Hazard.FLASH_FLOOD} else "Safety")


def _whole(at_us: int) -> int:
    """To the second: CAP writes no fractions."""
    return at_us // _SECOND_US * _SECOND_US


def _written(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / _SECOND_US, UTC).astimezone(_ZONE).isoformat(timespec="seconds")
