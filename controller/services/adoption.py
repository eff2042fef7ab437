"""How devices come to belong to this controller, and how they leave."""

from agents.protocol.documents import SignedDocument
from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.pairing import EnrolmentToken
from controller.domain.enrolment import Token
from controller.domain.speakers import Area, FoundDevice, PairedDevice, Speaker


class Adoption:
    """Finding, adopting, enrolling and releasing devices."""

    def found(self) -> tuple[FoundDevice, ...]:
        """Devices that belong to nobody, by name."""
        raise NotImplementedError

    async def areas(self) -> tuple[Area, ...]:
        """All areas, by name."""
        raise NotImplementedError

    async def identify(self, device_id: DeviceId) -> int:
        """The device speaks its code; returns how many times are left. Raises `Unreachable`, `Refused`."""
        raise NotImplementedError

    async def adopt(
        self, device_id: DeviceId, code: str, *, name: str, area_id: AreaId | None, new_area_name: str | None, by: str
    ) -> Speaker:
        """Pair by the typed code; ``new_area_name`` makes an area where ``area_id`` is None.

        Raises `Invalid` (``name_empty``, ``name_too_long``, ``name_taken``, ``area_unknown``, ``code_malformed``),
        `Unreachable`, `Refused` (see `ports.Links.adopt`).
        """
        raise NotImplementedError

    async def release(self, speaker_id: SpeakerId, by: str, *, force: bool = False) -> Speaker:
        """The device forgets this controller; where it is away, at its next connect. ``force`` forgets the device at
        once, and leaves it to be reset by hand. Raises `NotFound`.
        """
        raise NotImplementedError

    async def pinned_key(self, device_id: DeviceId) -> bytes | None:
        """The X25519 key to expect of a device that says it belongs here; None where it does not."""
        raise NotImplementedError

    async def create_token(self, area_id: AreaId, uses: int, valid_s: int, by: str) -> Token:
        """An enrolment token for ``uses`` devices within ``valid_s`` seconds. Raises `Invalid`, `NotFound`."""
        raise NotImplementedError

    async def tokens(self) -> tuple[Token, ...]:
        """Every token, the newest first."""
        raise NotImplementedError

    async def enrolment_token(self, token_id: str) -> EnrolmentToken | None:
        """The token's secret, to check a device's proof with; None where it is unknown or used up."""
        raise NotImplementedError

    async def enrol(self, token_id: str, paired: PairedDevice, name: str) -> SignedDocument:
        """The first assignment of a device whose proof was right; ``name`` is what it calls itself.

        The device becomes a speaker when it dials as adopted. Raises `Refused` (``token_used``).
        """
        raise NotImplementedError
