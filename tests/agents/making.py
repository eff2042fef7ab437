"""Documents, clips and airings for tests, with everything that does not matter filled in."""

import hashlib
from dataclasses import dataclass, field

from agents.protocol.documents import (
    Action,
    Assignment,
    Audience,
    Document,
    Header,
    Order,
    Rundown,
    SignedDocument,
)
from agents.protocol.guards import WireGuards
from agents.protocol.signing import SigningKey, sign
from agents.protocol.values import (
    AiringClass,
    ClipPart,
    ClipRef,
    DocumentKind,
    OnInterrupted,
    Part,
    PlannedAiring,
    RenditionName,
    TrustedKey,
)

DEVICE = "d-pole"
AREAS = ("a-province", "a-commune", "a-village")
T0_US = 1_800_000_000_000_000
SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US


def clip_bytes(name: str, size: int = 1_000) -> bytes:
    """Bytes that stand for a clip."""
    return (hashlib.sha256(name.encode()).digest() * (size // 32 + 1))[:size]


def ref_of(content: bytes, seconds: float = 10.0) -> ClipRef:
    """The reference to a clip with this content."""
    return ClipRef(sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content), frames=round(seconds * 48_000))


def clip_part(content: bytes, seconds: float = 10.0) -> ClipPart:
    return ClipPart(renditions={RenditionName.OPUS24: ref_of(content, seconds)})


def airing(
    airing_id: str = "air-1",
    *,
    start_at_us: int | None = None,
    seconds: float = 10.0,
    airing_class: AiringClass = AiringClass.ORDINARY,
    planned_at_us: int = T0_US,
    window_us: int = 60 * SECOND_US,
    rank: int = 0,
    sequence: tuple[Part, ...] | None = None,
    from_us: int = 0,
    play_us: int | None = None,
    fade_us: int = 0,
    on_interrupted: OnInterrupted = OnInterrupted.DROP,
    slot_ends_us: int | None = None,
    times: int = 1,
    pause_us: int = 0,
    references: tuple[str, ...] = (),
) -> PlannedAiring:
    """An airing of one clip named after it."""
    return PlannedAiring(
        airing_id=airing_id,
        bulletin_id="b-" + airing_id,
        title=airing_id,
        airing_class=airing_class,
        rank=rank,
        planned_at_us=planned_at_us,
        start_at_us=start_at_us,
        lateness_window_us=window_us,
        sequence=sequence or (clip_part(clip_bytes(airing_id), seconds),),
        from_us=from_us,
        play_us=play_us,
        fade_us=fade_us,
        on_interrupted=on_interrupted,
        slot_ends_us=slot_ends_us,
        times=times,
        pause_us=pause_us,
        references=references,
    )


@dataclass
class Desk:
    """A key, its counters, and what it signs."""

    key: SigningKey = field(default_factory=SigningKey.generate)
    counters: dict[DocumentKind, int] = field(default_factory=dict)
    made: int = 0

    def trusted(
        self,
        *,
        kinds: tuple[DocumentKind, ...] = tuple(DocumentKind),
        classes: tuple[AiringClass, ...] = tuple(AiringClass),
        areas: tuple[str, ...] = ("*",),
    ) -> TrustedKey:
        """This desk's key with a scope."""
        return TrustedKey(
            key_id=self.key.key_id, public_key=self.key.public_bytes, kinds=kinds, classes=classes, areas=areas
        )

    def header(
        self,
        kind: DocumentKind,
        *,
        issued_at_us: int = T0_US,
        not_after_us: int | None = None,
        counter: int | None = None,
        document_id: str | None = None,
    ) -> Header:
        self.made += 1
        number = self.counters.get(kind, 0) + 1 if counter is None else counter
        self.counters[kind] = max(number, self.counters.get(kind, 0))
        return Header(
            document_id=document_id or f"{self.key.key_id}-{kind}-{self.made}",
            key_id=self.key.key_id,
            issued_at_us=issued_at_us,
            not_after_us=issued_at_us + HOUR_US if not_after_us is None else not_after_us,
            counter=number,
        )

    def assignment(
        self,
        *,
        device_id: str = DEVICE,
        area_path: tuple[str, ...] = AREAS,
        groups: tuple[str, ...] = (),
        trusted_keys: tuple[TrustedKey, ...] | None = None,
        delay_us: int = 0,
        volume_percent: int = 80,
        **header: int | str,
    ) -> Assignment:
        return Assignment(
            header=self.header(DocumentKind.ASSIGNMENT, **header),  # type: ignore[arg-type]
            device_id=device_id,
            speaker_id="s-pole",
            speaker_name="Pole",
            area_path=area_path,
            groups=groups,
            delay_us=delay_us,
            volume_percent=volume_percent,
            trusted_keys=(self.trusted(),) if trusted_keys is None else trusted_keys,
        )

    def rundown(
        self,
        *airings: PlannedAiring,
        device_id: str = DEVICE,
        guards: WireGuards | None = None,
        **header: int | str,
    ) -> Rundown:
        return Rundown(
            header=self.header(DocumentKind.RUNDOWN, **header),  # type: ignore[arg-type]
            device_id=device_id,
            from_us=T0_US,
            until_us=T0_US + 24 * HOUR_US,
            airings=airings,
            guards=guards,
        )

    def order(self, action: Action, *, to: Audience | None = None, **header: int | str) -> Order:
        return Order(
            header=self.header(DocumentKind.ORDER, **header),  # type: ignore[arg-type]
            to=Audience(devices=(DEVICE,)) if to is None else to,
            action=action,
        )

    def sign(self, document: Document) -> SignedDocument:
        return sign(self.key, document)
