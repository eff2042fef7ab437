"""The devices that hold a link now, and the last they said of themselves. Memory only; what must last is stored."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from agents.protocol.ids import DeviceId, SpeakerId
from agents.protocol.messages import DeviceHello, Heartbeat
from agents.protocol.values import ClockBasis, DocumentKind
from controller.domain.speakers import Speaker, SpeakerHealth, SpeakerState


@dataclass(slots=True)
class Present:
    """One connected device of a speaker. Instants are controller time.

    ``former_of`` is set for a box that another one took the place of: what it wrote is about that speaker, how it is
    is about nobody. ``unsure`` is set when it refused a document because it does not know the time yet.
    """

    speaker_id: SpeakerId
    device_id: DeviceId
    hello: DeviceHello
    address: str
    since_us: int
    seen_at_us: int
    heartbeat: Heartbeat | None = None
    saved_at_us: int = 0
    links: int = 1
    unsure: bool = False
    former_of: SpeakerId | None = None
    marks: dict[tuple[str, DocumentKind], int] = field(default_factory=dict)

    def health(self, connected: bool = True) -> SpeakerHealth:
        """What is known of the speaker through this link."""
        told = SpeakerHealth(
            speaker_id=self.speaker_id,
            seen_at_us=self.seen_at_us,
            connected=connected,
            model=self.hello.model,
            software=self.hello.software,
            address=self.address,
            volume_percent=self.hello.volume_percent,
        )
        beat = self.heartbeat
        if beat is None:
            return told
        return replace(
            told,
            clock_basis=beat.clock_basis,
            clock_error_us=beat.clock_error_us,
            volume_percent=beat.volume_percent,
            clips=beat.clips,
            disk_free_bytes=beat.disk_free_bytes,
            refusals=beat.refusals,
        )

    @property
    def time_known(self) -> bool:
        """True once a heartbeat named a basis of its clock."""
        return self.heartbeat is not None and self.heartbeat.clock_basis is not ClockBasis.NONE

    @property
    def stopped_here(self) -> bool:
        """Whether its last heartbeat told that the stop button of its box was pressed, and holds."""
        told = None if self.heartbeat is None else self.heartbeat.telemetry
        return told is not None and told.stopped_here


class Roster:
    """Who is present, by device. ``own`` are all devices that belong here, present or not."""

    def __init__(self) -> None:
        self._present: dict[DeviceId, Present] = {}
        self.own: set[DeviceId] = set()

    def arrive(self, speaker: Speaker, hello: DeviceHello, address: str, now_us: int) -> Present:
        """A device's link is open. It may have dialled again before its former link was found dead."""
        former = self._present.get(speaker.device_id)
        present = Present(
            speaker_id=speaker.speaker_id,
            device_id=speaker.device_id,
            hello=hello,
            address=address,
            since_us=now_us,
            seen_at_us=now_us,
            links=1 if former is None else former.links + 1,
            former_of=speaker.replaces if speaker.state is SpeakerState.REPLACED else None,
            marks={(mark.key_id, mark.kind): mark.counter for mark in hello.counters},
        )
        self._present[speaker.device_id] = present
        self.own.add(speaker.device_id)
        return present

    def leave(self, device_id: DeviceId) -> Present | None:
        """One of its links has ended; returns the device if that was its last."""
        present = self._present.get(device_id)
        if present is None:
            return None
        present.links -= 1
        return self._present.pop(device_id) if present.links == 0 else None

    def names(self) -> frozenset[str]:
        """What the devices that are present call themselves."""
        return frozenset(present.hello.name for present in self._present.values())

    def makes(self) -> frozenset[tuple[str, str]]:
        """Model and version of the devices that are present."""
        return frozenset((present.hello.model, present.hello.software) for present in self._present.values())

    def get(self, device_id: DeviceId) -> Present | None:
        """The device, if it is present."""
        return self._present.get(device_id)
