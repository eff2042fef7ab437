"""From what the services know to what the templates show. Pure: no I/O, no clock.

Numbers keep their meaning and change their unit only as the target's name says; codes become sentences.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from urllib.parse import urlencode

from agents.protocol.ids import SpeakerId
from agents.protocol.values import ClockBasis, RenditionName
from controller.domain.airings import OPEN_STATES, Airing, AiringState, Playback, PlayState
from controller.domain.bulletins import Bulletin, BulletinState
from controller.domain.speakers import FoundDevice, NotReady, SpeakerOverview
from controller.services.reports import AiringReport, AiringSummary, PlaybackReport, SpeakerReport
from controller.web import views
from controller.web.findings import finding_sentence
from controller.web.i18n import N_, Translator
from controller.web.languages import language_name
from controller.web.moments import maybe_moment, moment
from controller.web.sentences import playback_sentence, sentence
from controller.web.views import SpeakerState, TargetArea, TargetSpeaker
from schedules.areas import Area

NEW_AREA = "new"
"""The value of the choice that makes an area with the station's name, where there is none yet."""

_STATES = {
    NotReady.RELEASING: SpeakerState.RELEASING,
    NotReady.STOPPED: SpeakerState.STOPPED,
    NotReady.OFFLINE: SpeakerState.OFFLINE,
    NotReady.STOPPED_HERE: SpeakerState.STOPPED,
    NotReady.TIME_UNKNOWN: SpeakerState.TIME_UNKNOWN,
    NotReady.NO_OUTPUT: SpeakerState.FAULT,
    NotReady.NOT_HEARD: SpeakerState.FAULT,
}
_NOTES = {
    NotReady.RELEASING: N_("It is released as soon as it connects again."),
    NotReady.STOPPED_HERE: N_(
        "Somebody pressed the stop button at its box. Held down for 3 seconds, it lets it speak again."
    ),
    NotReady.TIME_UNKNOWN: N_("It does not know the time yet, so it stays silent."),
    NotReady.NO_OUTPUT: N_("It has no sound: its sound device cannot be opened."),
    NotReady.NOT_HEARD: N_("The last self-test did not hear its horn."),
}

_SAME_NAME = N_(
    "Another device has the same name. Let this one say its code, and adopt it only if the right box speaks."
)


def speaker_state(overview: SpeakerOverview) -> SpeakerState:
    """The one word for this speaker."""
    return state_of(overview.not_ready, sounding=bool(overview.sounding_airing_id))


def state_of(not_ready: NotReady | None, *, sounding: bool) -> SpeakerState:
    """The same, from what it is made of."""
    if not_ready is not None:
        return _STATES[not_ready]
    return SpeakerState.SOUNDING if sounding else SpeakerState.READY


def speaker_row(overview: SpeakerOverview, say: Translator) -> views.SpeakerRow:
    """One line of the speakers' list."""
    speaker, health = overview.speaker, overview.health
    state = speaker_state(overview)
    note = None if overview.not_ready is None else _NOTES.get(overview.not_ready)
    return views.SpeakerRow(
        id=speaker.speaker_id,
        name=speaker.name,
        area_name=overview.area_name,
        state=state,
        last_seen=moment(health.seen_at_us) if health else None,
        volume_percent=speaker.volume_percent,
        clock_error_ms=_ms(health.clock_error_us) if health else None,
        software=health.software if health else "",
        address=health.address if health else "",
        refusals=health.refusals if health else 0,
        model=health.model if health else "",
        profile=speaker.profile.value,
        note_sentence=say.gettext(note) if note else "",
    )


def speaker_page(overview: SpeakerOverview, report: SpeakerReport, say: Translator) -> views.SpeakerPage:
    """Everything known of one speaker."""
    health = overview.health
    return views.SpeakerPage(
        row=speaker_row(overview, say),
        device_id=overview.speaker.device_id,
        area_id=overview.speaker.area_id,
        model=health.model if health else "",
        linked_since=maybe_moment(overview.connected_since_us),
        clock_basis=health.clock_basis if health else None,
        disk_free_bytes=health.disk_free_bytes if health else None,
        clips=health.clips if health else None,
        max_volume_percent=overview.speaker.max_volume_percent,
        delay_ms=overview.speaker.delay_us // 1_000,
        refusals=[
            views.RefusalCount(reason=r.reason, count=r.count, last_at=maybe_moment(r.last_at_us))
            for r in report.refusals
        ],
        rundown=[_rundown_item(airing, playback) for airing, playback in report.open_airings],
        records=report.records,
    )


def _rundown_item(airing: Airing, playback: Playback) -> views.RundownItem:
    return views.RundownItem(
        airing_id=airing.airing_id,
        title=airing.title,
        starts_at=maybe_moment(airing.start_at_us),
        duration_s=airing.duration_us / 1e6,
        state=playback.state,
    )


def found_devices(devices: Sequence[FoundDevice], names: Collection[str], say: Translator) -> list[views.FoundDevice]:
    """Devices that belong to nobody; ``names`` are those of speakers that are adopted."""
    counted = Counter(device.name.casefold() for device in devices)
    counted.update({name.casefold() for name in names})
    return [_found_device(device, counted[device.name.casefold()] > 1, say) for device in devices]


def _found_device(device: FoundDevice, same_name: bool, say: Translator) -> views.FoundDevice:
    return views.FoundDevice(
        id=device.device_id,
        name=device.name,
        model=device.model,
        address=device.address,
        software=device.software,
        linked=device.linked,
        identifies_left=device.identifies_left,
        identify_until=maybe_moment(device.identify_until_us),
        problem_sentence=sentence("adopted_elsewhere", say) if device.adopted_elsewhere else "",
        warning_sentence=say.gettext(_SAME_NAME) if device.name and same_name else "",
    )


def area_options(areas: Sequence[Area], station_name: str) -> list[views.AreaOption]:
    """The areas to choose from; where there is none yet, one with the station's name."""
    options = [views.AreaOption(id=area.area_id, name=area.name) for area in areas]
    return options or [views.AreaOption(id=NEW_AREA, name=station_name)]


def target_areas(overviews: Sequence[SpeakerOverview], unchecked: Collection[SpeakerId] = ()) -> list[TargetArea]:
    """Speakers by area, by name; all but ``unchecked`` are chosen. Those being released cannot be chosen."""
    by_area: dict[str, list[SpeakerOverview]] = {}
    for overview in overviews:
        if overview.not_ready is not NotReady.RELEASING:
            by_area.setdefault(overview.speaker.area_id, []).append(overview)
    areas = [_target_area(area_id, inside, unchecked) for area_id, inside in by_area.items()]
    return sorted(areas, key=lambda area: (area.name, area.id))


def _target_area(area_id: str, inside: Sequence[SpeakerOverview], unchecked: Collection[SpeakerId]) -> TargetArea:
    speakers = [
        TargetSpeaker(
            id=o.speaker.speaker_id,
            name=o.speaker.name,
            state=speaker_state(o),
            checked=o.speaker.speaker_id not in unchecked,
        )
        for o in inside
    ]
    return TargetArea(id=area_id, name=inside[0].area_name, ready=sum(1 for o in inside if o.ready), speakers=speakers)


def unchecked_targets(
    overviews: Sequence[SpeakerOverview], areas: Sequence[str], targets: Sequence[str], known: Sequence[str]
) -> frozenset[SpeakerId]:
    """Which speakers the person has left out: those listed and not chosen; one that is new in the list comes chosen
    only when all that were listed are chosen.
    """
    chosen = set(targets)
    new_ones = all(speaker_id in chosen for speaker_id in known)
    left_out = set()
    for overview in overviews:
        speaker = overview.speaker
        listed = speaker.speaker_id in known
        wanted = speaker.speaker_id in chosen or (not listed and (new_ones or speaker.area_id in areas))
        if not wanted:
            left_out.add(speaker.speaker_id)
    return frozenset(left_out)


def audio_url(bulletin: Bulletin) -> str:
    """Where the sound of a ready bulletin is heard."""
    return f"/bulletins/{bulletin.bulletin_id}/audio"


def prepared(bulletin: Bulletin, track: views.Track, taken: Sequence[str], say: Translator) -> views.Prepared:
    """A bulletin being made, made, or not to be had."""
    clips = [variant.sound.clips for variant in bulletin.variants if variant.sound.clips]
    failed = {variant.sound.sound_id for variant in bulletin.variants if variant.sound.failure}
    kept = [pair for pair in taken if pair.partition("=")[2] not in failed]
    return views.Prepared(
        id=bulletin.bulletin_id,
        state=bulletin.state,
        revision=bulletin.revision,
        progress_percent=round(100 * bulletin.progress) if bulletin.state is BulletinState.PREPARING else None,
        sentence=failure_sentence(bulletin, say),
        track=track,
        loudness_lufs=clips[0].integrated_lufs if len(bulletin.variants) == len(clips) == 1 else None,
        size_bytes=sum(one.renditions[RenditionName.OPUS24].size_bytes for one in clips),
        finding_sentences=found_sentences(bulletin, say),
        taken=kept,
        asked=urlencode([("taken", pair) for pair in kept]),
    )


def failure_sentence(bulletin: Bulletin, say: Translator) -> str:
    """Why it cannot be heard, naming the language where there are several; empty where nothing failed."""
    failed = next((variant for variant in bulletin.variants if variant.sound.failure), None)
    if failed is None:
        return ""
    said = sentence(failed.sound.failure or "tool_failed", say)
    return said if len(bulletin.variants) == 1 else f"{language_name(failed.language, say)}: {said}"


def found_sentences(bulletin: Bulletin, say: Translator) -> list[str]:
    """What was noticed in its sounds and what was done, naming the language where there are several."""
    several = len(bulletin.variants) > 1
    return [
        (f"{language_name(variant.language, say)}: " if several else "") + finding_sentence(finding, say)
        for variant in bulletin.variants
        if variant.sound.clips
        for finding in variant.sound.clips.findings
    ]


def airing_row(summary: AiringSummary) -> views.AiringRow:
    """One line of the log."""
    airing = summary.airing
    return views.AiringRow(
        id=airing.airing_id,
        title=airing.title,
        state=airing.state,
        starts_at=maybe_moment(airing.start_at_us),
        duration_s=airing.duration_us / 1e6,
        finished=summary.finished,
        targets=summary.targets,
        airing_class=airing.airing_class,
    )


def airing(report: AiringReport, say: Translator) -> views.Airing:
    """One airing with its evidence."""
    of, bulletin = report.airing, report.bulletin
    return views.Airing(
        id=of.airing_id,
        title=of.title,
        state=of.state,
        starts_at=maybe_moment(of.start_at_us),
        duration_s=of.duration_us / 1e6,
        sent_at=moment(of.planned_at_us),
        sent_by=of.planned_by,
        targets=[_target(of, playback, say) for playback in report.playbacks],
        spread_ms=_ms(report.spread_us),
        text=(bulletin.main.reading.text if bulletin.main.reading else "") if bulletin else "",
        audio_url=audio_url(bulletin) if bulletin and bulletin.clips else "",
        peaks=bulletin.clips.peaks if bulletin and bulletin.clips else (),
        from_above=bulletin.sender if bulletin else "",
    )


def _target(of: Airing, report: PlaybackReport, say: Translator) -> views.TargetProgress:
    playback = report.playback
    stages = {
        PlayState.PLANNED: of.planned_at_us,
        PlayState.PUSHED: playback.pushed_at_us,
        PlayState.STORED: playback.stored_at_us,
        PlayState.ARMED: playback.armed_at_us,
        PlayState.SOUNDING: playback.started_at_us,
        PlayState.FINISHED: playback.ended_at_us if playback.state is PlayState.FINISHED else None,
    }
    return views.TargetProgress(
        speaker_id=report.speaker.speaker_id,
        speaker_name=report.speaker.name,
        area_name=report.area_name,
        state=playback.state,
        reached={stage: moment(at_us) for stage, at_us in stages.items() if at_us is not None},
        reason_sentence=playback_sentence(playback.reason, say) or _untold(of, playback, say),
        start_error_ms=_ms(playback.start_error_us),
        joined_at_s=(playback.joined_at_us or 0) / 1e6,
        lost_s=playback.lost_us / 1e6,
        clock_basis=ClockBasis(playback.clock_basis) if playback.clock_basis else None,
        clock_error_ms=_ms(playback.clock_error_us),
        records=report.records,
    )


def _untold(of: Airing, playback: Playback, say: Translator) -> str:
    """Why nothing is known of an airing that is over; empty while it is not, and where something is."""
    if of.state in OPEN_STATES or of.state is AiringState.STOPPED:
        return ""
    match playback.state:
        case PlayState.PLANNED:
            return say.gettext("It was not connected, so it never got this.")
        case PlayState.PUSHED | PlayState.STORED | PlayState.ARMED | PlayState.SOUNDING:
            return say.gettext(
                "It has this, and has not told yet what became of it; it does when it is connected again."
            )
        case _:
            return ""


def _ms(micros: int | None) -> float | None:
    return None if micros is None else micros / 1_000
