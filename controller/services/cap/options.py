"""What is set for CAP alerts."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class CapOptions:
    """What is set for alerts. ``signers`` and ``authorities`` are certificates in PEM whose signatures count.
    ``geocodes`` are the names under which alerts give codes of our areas. An alert that does not say when it is over is
    over ``unexpiring_s`` after it was sent; one that is heard is repeated for ``heard_s``. Audio is fetched from
    ``audio_hosts`` alone, and from hosts in the local network only where they stand in ``inside_hosts`` too. ``sender``
    is what our own alerts name; empty is made of the controller's id. ``public`` lets everybody read them.
    """

    signers: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    signature_required: bool = False
    geocodes: tuple[str, ...] = ("code",)
    unexpiring_s: int = 86_400
    heard_s: int = 600
    audio_hosts: tuple[str, ...] = ()
    inside_hosts: tuple[str, ...] = ()
    most_bytes: int = 10_000_000
    sender: str = ""
    public: bool = True
