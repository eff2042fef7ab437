"""What is made and kept to be heard: the studio, and the store's part for content."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import ClipRef
from controller.domain.bulletins import Bulletin, Tune, TuneId
from controller.domain.handing_in import HandIn, HandInId
from controller.domain.paging import Place
from controller.domain.programmes import Programme, ProgrammeId
from controller.domain.pronunciations import Pronunciation
from controller.domain.revisions import Revision
from controller.domain.sounds import PreparedClips, Profile, Reading, Sound, SoundId, SpokenSentence, VoiceInfo
from controller.ports.live import Meter, Recoder

Progress = Callable[[float], None]
"""Told how much of a long work is done, 0.0 to 1.0."""


class Studio(Protocol):
    """Makes clips. Raises `StudioFailed` with the code of what went wrong; leaves nothing half-made; cancelling ends
    the work at once.
    """

    async def from_text(
        self, reading: Reading, pronunciations: Mapping[str, str], profile: Profile, progress: Progress
    ) -> PreparedClips: ...
    async def from_recording(
        self, source: Path, file_name: str, profile: Profile, progress: Progress
    ) -> PreparedClips: ...
    async def chime(self) -> PreparedClips:
        """The signature tune that comes with Loa."""
        ...

    async def siren(self) -> PreparedClips:
        """What an emergency begins with, made to be played again and again."""
        ...

    async def keep_stream(self, packets: Iterable[bytes]) -> ClipRef:
        """Opus packets of 20 ms as one clip, as they are. ``packets`` is gone through in a thread."""
        ...

    def recoder(self) -> AbstractAsyncContextManager[Recoder]:
        """Open while somebody speaks."""
        ...

    async def meter(self) -> Meter:
        """Something that says how loud the packets of one stream are."""
        ...

    async def say(self, reading: Reading, pronunciations: Mapping[str, str]) -> bytes:
        """One sentence as a WAV, to be listened to at once."""
        ...

    async def sentences(self, reading: Reading, pronunciations: Mapping[str, str]) -> tuple[SpokenSentence, ...]:
        """The text in sentences, each as written and as it is read."""
        ...

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Those that can be chosen, the station's first one of each language first."""
        ...

    def clip_path(self, sha256: str) -> Path | None: ...
    async def keep_only(self, wanted: AbstractSet[str]) -> None:
        """Removes every clip but these, by SHA-256. Only while nothing is being made."""
        ...


class Sounds(Protocol):
    async def get(self, sound_id: SoundId) -> Sound:
        """Raises `NotFound`."""
        ...

    async def several(self, sound_ids: Iterable[str]) -> dict[SoundId, Sound]:
        """Those that exist."""
        ...

    async def put(self, sound: Sound) -> None: ...
    async def preparing(self) -> tuple[Sound, ...]: ...
    async def clips(self) -> frozenset[str]:
        """SHA-256 of every clip that a sound consists of."""
        ...

    async def bulletins_with(self, sound_id: SoundId) -> tuple[BulletinId, ...]: ...
    async def named(self, beginning: str) -> tuple[Sound, ...]:
        """Those whose id begins so, the oldest first."""
        ...

    async def remove(self, sound_ids: Iterable[str]) -> None:
        """For sounds that no bulletin and no tune consists of."""
        ...

    async def clips_in_use(self, sha256s: Iterable[str]) -> frozenset[str]:
        """Those of these clips that a sound consists of, or that an emergency was or may still be heard with."""
        ...


class Bulletins(Protocol):
    """A bulletin refers to its sounds: they are stored before it."""

    async def get(self, bulletin_id: BulletinId) -> Bulletin:
        """Raises `NotFound`."""
        ...

    async def put(self, bulletin: Bulletin) -> None: ...
    async def latest(self, limit: int, before: Place | None = None) -> tuple[Bulletin, ...]:
        """Those that are not withdrawn, the last changed first."""
        ...

    async def several(self, bulletin_ids: Sequence[BulletinId]) -> dict[BulletinId, Bulletin]:
        """Those that exist."""
        ...


class Tunes(Protocol):
    async def get(self, tune_id: TuneId) -> Tune:
        """Raises `NotFound`."""
        ...

    async def put(self, tune: Tune) -> None: ...
    async def all(self) -> tuple[Tune, ...]:
        """By name, withdrawn ones too."""
        ...


class Programmes(Protocol):
    async def get(self, programme_id: ProgrammeId) -> Programme:
        """Raises `NotFound`."""
        ...

    async def several(self, programme_ids: Sequence[ProgrammeId]) -> dict[ProgrammeId, Programme]:
        """Those that exist."""
        ...

    async def put(self, programme: Programme) -> None: ...
    async def latest(self, limit: int, before: Place | None = None) -> tuple[Programme, ...]:
        """Those that are not withdrawn, the last changed first."""
        ...


class Revisions(Protocol):
    async def add(self, revision: Revision) -> None: ...
    async def of(self, subject_id: str) -> tuple[Revision, ...]:
        """The newest first."""
        ...


class Pronunciations(Protocol):
    async def all(self) -> tuple[Pronunciation, ...]:
        """By language, then as written."""
        ...

    async def put(self, pronunciation: Pronunciation) -> None: ...
    async def remove(self, language: str, written: str) -> None: ...


class HandIns(Protocol):
    async def get(self, hand_in_id: HandInId) -> HandIn:
        """Raises `NotFound`."""
        ...

    async def referred(self, token_id: str, reference: str) -> HandIn | None: ...
    async def of_bulletin(self, bulletin_id: BulletinId) -> HandIn | None: ...
    async def senders(self, bulletin_ids: Sequence[BulletinId]) -> dict[str, str]:
        """Who handed in each of these that was."""
        ...

    async def put(self, hand_in: HandIn) -> None: ...
    async def open(self) -> tuple[HandIn, ...]:
        """Those that are preparing or waiting, the oldest first."""
        ...

    async def open_emergencies(self) -> tuple[HandIn, ...]:
        """The same of the emergencies alone."""
        ...

    async def waiting_areas(self) -> tuple[tuple[AreaId, ...], ...]:
        """The areas of each other one that is preparing or waiting."""
        ...

    async def unheard(self, now_us: int) -> tuple[HandIn, ...]:
        """Emergencies that have an airing or no sound, and whose validity goes on: perhaps no speaker played it."""
        ...

    async def latest(self, limit: int) -> tuple[HandIn, ...]:
        """The newest first."""
        ...

    async def changed(self, limit: int, after: Place | None = None, token_id: str | None = None) -> tuple[HandIn, ...]:
        """The first to change first: of all, or of one token's; those that changed after a place."""
        ...
