"""What is wrong: with speakers, with whole areas, with the controller itself; and how the boxes are and were."""

from typing import Annotated

from msgspec import Meta

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.telemetry import Telemetry
from agents.protocol.version import MAX_INTEGER
from controller.domain.errors import Invalid, NotFound
from controller.domain.faults import Fault, FaultDetail, FaultKind
from controller.domain.paging import Place
from controller.domain.rights import EVERYWHERE, Right
from controller.domain.speakers import Box
from controller.domain.telemetry import Reading
from controller.services.faults import HISTORY_LENGTH
from controller.web.api.endpoint import Query, raises
from controller.web.api.values import ListQuery, PageQuery, Told, following, place, told
from controller.web.asking import Ask
from controller.web.watched import fault_seen, seen_faults

_HOUR_US = 3_600_000_000
MOST_LOOKS = 20
_MONTH_US = 31 * 24 * _HOUR_US

Kind = Annotated[FaultKind | None, Meta(description="Only faults of this kind.")]
Where = Annotated[str, Meta(description="Only faults in this area and below it, by its id; empty for all.")]


class FaultsQuery(ListQuery):
    """Which faults, and how many at most."""

    kind: Kind = None
    area: Where = ""


class FaultHistoryQuery(PageQuery):
    """Which faults, how many, and where the page begins."""

    kind: Kind = None
    area: Where = ""


class SeriesQuery(Query):
    """From when until when; the last day where nothing is said. At most 31 days."""

    from_us: Annotated[int, Meta(ge=0, le=MAX_INTEGER)] | None = None
    until_us: Annotated[int, Meta(ge=0, le=MAX_INTEGER)] | None = None


class FaultTold(Told):
    """One fault, open while ``closed_at_us`` is null.

    ``speaker_id`` is null for a fault of a whole area, and both that and ``area_id`` for one of the controller itself.
    ``group_id`` names the fault of an area that this one is part of. ``detail`` is what was measured: ``since_us`` when
    it began, ``value`` and ``limit`` in the unit of the kind, ``reason`` a word, ``airing_id`` what was missed,
    ``members`` how many speakers went. ``seen_by`` says who looks after it.
    """

    fault_id: str
    kind: FaultKind
    speaker_id: SpeakerId | None
    area_id: AreaId | None
    opened_at_us: int
    closed_at_us: int | None
    group_id: str | None
    detail: FaultDetail
    seen_by: str | None
    seen_at_us: int | None


class FaultsTold(Told):
    """The last opened first. What is part of a fault of an area is not told apart from it."""

    faults: list[FaultTold]


class FaultPageTold(FaultsTold):
    """Open and closed ones. ``next`` is what to give as ``before`` for more; null at the end."""

    next: str | None


class WholeFaultTold(FaultTold):
    """A fault with those that are, or were, part of it."""

    parts: list[FaultTold]


class TelemetryTold(Told):
    """How a box is and was.

    ``latest`` is the last that it told since the controller started. ``readings`` are the earliest first, few hundred
    at most: where more are kept, each stands for some. ``month_bytes`` is what its network carried since the month
    began, both ways, and ``quota_bytes`` what a SIM card should carry at most.
    """

    speaker_id: SpeakerId
    device_id: DeviceId
    latest: Telemetry | None
    readings: tuple[Reading, ...]
    month_bytes: int
    quota_bytes: int


class BoxTold(Told):
    """That this device hung on the pole from ``from_us`` on; ``until_us`` null is to this day."""

    device_id: DeviceId
    model: str
    from_us: int
    until_us: int | None


class BoxesTold(Told):
    """The newest first."""

    speaker_id: SpeakerId
    boxes: list[BoxTold]


def fault_told(fault: Fault) -> FaultTold:
    return told(FaultTold, fault)


def _in_area(ask: Ask, wanted: str, fault: Fault) -> bool:
    return not wanted or wanted in ask.path_of(fault.area_id or EVERYWHERE)


async def list_faults(ask: Ask, query: FaultsQuery) -> FaultsTold:
    """What is wrong now."""
    found = [
        fault_told(fault)
        for fault in seen_faults(ask)
        if query.kind in {None, fault.kind} and _in_area(ask, query.area, fault)
    ]
    return FaultsTold(faults=found[: query.limit])


async def list_past_faults(ask: Ask, query: FaultHistoryQuery) -> FaultPageTold:
    """What is and was wrong.

    A page can hold fewer than were asked for, or none: go on while there is a ``next``.
    """
    shown: list[Fault] = []
    where, more, looks = place(query.before), True, 0
    while more and len(shown) < query.limit and looks < MOST_LOOKS:
        looks += 1
        found = await ask.parts.faults.history(HISTORY_LENGTH, where, kinds=[query.kind] if query.kind else ())
        wanted = (one for one in found if fault_seen(ask, one, Right.SEE) and _in_area(ask, query.area, one))
        shown += wanted
        more = len(found) == HISTORY_LENGTH
        where = Place(found[-1].opened_at_us, found[-1].fault_id) if found else None
    if len(shown) > query.limit:
        shown, more = shown[: query.limit], True
        where = Place(shown[-1].opened_at_us, shown[-1].fault_id)
    return FaultPageTold(faults=[fault_told(one) for one in shown], next=following(where) if more else None)


@raises(NotFound, "fault_unknown")
async def get_fault(ask: Ask, fault_id: str) -> WholeFaultTold:
    """One fault, and what is part of it."""
    fault, parts = await ask.parts.faults.one(fault_id)
    seen = [fault_told(one) for one in parts if fault_seen(ask, one, Right.SEE)]
    return told(WholeFaultTold, fault, parts=seen)


@raises(NotFound, "fault_unknown")
async def see_fault(ask: Ask, fault_id: str) -> FaultTold:
    """Say that you look after a fault."""
    return fault_told(await ask.parts.faults.acknowledge(fault_id, ask.by))


@raises(NotFound, "speaker_unknown")
async def list_speaker_faults(ask: Ask, speaker_id: SpeakerId, query: PageQuery) -> FaultPageTold:
    """What is and was wrong with one speaker; also what is part of a fault of its area."""
    found = await ask.parts.faults.of_speaker(speaker_id, query.limit + 1, place(query.before))
    shown = found[: query.limit]
    last = Place(shown[-1].opened_at_us, shown[-1].fault_id) if len(found) > query.limit else None
    return FaultPageTold(faults=[fault_told(one) for one in shown], next=following(last))


@raises(NotFound, "speaker_unknown")
async def list_boxes(ask: Ask, speaker_id: SpeakerId) -> BoxesTold:
    """Which boxes hung on a pole.

    One that was replaced is released should it ever dial again; what it wrote while it hung there still counts.
    """
    speaker = (await ask.parts.speakers.one(speaker_id)).speaker
    boxes = await ask.parts.speakers.boxes(speaker_id)
    first = Box(
        speaker_id=speaker_id,
        device_id=speaker.device_id,
        device_key=speaker.device_key,
        from_us=speaker.adopted_at_us,
    )
    return BoxesTold(speaker_id=speaker_id, boxes=[told(BoxTold, box) for box in boxes or (first,)])


@raises(NotFound, "speaker_unknown")
@raises(Invalid, "bad_request")
async def read_telemetry(ask: Ask, speaker_id: SpeakerId, query: SeriesQuery) -> TelemetryTold:
    """How a speaker's box is and was."""
    until_us = ask.parts.clock.now_us() if query.until_us is None else query.until_us
    from_us = until_us - 24 * _HOUR_US if query.from_us is None else query.from_us
    if not 0 <= until_us - from_us <= _MONTH_US:
        raise Invalid("from_us must be before until_us, and at most 31 days", code="bad_request")
    overview = await ask.parts.speakers.one(speaker_id)
    return TelemetryTold(
        speaker_id=speaker_id,
        device_id=overview.speaker.device_id,
        latest=ask.parts.telemetry.latest(speaker_id),
        readings=await ask.parts.telemetry.series(speaker_id, from_us, until_us),
        month_bytes=await ask.parts.telemetry.month_bytes(speaker_id),
        quota_bytes=ask.parts.telemetry.quota_bytes,
    )
