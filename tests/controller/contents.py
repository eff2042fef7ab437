"""Bulletins, tunes and programmes as they are once they are made, in one line."""

from collections.abc import Sequence

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass, ClipPart, ClipRef, RenditionName
from controller.domain.bulletins import Bulletin, Frame, Tune, TuneId, Variant
from controller.domain.programmes import Item, Programme, ProgrammeId
from controller.domain.sounds import Finding, Mark, PreparedClips, Profile, Reading, Sound, SoundId, SoundState, Source

T0_US = 1_767_225_600_000_000
PLAIN = Frame()


def clips(name: str, seconds: float) -> PreparedClips:
    """A clip of its own in both renditions."""
    sha256 = name.encode().hex().ljust(64, "0")[:64]
    ref = ClipRef(sha256=sha256, size_bytes=1_000, frames=round(seconds * 48_000))
    return PreparedClips(
        renditions=dict.fromkeys(RenditionName, ref),
        peaks=(0, 50, 100),
        findings=(Finding(code="very_quiet", remedy="amplified", values={"gain_db": 12.5}),),
        integrated_lufs=-16.0,
        marks=(Mark(text="Kính thưa bà con.", start_s=0.2, end_s=1.5),),
    )


def sound(name: str, seconds: float = 1.0, state: SoundState = SoundState.READY) -> Sound:
    ready = state is SoundState.READY
    return Sound(
        sound_id=SoundId(f"sd-{name}"),
        source=Source.TEXT,
        reading=Reading(text=f"Nội dung {name}", language="vi", words_per_minute=130, voice="espeak-vi"),
        file_name="",
        profile=Profile.HORN,
        state=state,
        created_at_us=T0_US,
        created_by="an",
        progress=1.0 if ready else 0.0,
        clips=clips(name, seconds) if ready else None,
    )


def bulletin(name: str, sounds: Sequence[Sound] = (), frame: Frame = PLAIN, **more: object) -> Bulletin:
    languages = ("vi", "en", "tyz", "km", "jra", "cjm")
    made = {
        "bulletin_id": BulletinId(f"b-{name}"),
        "title": name,
        "airing_class": AiringClass.ORDINARY,
        "area_id": None,
        "variants": tuple(
            Variant(language=language, sound=one)
            for language, one in zip(languages, sounds or (sound(name),), strict=False)
        ),
        "frame": frame,
        "created_at_us": T0_US,
        "created_by": "an",
        "changed_at_us": T0_US,
        "changed_by": "an",
    }
    return Bulletin(**{**made, **more})  # type: ignore[arg-type]


def tune(name: str, seconds: float = 3.0, **more: object) -> Tune:
    made = {"tune_id": TuneId(f"tune-{name}"), "name": name, "sound": sound(f"tune {name}", seconds)}
    return Tune(**{**made, **more})  # type: ignore[arg-type]


def tune_parts(*tunes: Tune) -> dict[TuneId, ClipPart]:
    return {one.tune_id: one.sound.clips.part for one in tunes if one.sound.clips is not None}


def programme(name: str, items: Sequence[Item], frame: Frame = PLAIN) -> Programme:
    return Programme(
        programme_id=ProgrammeId(f"pr-{name}"),
        title=name,
        airing_class=AiringClass.PRIORITY,
        area_id=None,
        items=tuple(items),
        frame=frame,
        created_at_us=T0_US,
        created_by="an",
        changed_at_us=T0_US,
        changed_by="an",
    )
