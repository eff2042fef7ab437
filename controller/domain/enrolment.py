"""Enrolment tokens: a hundred devices adopted at once, limited in number and time."""

from dataclasses import dataclass

from agents.protocol.ids import AreaId


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token given to devices beforehand.

    ``text`` is the secret form ``<id>.<secret>`` that goes into a device's settings: both sides prove that they hold
    it, so it is kept whole. It is shown once, to the person who made it.
    """

    token_id: str
    text: str
    area_id: AreaId
    uses_left: int
    expires_at_us: int
    created_at_us: int
    created_by: str

    def usable(self, now_us: int) -> bool:
        """True while devices can still enrol with it."""
        return self.uses_left > 0 and now_us < self.expires_at_us

    def __repr__(self) -> str:
        return f"Token({self.token_id})"
