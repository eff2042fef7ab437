"""Figures about the running controller, in the text format that Prometheus reads (version 0.0.4).

Rules of the module: names begin with ``loa_`` and end with their unit; nothing that names a person or a place is
shown; making the page changes nothing.
"""

import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from controller.domain.airings import AiringState
from controller.domain.faults import FaultKind
from controller.domain.speakers import NotReady
from controller.links.clock import ControllerClock
from controller.links.door import Door
from controller.links.hub import Hub
from controller.services.dispatch import Dispatch
from controller.services.faults import FaultDesk
from controller.services.live.desk import LiveDesk
from controller.services.speakers import SpeakerDesk
from controller.services.telemetry import TelemetryDesk
from controller.supervise import DiskWatch, LoopWatch

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_READY: Final = "ready"


@dataclass(slots=True)
class Page:
    """The text being written."""

    lines: list[str] = field(default_factory=list)

    def gauge(self, name: str, words: str, value: float) -> None:
        """One figure that goes up and down."""
        self._family(name, words, "gauge", [({}, value)])

    def extreme(self, name: str, words: str, value: float | None) -> None:
        """The same, left out where nobody knows it."""
        if value is not None:
            self.gauge(name, words, value)

    def counter(self, name: str, words: str, value: float) -> None:
        """One figure that only grows."""
        self._family(name, words, "counter", [({}, value)])

    def gauges(self, name: str, words: str, label: str, values: Mapping[str, float]) -> None:
        """One figure for each value of a label."""
        self._family(name, words, "gauge", [({label: key}, value) for key, value in values.items()])

    def counters(self, name: str, words: str, label: str, values: Mapping[str, float]) -> None:
        """The same for what only grows."""
        self._family(name, words, "counter", [({label: key}, value) for key, value in sorted(values.items())])

    def _family(self, name: str, words: str, kind: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> None:
        self.lines += [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
        for labels, value in samples:
            shown = ",".join(f'{key}="{escape(text)}"' for key, text in labels.items())
            figure = f"{value:d}" if isinstance(value, int) else repr(value)
            self.lines.append(f"{name}{{{shown}}} {figure}" if shown else f"{name} {figure}")

    def text(self) -> str:
        """The whole page."""
        return "\n".join(self.lines) + "\n"


def escape(text: str) -> str:
    """A label's value as the format wants it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Where the figures come from."""

    version: str
    hub: Hub
    door: Door
    dispatch: Dispatch
    live: LiveDesk
    speakers: SpeakerDesk
    faults: FaultDesk
    telemetry: TelemetryDesk
    clock: ControllerClock
    loop: LoopWatch
    disk: DiskWatch

    async def page(self) -> str:
        """The page as it is now. Raises `StoreFailed`."""
        page = Page()
        labels = f'version="{escape(self.version)}",python="{sys.version.split()[0]}"'
        page.lines += [
            "# HELP loa_build_info What runs.",
            "# TYPE loa_build_info gauge",
            f"loa_build_info{{{labels}}} 1",
        ]
        await self._station(page)
        self._boxes(page)
        self._links(page)
        self._live(page)
        self._house(page)
        return page.text()

    async def _station(self, page: Page) -> None:
        overviews = await self.speakers.overview()
        states = Counter({_READY: 0, **{reason.value: 0 for reason in NotReady}})
        states.update(one.not_ready.value if one.not_ready else _READY for one in overviews)
        page.gauges("loa_speakers", "Adopted speakers, by what keeps them from sounding.", "state", states)
        errors = [one.health.clock_error_us for one in overviews if one.health and one.connected_since_us is not None]
        worst_us = max((error_us for error_us in errors if error_us is not None), default=None)
        worst_s = None if worst_us is None else worst_us / 1e6
        page.extreme("loa_boxes_worst_clock_error_seconds", "The largest clock error of a linked speaker.", worst_s)
        refusals = sum(one.health.refusals for one in overviews if one.health is not None)
        page.gauge("loa_speaker_refusals", "Documents that speakers say they have refused.", refusals)
        airings = self.dispatch.open_airings()
        open_states = (AiringState.WAITING, AiringState.PLANNED, AiringState.ON_AIR)
        by_state = Counter({state.value: 0 for state in open_states})
        by_state.update(airing.state.value for airing in airings)
        page.gauges("loa_airings", "Airings that are not over.", "state", by_state)

    def _boxes(self, page: Page) -> None:
        kinds = Counter({kind.value: 0 for kind in FaultKind})
        kinds.update(fault.kind.value for fault in self.faults.open())
        page.gauges("loa_faults", "Faults that are open; a whole area's is one.", "kind", kinds)
        told = self.telemetry.all_latest()
        page.gauge("loa_boxes_telling", "Speakers that told how their boxes are.", len(told))
        heat = [one.temperature_c for one in told if one.temperature_c is not None]
        signal = [one.signal_dbm for one in told if one.signal_dbm is not None]
        page.extreme("loa_boxes_hottest_celsius", "The hottest processor.", max(heat, default=None))
        page.extreme("loa_boxes_weakest_signal_dbm", "The weakest radio signal.", min(signal, default=None))
        waiting = sum(one.journal_waiting for one in told)
        page.gauge("loa_boxes_records_waiting", "Journal records that boxes have not handed in.", waiting)
        underruns = sum(one.underruns for one in told)
        page.gauge("loa_boxes_underruns", "Underruns that boxes counted since their programs began.", underruns)
        late, made_up = (one.live_late or 0 for one in told), (one.live_concealed or 0 for one in told)
        page.gauge("loa_boxes_live_late", "Packets of live sound that came too late to be heard.", sum(late))
        page.gauge("loa_boxes_live_concealed", "Packets of live sound that boxes made up.", sum(made_up))
        unbelieved = sum(one.live_refused or 0 for one in told)
        page.gauge("loa_boxes_live_refused", "Live bundles that boxes did not believe.", unbelieved)
        page.counter("loa_readings_lost_total", "Readings given up while the database failed.", self.telemetry.lost)

    def _links(self, page: Page) -> None:
        counters, (queued, worst) = self.hub.counters, self.hub.roll.queued()
        page.gauge("loa_links", "Adopted devices that are connected.", len(self.hub.connected()))
        page.gauge(
            "loa_new_devices", "Devices that are connected and wait to be adopted.", len(self.hub.newcomers.links())
        )
        page.gauge("loa_unproven_links", "Devices that are proving who they are.", self.door.gate.unproven)
        page.gauge("loa_outbox_bytes", "Bytes that wait for devices to take them.", queued)
        page.gauge("loa_outbox_bytes_worst", "The same on the link with the most.", worst)
        page.counter("loa_links_opened_total", "Links that were proven and welcomed.", counters.opened)
        page.counter("loa_links_garbage_total", "Links closed because of what the device sent.", counters.garbage)
        page.counter(
            "loa_handshakes_failed_total", "Devices without the key they must hold.", counters.handshakes_failed
        )
        page.counters("loa_links_turned_away_total", "Links refused, by reason.", "reason", counters.turned_away)
        page.counters("loa_links_ended_total", "Proven links that ended, by why.", "why", counters.ended)
        page.counter("loa_unknown_messages_total", "Messages of unknown kinds, left out.", counters.unknown_messages)
        page.counter("loa_unknown_fields_total", "Unknown fields in messages, left out.", counters.unknown_fields)
        page.counter("loa_documents_pushed_total", "Documents sent to devices.", counters.documents_pushed)
        page.counter("loa_documents_refused_total", "Documents that devices refused.", counters.documents_refused)
        page.counter("loa_clips_served_total", "Clip requests of devices answered.", counters.clips_served)
        page.counter("loa_clips_denied_total", "Clip requests without a live link's ticket.", counters.clips_denied)

        page.counter("loa_live_bundles_sent_total", "Live sound sent, by bundle and link.", counters.live_sent)
        page.counter("loa_live_bundles_skipped_total", "Those spared to full links.", counters.live_skipped)

    def _live(self, page: Page) -> None:
        streams, told = self.live.open_streams(), self.live.counters
        page.gauge("loa_live_streams", "Live streams that are open.", len(streams))
        page.gauge("loa_live_horns", "Speakers that sound one of them.", sum(one.hearing() for one in streams))
        page.counter("loa_live_streams_opened_total", "Live streams that were opened.", told.streams)
        page.counter("loa_live_bundles_total", "Bundles of live sound that went out, each once.", told.bundles)
        page.counter("loa_live_moved_total", "Places of 20 ms left silent: packets came late.", told.moved)
        page.counter("loa_live_left_out_total", "Packets of live sound that found no place.", told.left_out)

    def _house(self, page: Page) -> None:
        page.gauge("loa_clock_synchronised", "1 while the controller trusts its time.", self.clock.synchronised())
        page.gauge("loa_clock_step_seconds", "How far the system clock was set while we ran.", self.clock.step_us / 1e6)
        page.gauge("loa_loop_lag_seconds", "The worst delay of the event loop in the last minute.", self.loop.worst_s)
        page.gauge("loa_disk_free_bytes", "Free disk where the data is.", self.disk.free_bytes)
        page.gauge("process_resident_memory_bytes", "Memory in use.", resident_bytes())
        page.counter("process_cpu_seconds_total", "Processor time used.", time.process_time())


def resident_bytes() -> int:
    """The memory this process holds now; its peak where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
