"""Speakers: the poles, what hangs there and how it is."""

from typing import Annotated

from msgspec import Meta

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.journal import JournalRecord
from agents.protocol.values import Profile, RenditionName
from controller.domain.errors import Invalid, NotFound
from controller.domain.journals import JournalPlace
from controller.domain.paging import Place
from controller.domain.rights import Right
from controller.domain.speakers import NotReady, SpeakerHealth, SpeakerOverview, SpeakerState
from controller.web import pages
from controller.web.api.endpoint import Body, Query, raises
from controller.web.api.values import PageQuery, Told, following, place, told
from controller.web.asking import Ask


class ProfileBody(Body):
    """``lan``, or ``sim`` for a speaker that is to be sparing."""

    profile: Profile


class VolumeBody(Body):
    """``percent`` is 0 to 100, and at most the limit that is set for the speaker."""

    percent: int


class DelayBody(Body):
    """By how much all but emergencies begin later on it, against the echo of a horn near it; at most ten seconds."""

    delay_us: int


class RenameBody(Body):
    """A name that no other speaker has, at most 200 characters."""

    name: str


class PlaceBody(Body):
    """The area that it stands in from today on."""

    area_id: AreaId


class ReleaseQuery(Query):
    """``force`` forgets a device that will never connect again; it has to be reset by hand."""

    force: bool = False


class JournalQuery(PageQuery, kw_only=True):
    """Whose, and how much of it."""

    speaker: Annotated[SpeakerId, Meta(description="The id of a speaker.")]


class AdoptedTold(Told):
    """One pole: its place, and the device that hangs there now, by its X25519 key."""

    speaker_id: SpeakerId
    name: str
    area_id: AreaId
    device_id: DeviceId
    device_key: bytes
    state: SpeakerState
    adopted_at_us: int
    volume_percent: int
    max_volume_percent: int
    delay_us: int
    rendition: RenditionName
    profile: Profile


class SpeakerTold(AdoptedTold):
    """A speaker as the desk sees it now.

    ``not_ready`` says why it would not sound if something were sent now. ``health`` is the last that its device said
    of itself. ``sounding_airing_id`` is what its last heartbeat named.
    """

    area_name: str
    ready: bool
    not_ready: NotReady | None
    connected: bool
    connected_since_us: int | None
    sounding_airing_id: str | None
    health: SpeakerHealth | None


class SpeakersTold(Told):
    """By name."""

    speakers: list[SpeakerTold]


class JournalTold(Told):
    """What the device of a speaker wrote, the newest first. ``next`` is what to give as ``before`` for more."""

    speaker_id: SpeakerId
    records: list[JournalRecord]
    next: str | None


def speaker_told(overview: SpeakerOverview) -> SpeakerTold:
    return told(
        SpeakerTold,
        overview.speaker,
        area_name=overview.area_name,
        ready=overview.ready,
        not_ready=overview.not_ready,
        connected=overview.connected_since_us is not None,
        connected_since_us=overview.connected_since_us,
        sounding_airing_id=overview.sounding_airing_id,
        health=overview.health,
    )


async def list_speakers(ask: Ask) -> SpeakersTold:
    """Every speaker, as it is now."""
    return SpeakersTold(speakers=[speaker_told(overview) for overview in await pages.seen_speakers(ask)])


@raises(NotFound, "speaker_unknown")
async def get_speaker(ask: Ask, speaker_id: SpeakerId) -> SpeakerTold:
    """One speaker, as it is now."""
    return speaker_told(await ask.parts.speakers.one(speaker_id))


@raises(NotFound, "speaker_unknown")
@raises(Invalid, "name_empty", "name_too_long", "name_taken")
async def rename_speaker(ask: Ask, speaker_id: SpeakerId, body: RenameBody) -> SpeakerTold:
    """Give a speaker another name."""
    await ask.parts.speakers.rename(speaker_id, body.name, ask.by)
    return await get_speaker(ask, speaker_id)


@raises(NotFound, "speaker_unknown")
@raises(Invalid, "area_unknown")
async def place_speaker(ask: Ask, speaker_id: SpeakerId, body: PlaceBody) -> SpeakerTold:
    """Move a speaker to another area; what is said of the days before stays with where it stood."""
    ask.require(Right.TEND, body.area_id)
    await ask.parts.speakers.move(speaker_id, body.area_id, ask.by)
    return await get_speaker(ask, speaker_id)


@raises(NotFound, "speaker_unknown")
@raises(Invalid, "volume_out_of_range", "volume_above_limit")
async def set_volume(ask: Ask, speaker_id: SpeakerId, body: VolumeBody) -> SpeakerTold:
    """Set how loud a speaker is."""
    await ask.parts.speakers.set_volume(speaker_id, body.percent, ask.by)
    return await get_speaker(ask, speaker_id)


@raises(NotFound, "speaker_unknown")
@raises(Invalid, "delay_out_of_range")
async def set_delay(ask: Ask, speaker_id: SpeakerId, body: DelayBody) -> SpeakerTold:
    """Let a speaker begin later, against echo; its turn in a group comes on top."""
    await ask.parts.speakers.set_delay(speaker_id, body.delay_us, ask.by)
    return await get_speaker(ask, speaker_id)


@raises(NotFound, "speaker_unknown")
async def set_profile(ask: Ask, speaker_id: SpeakerId, body: ProfileBody) -> SpeakerTold:
    """Say what the way to a speaker costs; what it sends, and how often, follows with its next link."""
    await ask.parts.speakers.set_profile(speaker_id, body.profile, ask.by)
    return await get_speaker(ask, speaker_id)


@raises(NotFound, "speaker_unknown")
async def release_speaker(ask: Ask, speaker_id: SpeakerId, query: ReleaseQuery) -> AdoptedTold:
    """Release a speaker's device.

    The device forgets this controller; where it is away, at its next connect.
    """
    return told(AdoptedTold, await ask.parts.adoption.release(speaker_id, ask.by, force=query.force))


@raises(NotFound, "speaker_unknown")
async def read_journal(ask: Ask, query: JournalQuery) -> JournalTold:
    """What the device of a speaker wrote, the newest first."""
    overview = await ask.parts.speakers.one(query.speaker)
    if not ask.may(Right.SEE, overview.speaker.area_id):
        raise NotFound(f"no speaker {query.speaker}", code="speaker_unknown")
    found = await ask.parts.reports.journal(query.speaker, query.limit + 1, _journal_place(query.before))
    shown = found[: query.limit]
    last = shown[-1][0] if len(found) > query.limit else None
    return JournalTold(
        speaker_id=query.speaker,
        records=[record for _, record in shown],
        next=None if last is None else following(Place(last.received_at_us, f"{last.seq}.{last.journal_id}")),
    )


def _journal_place(before: str) -> JournalPlace | None:
    """Raises `Invalid` (``bad_request``)."""
    where = place(before)
    if where is None:
        return None
    seq, _, journal_id = where.key.partition(".")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        raise Invalid("before is not what next said", code="bad_request")
    return JournalPlace(received_at_us=where.at_us, journal_id=journal_id, seq=int(seq))
