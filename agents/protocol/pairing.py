"""How two sides that never met come to pin each other's key: a spoken code, or an enrolment token.

Rules of the module. Both proofs are made inside a finished Noise channel and bound to it: to its handshake hash and to
both static keys. A person in the middle would have two channels with two hashes, and so two proofs that never match.

*Code.* Six digits feed SPAKE2 (Ed25519 group; the controller is side A, the device side B). The device sends its
share and its confirmation together, and the code is used up by sending: a wrong guess is worth exactly one code, and
learns nothing but that it was wrong. The controller checks the device's confirmation first and only then sends its
own with the adoption; the device pins nothing before it has checked that. Nobody but a party that knew the code can
make either confirmation.

*Token.* ``<id>.<secret>``: both sides hold the secret, each proves it by a MAC over the channel, the device first.

The library computes in plain integers, so its timing may depend on the code; with one guess a code there is nothing
to collect it from. ``spake2`` is imported in this file alone.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any, Final, Self

from agents.protocol.channel import Channel
from agents.protocol.errors import PairingFailed

CODE_DIGITS: Final = 6
_CODE: Final = re.compile(r"[0-9]{6}")
_TOKEN_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_TOKEN_SECRET: Final = re.compile(r"[A-Z2-7]{26,103}")
_TOKEN_SECRET_BYTES: Final = 20

_IDENTITY_LABEL: Final = b"loa-pair-v1\0"
_CONFIRM_SALT: Final = b"loa-pair-confirm-v1"
_DEVICE_LABEL: Final = b"device confirms"
_CONTROLLER_LABEL: Final = b"controller confirms"
_ENROL_DEVICE_LABEL: Final = b"loa-enrol-v1\0device\0"
_ENROL_CONTROLLER_LABEL: Final = b"loa-enrol-v1\0controller\0"


@dataclass(frozen=True, slots=True)
class Binding:
    """The channel that a proof is made for: its hash and both static keys, 32 bytes each."""

    handshake_hash: bytes
    controller_static: bytes
    device_static: bytes

    @classmethod
    def of_device(cls, channel: Channel) -> Self:
        """Of the device's end. Raises `HandshakeFailed` before the handshake is finished."""
        return cls(
            controller_static=channel.remote_static,
            device_static=channel.local_static,
            handshake_hash=channel.handshake_hash,
        )

    @classmethod
    def of_controller(cls, channel: Channel) -> Self:
        """Of the controller's end. Raises `HandshakeFailed` before the handshake is finished."""
        return cls(
            device_static=channel.remote_static,
            controller_static=channel.local_static,
            handshake_hash=channel.handshake_hash,
        )

    def controller_identity(self) -> bytes:
        """``idA`` of the SPAKE2 exchange."""
        return _IDENTITY_LABEL + b"controller\0" + self.controller_static + self.handshake_hash

    def device_identity(self) -> bytes:
        """``idB`` of the SPAKE2 exchange."""
        return _IDENTITY_LABEL + b"device\0" + self.device_static + self.handshake_hash

    def transcript(self) -> bytes:
        """Hash, controller's key, device's key: 96 bytes."""
        return self.handshake_hash + self.controller_static + self.device_static


@dataclass(frozen=True, slots=True)
class DeviceAnswer:
    """What `PairReply` carries, and what the controller's `Adopt` has to match."""

    share: bytes
    confirmation: bytes
    expected: bytes


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def normalise_code(typed: str) -> str:
    """The digits a person typed, without spaces, dots and dashes. Raises `PairingFailed` unless six are left."""
    digits = re.sub(r"[\s.\-]", "", typed)
    if not _CODE.fullmatch(digits):
        raise PairingFailed(f"The code has {CODE_DIGITS} digits. Listen to the speaker again and type all of them.")
    return digits


def answer_pairing(code: str, binding: Binding, controller_share: bytes) -> DeviceAnswer:
    """The device's half. Whoever calls this has used up the code. Raises `PairingFailed` for a share that is none."""
    from spake2 import SPAKE2_B

    side: Any = SPAKE2_B(code.encode("ascii"), idA=binding.controller_identity(), idB=binding.device_identity())
    share = bytes(side.start())
    confirm = _Confirmations.of(_finish(side, controller_share), binding, controller_share, share)
    return DeviceAnswer(share=share, confirmation=confirm.device, expected=confirm.controller)


class ControllerPairing:
    """The controller's half: `share` goes into `PairStart`; `finish` turns `PairReply` into `Adopt.confirmation`."""

    def __init__(self, code: str, binding: Binding) -> None:
        from spake2 import SPAKE2_A

        self._binding = binding
        self._side: Any = SPAKE2_A(
            code.encode("ascii"), idA=binding.controller_identity(), idB=binding.device_identity()
        )
        self.share: Final = bytes(self._side.start())

    def finish(self, device_share: bytes, device_confirmation: bytes) -> bytes:
        """The controller's confirmation. Raises `PairingFailed` when the device's does not match: a wrong code, or a
        person in the middle. Works once.
        """
        confirm = _Confirmations.of(_finish(self._side, device_share), self._binding, self.share, device_share)
        require_equal(confirm.device, device_confirmation)
        return confirm.controller


@dataclass(frozen=True, slots=True)
class _Confirmations:
    device: bytes
    controller: bytes

    @classmethod
    def of(cls, shared: bytes, binding: Binding, controller_share: bytes, device_share: bytes) -> Self:
        transcript = binding.transcript() + controller_share + device_share
        return cls(
            device=hmac.digest(_hkdf(shared, _DEVICE_LABEL), transcript, "sha256"),
            controller=hmac.digest(_hkdf(shared, _CONTROLLER_LABEL), transcript, "sha256"),
        )


def _hkdf(secret: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) with the module's salt; one block, 32 bytes."""
    extracted = hmac.digest(_CONFIRM_SALT, secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def _finish(side: Any, inbound: bytes) -> bytes:
    from spake2 import SPAKEError

    try:
        return bytes(side.finish(inbound))
    except (SPAKEError, ValueError, AssertionError, IndexError) as error:
        raise PairingFailed("the other side sent something that is no pairing share") from error


def require_equal(expected: bytes, given: bytes) -> None:
    """Compares two proofs in constant time. Raises `PairingFailed` unless they are equal."""
    if not hmac.compare_digest(expected, given):
        raise PairingFailed("The code was not the right one. Ask the speaker to speak a new one.")


@dataclass(frozen=True, slots=True)
class EnrolmentToken:
    """A secret given to many devices beforehand. Its text form shows the id alone."""

    token_id: str
    secret: bytes

    @classmethod
    def generate(cls, token_id: str) -> Self:
        """A token of 160 random bits. Raises `PairingFailed` for an id that cannot be written."""
        return cls.parse(f"{token_id}.{base64.b32encode(secrets.token_bytes(_TOKEN_SECRET_BYTES)).decode('ascii')}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``<id>.<secret>``; the secret in base32, at least 128 bits. Raises `PairingFailed`."""
        token_id, _, secret = text.strip().partition(".")
        secret = secret.upper().rstrip("=")
        if not _TOKEN_ID.fullmatch(token_id) or not _TOKEN_SECRET.fullmatch(secret):
            raise PairingFailed(
                "This is not an enrolment token. It reads <id>.<secret>, the secret at least 26 letters of base32."
            )
        return cls(token_id=token_id, secret=secret.encode("ascii"))

    def text(self) -> str:
        """The form that goes into a device's settings."""
        return f"{self.token_id}.{self.secret.decode('ascii')}"

    def secret_hash(self) -> bytes:
        """SHA-256 of the secret: what may be shown or logged to tell tokens apart."""
        return hashlib.sha256(self.secret).digest()

    def device_proof(self, binding: Binding) -> bytes:
        """`NewDevice.enrolment_proof`."""
        return hmac.digest(self.secret, _ENROL_DEVICE_LABEL + binding.transcript(), "sha256")

    def controller_proof(self, binding: Binding) -> bytes:
        """`Adopt.confirmation` for a device that is adopted by token."""
        return hmac.digest(self.secret, _ENROL_CONTROLLER_LABEL + binding.transcript(), "sha256")

    def __repr__(self) -> str:
        return f"EnrolmentToken({self.token_id})"
