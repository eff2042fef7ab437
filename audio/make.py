"""From a recording, or a text, to finished files: probe, measure, level, encode, check, settle.

All work happens in a directory of its own inside the destination and is renamed at the end, so that an error, a
cancellation or a power cut leaves nothing half-made.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audio import judge, level, measure, mend, ogg, plan, runner, tools
from audio.clip import (
    SAMPLE_RATE_HZ,
    AudioSettings,
    ClipFile,
    Finding,
    FindingCode,
    Loudness,
    MadeClips,
    Profile,
    Progress,
    Remedy,
    Rendition,
    Stage,
    ToolFailed,
    TooLongRecording,
    UnreadableRecording,
)

_TRIALS = 4
_ENCODINGS = 8
_MENDINGS = 4
# The share of the whole work that each stage takes, measured on speech.
_SHARES = {
    Stage.MEASURING: (0.0, 0.08),
    Stage.LEVELLING: (0.08, 0.12),
    Stage.ENCODING: (0.12, 0.8),
    Stage.CHECKING: (0.8, 1.0),
}


async def make_clips(
    source: Path,
    out_dir: Path,
    *,
    settings: AudioSettings | None = None,
    progress: Progress | None = None,
    name: str = "",
    profile: Profile = Profile.PLAIN,
) -> MadeClips:
    """Make every rendition of a recording, as `<sha256>.opus` in `out_dir`.

    `source` may be anything: it is opened only in processes with limits. `name` is the person's name of the file, when
    `source` has another one; see `measure.probe` for what it is used for. The renditions are levelled to the target
    loudness as decoded, begin with exactly `preroll_ms` of silence, and are equally long.

    Raises: every AudioError but those of texts and voices; asyncio.CancelledError ends all processes. In each of
    these cases nothing is left in `out_dir`.
    """
    settings = settings or AudioSettings()
    probed = await measure.probe(source, name)
    promised_s = judge.surely_s(probed.format, probed.duration_s)
    if promised_s > settings.duration_limit_s:
        raise TooLongRecording(promised_s, settings.duration_limit_s)
    ffmpeg = settings.ffmpeg or await tools.find_ffmpeg()
    return await _Making(source, out_dir, settings, ffmpeg, probed, profile, progress).clips()


@dataclass(frozen=True, slots=True)
class _Sound:
    """What the measuring pass says of a recording."""

    view: measure.View
    heard: judge.Heard

    @property
    def kept_levels(self) -> Sequence[int]:
        """The level of every 10 ms of the kept part."""
        first = self.heard.cut.start_frame // measure.BLOCK_FRAMES
        return self.view.levels[first : first + -(-self.heard.frames // measure.BLOCK_FRAMES)]


@dataclass(slots=True)
class _Making:
    """One recording on its way; holds what every step needs."""

    source: Path
    out_dir: Path
    settings: AudioSettings
    ffmpeg: Path
    probed: measure.Probe
    profile: Profile
    progress: Progress | None
    reached: float = 0.0

    async def clips(self) -> MadeClips:
        source = plan.Source(
            self.source,
            self.probed.format,
            self.probed.channels,
            # One second more shows that a recording is too long; less than that is not refused for its padding.
            self.settings.duration_limit_s + 1,
            profile=self.profile,
        )
        with runner.work_directory(self.out_dir) as work:
            source, view, heard = await self._measured(source, work)
            begin = await asyncio.to_thread(level.aim, view, heard, self.settings, self.profile)
            at = await self._levelled(source, heard, begin)
            made = await self._encoded(source, _Sound(view, heard), begin, at, work)
            renditions = await runner.in_thread(lambda: self._settled(made))
        self._tell(Stage.CHECKING, 1.0)
        return MadeClips(
            renditions,
            judge.waveform(view, heard, self.settings),
            (*_with_gain(heard.findings, at), *self._off_level(renditions)),
            heard.loudness_lufs,
        )

    async def _measured(self, source: plan.Source, work: Path) -> tuple[plan.Source, measure.View, judge.Heard]:
        view, said = await self._viewed(source)
        if not measure.is_steady(said):
            source = await self._straightened(source, work / "straight.flac")
            view, said = await self._viewed(source)
        phase: tuple[Finding, ...] = ()
        if judge.channels_cancel(view):
            source = replace(source, mix=plan.Mix.FIRST_OF_TWO)
            phase = (Finding(FindingCode.OUT_OF_PHASE, Remedy.ONE_CHANNEL_USED),)
            view, said = await self._viewed(source)
        if view.frames > self.settings.duration_limit_s * SAMPLE_RATE_HZ + SAMPLE_RATE_HZ // 2:
            raise TooLongRecording(view.frames / SAMPLE_RATE_HZ, self.settings.duration_limit_s)
        lufs = measure.read_loudness(said).integrated_lufs
        heard = await asyncio.to_thread(judge.hear, view, lufs, self.probed.format, self.probed.duration_s)
        return source, view, replace(heard, findings=(*phase, *heard.findings))

    async def _viewed(self, source: plan.Source) -> tuple[measure.View, str]:
        view = measure.View(mixed=source.mix is plan.Mix.ALL and source.channels > 1)
        expected_frames = (self.probed.duration_s or 0.0) * SAMPLE_RATE_HZ

        def take(data: bytes) -> None:
            view.feed(data)
            if expected_frames:
                self._tell(Stage.MEASURING, view.frames / expected_frames)

        finished = await runner.run(self._command(plan.measuring(source)), on_stdout=take)
        view.finish()
        if finished.exit_code != 0:
            raise UnreadableRecording(runner.last_line(finished.stderr))
        return view, finished.stderr

    async def _straightened(self, source: plan.Source, flac: Path) -> plan.Source:
        command = self._command(plan.straightening(source, flac))
        finished = await runner.run(replace(command, output_limit_bytes=round(source.limit_s * 4 * SAMPLE_RATE_HZ)))
        if finished.exit_code != 0:
            raise UnreadableRecording(runner.last_line(finished.stderr))
        return replace(source, path=flac, format="flac", channels=2)

    async def _levelled(self, source: plan.Source, heard: judge.Heard, begin: level.Aim) -> plan.Level:
        tried: list[tuple[plan.Level, float]] = []
        at, trial_needed = begin.level, begin.trial_needed
        while trial_needed and len(tried) < _TRIALS:
            arguments = plan.levelling(source, heard.cut, at, self.settings.preroll_ms)
            finished = await self._run(arguments, Stage.LEVELLING, heard.frames)
            tried.append((at, measure.read_loudness(finished.stderr).integrated_lufs))
            at, trial_needed = level.after_trial(begin, tried, self.settings)
        return at

    async def _encoded(
        self, source: plan.Source, sound: _Sound, begin: level.Aim, at: plan.Level, work: Path
    ) -> dict[Rendition, tuple[Path, Loudness]]:
        heard = sound.heard
        targets = [plan.Target(each, begin.coder, at, work / f"{each}.opus", self.profile) for each in Rendition]
        made: dict[Rendition, list[level.Made]] = {target.rendition: [] for target in targets}
        for _ in range(_ENCODINGS):
            arguments = plan.encoding(source, heard.cut, tuple(targets), self.settings.preroll_ms)
            await self._run(arguments, Stage.ENCODING, heard.frames)
            again = []
            for target in targets:
                results = made[target.rendition]
                results.append(await self._checked(target, target.path, heard.frames))
                better = level.corrected(begin, results, heard.frames, self.settings)
                for _ in range(_MENDINGS):
                    if not level.added_dips(results[-1], better):
                        break
                    results[-1] = await self._mended(source, sound, target, (results[-1], better))
                    better = level.corrected(begin, results, heard.frames, self.settings)
                if better is not None:
                    again.append(replace(target, coder=better[0], level=better[1]))
            targets = again
            if not targets:
                break
        return {each: (work / f"{each}.opus", results[-1].loudness) for each, results in made.items()}

    async def _mended(
        self,
        source: plan.Source,
        sound: _Sound,
        target: plan.Target,
        step: tuple[level.Made, tuple[plan.Coder, plan.Level] | None],
    ) -> level.Made:
        """Encode the moments of a rendition that burst once more, and nothing else of it."""
        before, better = step
        dips = level.added_dips(before, better)
        target = replace(target, coder=before.coder, level=replace(before.level, dips=(*before.level.dips, *dips)))
        cuts = mend.seams(dips, sound.kept_levels, self.settings.preroll_ms * SAMPLE_RATE_HZ // 1000)
        parts = [plan.Patch(*cut.frames, target.path.with_suffix(f".{number}")) for number, cut in enumerate(cuts)]
        arguments = plan.patching(source, sound.heard.cut, target, tuple(parts), self.settings.preroll_ms)
        await self._run(arguments, Stage.ENCODING, sound.heard.frames)
        whole = await asyncio.to_thread(ogg.pages, target.path)
        bursts = [
            burst for burst in before.bursts if not any(cut.changes(burst.at_s + self._preroll_s) for cut in cuts)
        ]
        peaks_dbtp = [before.calm_dbtp, *(burst.peak_dbtp for burst in bursts)]
        for part, cut in zip(parts, cuts, strict=True):
            patch = await asyncio.to_thread(ogg.pages, part.path)
            whole = ogg.splice(whole, patch, cut.first, cut.end, cut.encode_from)
            near, begins = ogg.excerpt(whole, cut.first - mend.HEARD_AFTER_PACKETS, cut.end + mend.HEARD_AFTER_PACKETS)
            await asyncio.to_thread(ogg.write, part.path, near)
            result = await self._checked(target, part.path, sound.heard.frames)
            later_s = begins * mend.PACKET_FRAMES / SAMPLE_RATE_HZ
            moved = [replace(burst, at_s=burst.at_s + later_s) for burst in result.bursts]
            bursts += [burst for burst in moved if cut.changes(burst.at_s + self._preroll_s)]
            peaks_dbtp.append(result.loudness.true_peak_dbtp)
        await asyncio.to_thread(ogg.write, target.path, whole)
        loudness = replace(before.loudness, true_peak_dbtp=max(peaks_dbtp))
        bursts.sort(key=lambda burst: burst.at_s)
        return replace(before, level=target.level, loudness=loudness, bursts=tuple(bursts))

    async def _checked(self, target: plan.Target, path: Path, frames: int) -> level.Made:
        peaks = measure.Peaks(level.burst_limit_dbtp(self.settings))

        def take(data: bytes) -> None:
            peaks.feed(data)
            self._tell(Stage.CHECKING, peaks.frames / max(1, frames))

        finished = await runner.run_checked(self._command(plan.checking(path)), on_stdout=take)
        peaks.finish()
        loudness = replace(measure.read_loudness(finished.stderr), true_peak_dbtp=round(peaks.highest_dbtp, 2))
        bursts = tuple(level.Burst(at_s - self._preroll_s, dbtp) for at_s, dbtp in peaks.above)
        return level.Made(target.coder, target.level, loudness, bursts, round(peaks.calm_dbtp, 2))

    @property
    def _preroll_s(self) -> float:
        return self.settings.preroll_ms / 1000

    def _trimmed(self, work: Path, loudness: Loudness) -> Loudness:
        gain_db = level.output_gain_db(loudness, self.settings)
        if not gain_db:
            return loudness
        ogg.set_output_gain(work, gain_db)
        return Loudness(round(loudness.integrated_lufs + gain_db, 2), round(loudness.true_peak_dbtp + gain_db, 2))

    def _off_level(self, clips: Mapping[Rendition, ClipFile]) -> tuple[Finding, ...]:
        off = [clip.loudness for clip in clips.values() if not level.is_level(clip.loudness, self.settings)]
        if not off:
            return ()
        values = {"loudness_lufs": off[0].integrated_lufs, "true_peak_dbtp": off[0].true_peak_dbtp}
        return (Finding(FindingCode.OFF_LEVEL, Remedy.KEPT, values),)

    def _settled(self, made: Mapping[Rendition, tuple[Path, Loudness]]) -> dict[Rendition, ClipFile]:
        clips = {}
        for rendition, (work, encoded) in made.items():
            loudness = self._trimmed(work, encoded)
            sha256 = runner.sha256_of(work)
            path = self.out_dir / f"{sha256}.opus"
            frames = ogg.opus_frames(work)
            clips[rendition] = ClipFile(rendition, path, sha256, work.stat().st_size, frames, loudness)
        if len({clip.frames for clip in clips.values()}) != 1:
            raise ToolFailed("the renditions are not equally long")
        for rendition, clip in clips.items():
            runner.settle(made[rendition][0], clip.path)
        return clips

    async def _run(self, arguments: plan.Arguments, stage: Stage, frames: int) -> runner.Finished:
        lines = _ProgressLines(lambda done_s: self._tell(stage, done_s * SAMPLE_RATE_HZ / max(1, frames)))
        return await runner.run_checked(self._command(arguments), on_stdout=lines.feed)

    def _command(self, arguments: plan.Arguments) -> runner.Command:
        # Real time is a generous limit: the smallest board encodes several times faster.
        expected_s = self.probed.duration_s or self.settings.duration_limit_s
        return runner.Command(
            (str(self.ffmpeg), *arguments),
            time_limit_s=60 + expected_s,
            memory_limit_bytes=self.settings.memory_limit_bytes,
            output_limit_bytes=self.settings.output_limit_bytes,
        )

    def _tell(self, stage: Stage, share: float) -> None:
        start, end = _SHARES[stage]
        reached = start + (end - start) * min(1.0, max(0.0, share))
        if self.progress is not None and (reached > self.reached or reached >= 1.0):
            self.reached = reached
            self.progress(stage, reached)


def _with_gain(findings: tuple[Finding, ...], at: plan.Level) -> tuple[Finding, ...]:
    return tuple(
        replace(finding, values={**finding.values, "gain_db": at.gain_db})
        if finding.code is FindingCode.VERY_QUIET
        else finding
        for finding in findings
    )


class _ProgressLines:
    """Reads what `ffmpeg -progress` writes: lines of `out_time_us=<microseconds>` among others."""

    def __init__(self, tell: Callable[[float], None]) -> None:
        self._tell = tell
        self._rest = b""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            name, _, value = line.partition(b"=")
            if name == b"out_time_us" and value.strip().isdigit():
                self._tell(int(value) / 1_000_000)
