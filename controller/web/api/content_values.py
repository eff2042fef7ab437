"""What bulletins, programmes and tunes have in common in the API: sounds, frames, and what will be heard in order."""

from typing import Annotated

from msgspec import Meta, Struct

from agents.protocol.ids import AreaId
from agents.protocol.values import ClipPart, Part, RenditionName
from agents.protocol.version import FRAMES_PER_SECOND
from controller.domain.airings import ContentId
from controller.domain.bulletins import Frame, TuneId
from controller.domain.errors import Invalid
from controller.domain.programmes import RelayItem
from controller.domain.rights import EVERYWHERE, Right
from controller.domain.sounds import PreparedClips, Profile, Sound, SoundId, SoundState, Source
from controller.services.contents import Content, content_of
from controller.web import subjects
from controller.web.api.endpoint import Body, Sends
from controller.web.api.values import Told, told
from controller.web.asking import Ask

SENDS_CLIP = Sends(
    media_types=("audio/ogg",),
    statuses={200: "All of it.", 206: "The range that was asked for.", 304: "As it was.", 416: "No such range."},
)

InArea = Annotated[
    AreaId | None,
    Meta(
        description="The area that it belongs to; `*` is the whole station. Null is the area of whoever makes it, "
        "where there is one alone, and where it was, when it is changed."
    ),
]
Looked = Annotated[int | None, Meta(description="The revision that was looked at: another one now is refused.")]


class SoundTold(Told):
    """What one text or one file became. It never changes once it is ready.

    ``text``, ``words_per_minute`` and ``voice`` are of a reading, ``file_name`` of a recording. ``progress`` is 0 to 1.
    ``failure`` is an error code. ``clips`` has the clip in each rendition, the waveform (``peaks``, 0 to 100), what was
    found and done (``findings``), and where each sentence lies (``marks``).
    """

    sound_id: SoundId
    source: Source
    text: str | None
    words_per_minute: int | None
    voice: str | None
    file_name: str
    profile: Profile
    state: SoundState
    created_at_us: int
    created_by: str
    progress: float
    failure: str | None
    failure_detail: str
    clips: PreparedClips | None
    audio_url: str | None


class FrameTold(Told):
    """Signature tunes before and after, how often it is read, and the pause between."""

    opening: TuneId | None
    closing: TuneId | None
    times: int
    pause_s: float


class ClipHeard(Struct, kw_only=True, tag_field="type", tag="clip"):
    """A clip, in frames at 48 kHz; at ``url`` is the very file that speakers fetch."""

    url: str
    sha256: str
    size_bytes: int
    frames: int


class SilenceHeard(Struct, kw_only=True, tag_field="type", tag="silence"):
    """A pause."""

    frames: int
    seconds: float


class RelayHeard(Struct, kw_only=True, tag_field="type", tag="relay"):
    """The time of a relay: its sound arrives while it is heard, so there is no file of it."""

    name: str
    source_url: str
    frames: int
    seconds: float
    audible: bool = True


PartHeard = ClipHeard | SilenceHeard | RelayHeard


class PlaylistTold(Told):
    """What is heard, one part after another without a gap, if it is sent now."""

    content_id: ContentId
    revision: int
    frames: int
    duration_s: float
    parts: list[PartHeard]


class MadeBody(Body):
    """What bulletins and programmes have in common."""

    title: str = ""
    area_id: InArea = None
    opening: TuneId | None = None
    closing: TuneId | None = None
    pause_s: float = 1.0


def sound_told(sound: Sound) -> SoundTold:
    reading = sound.reading
    return told(
        SoundTold,
        sound,
        text=None if reading is None else reading.text,
        words_per_minute=None if reading is None else reading.words_per_minute,
        voice=None if reading is None else reading.voice,
        audio_url=None if sound.clips is None else clip_url(sound.clips.renditions[RenditionName.OPUS24].sha256),
    )


def clip_url(sha256: str) -> str:
    return f"/api/v1/clips/{sha256}"


async def playlist(ask: Ask, content_id: ContentId) -> PlaylistTold:
    """Of a bulletin or a programme; one that has expired can still be listened to. Raises as `content_of` does."""
    async with ask.parts.store.reading() as tx:
        content = await content_of(tx, content_id, 0)
    return PlaylistTold(
        content_id=content_id,
        revision=content.revision,
        frames=content.frames,
        duration_s=content.frames / FRAMES_PER_SECOND,
        parts=heard(content),
    )


def heard(content: Content) -> list[PartHeard]:
    """What sounds, part by part."""
    return [_heard(part, content.relays.get(number)) for number, part in enumerate(content.sequence)]


def _heard(part: Part, relay: RelayItem | None) -> PartHeard:
    seconds = 0.0 if isinstance(part, ClipPart) else part.frames / FRAMES_PER_SECOND
    match part:
        case ClipPart():
            clip = part.choose(RenditionName.OPUS24)
            return ClipHeard(
                url=clip_url(clip.sha256), sha256=clip.sha256, size_bytes=clip.size_bytes, frames=clip.frames
            )
        case _ if relay is not None:
            return RelayHeard(name=relay.name, source_url=relay.source_url, frames=part.frames, seconds=seconds)
        case _:
            return SilenceHeard(frames=part.frames, seconds=seconds)


async def frame_of(ask: Ask, body: MadeBody, times: int = 1, former: Frame | None = None) -> Frame:
    """Raises `Invalid` (``tune_unknown``) for a tune that whoever asks does not see."""
    frame = Frame(opening=body.opening or None, closing=body.closing or None, times=times, pause_s=body.pause_s)
    kept = {former.opening, former.closing} if former is not None else set()
    wanted = {frame.opening, frame.closing} - kept - {None}
    if wanted:
        seen = {one.tune_id for one in await ask.parts.tunes.all() if subjects.tune_seen(ask, one, Right.COMPOSE)}
        if not wanted <= seen:
            raise Invalid("no such signature tune", code="tune_unknown")
    return frame


def area_of(ask: Ask, wanted: AreaId | None) -> AreaId | None:
    """Where something new belongs; None for the whole station. Raises `NotAllowed` where whoever asks may not make it
    there.
    """
    if wanted is None:
        return subjects.area_of_new(ask)
    ask.require(Right.COMPOSE, wanted)
    return None if wanted == EVERYWHERE else wanted


def area_after(ask: Ask, wanted: AreaId | None, former: AreaId | None) -> AreaId | None:
    """Where something belongs when it was changed. Raises `NotAllowed`."""
    if wanted is None or wanted == (former or EVERYWHERE):
        return former
    ask.require(Right.COMPOSE, wanted)
    return None if wanted == EVERYWHERE else wanted
