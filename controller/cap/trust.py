"""Whose signature counts, and what was found out about one."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Trust:
    """Certificates in PEM whose signatures count: those of signers themselves, and of authorities that vouch for
    signers. ``required``: what is not validly signed is refused. ``at_us``: the instant at which certificates are
    checked; None is the instant of reading.
    """

    signers: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    required: bool = False
    at_us: int | None = None


class SignatureState(StrEnum):
    NONE = "none"
    VALID = "valid"
    """Unchanged since somebody signed it who is trusted."""
    INVALID = "invalid"
    """Changed after it was signed, or signs something else than the alert."""
    UNTRUSTED = "untrusted"
    """Nothing speaks against it, but who signed is not known here, or the way of signing is too weak to count."""
    EXPIRED = "expired"
    """Signed by who is trusted, with a certificate that is no longer or not yet valid at the time of checking."""


@dataclass(frozen=True, slots=True)
class Signature:
    """``by`` is the subject of the certificate (RFC 4514), ``code`` says why it is not valid, like those of reasons."""

    state: SignatureState
    by: str = ""
    code: str = ""
    detail: str = ""
    checked_at_us: int = 0


UNSIGNED = Signature(SignatureState.NONE)
