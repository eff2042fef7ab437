"""Whether a signed document may be obeyed. Everything that is not plainly allowed is refused, with the reason.

Rules of the module, in the order in which they are asked:

1. The key is known, the signature is its, the payload is a document of a kind the key may sign, in its own name.
2. A document that was accepted before, byte for byte, is accepted again and changes nothing.
3. It is for this device, and within the key's areas and classes. An assignment moves a device only from one of its
   key's areas to another, and gives no key more than its own may; the pinned key alone is not asked. An order by area
   counts through an area of this device's path at or below one of the key's; by name or group, this device must stand
   in one of the key's areas.
4. It is not from the future (5 s and the clock's own error are allowed) and not past its not-after.
5. Its counter is above every one accepted from this key in this kind; the id of an open order is not used twice. The
   assignment that comes with an adoption is fresh by the channel it came through: a released device that is adopted
   again by the same controller does not hold its old counter against it.

While time is unknown rule 4 cannot be asked. Assignments, rundowns and orders are then accepted on their counters: a
stop must work, and nothing sounds before time is known, since a start is an instant. Only a device is not released
without time. The key that was pinned at adoption may always sign an assignment, so that no assignment locks the
controller out; before the first assignment it may sign everything.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

import msgspec

from agents.domain.now import Now
from agents.protocol.codec import decode_document
from agents.protocol.documents import (
    Action,
    Assignment,
    Audience,
    Calibrate,
    Document,
    End,
    FetchLog,
    Header,
    Identify,
    Order,
    Play,
    ReleaseDevice,
    ReleaseStop,
    Restart,
    Rundown,
    SelfTest,
    SignedDocument,
    Start,
    Stop,
    TestTone,
    kind_of,
)
from agents.protocol.errors import BadSignature, MalformedMessage, TooLarge
from agents.protocol.ids import KeyId, key_id
from agents.protocol.journal import RefusalReason, Refused
from agents.protocol.signing import verify
from agents.protocol.values import AiringClass, Counters, DocumentKind, TrustedKey
from agents.protocol.version import MAX_DOCUMENT_BYTES

FUTURE_TOLERANCE_US = 5_000_000
EVERYWHERE = "*"

_KINDS = tuple(DocumentKind)
_CLASSES = tuple(AiringClass)
_ACTIONS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Action))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is kept of an accepted document: enough to know it again."""

    key_id: str
    digest: bytes
    not_after_us: int


@dataclass(frozen=True, slots=True)
class Trust:
    """What this device believes: a value, and `after` is the next one.

    ``airing_classes`` is what is known of the airings that a start order may name; ``stop_keys`` says which key holds
    which stop. Both are asked for when needed, since the player knows them.
    """

    device_id: str
    pinned_key: bytes | None = None
    assignment: Assignment | None = None
    counters: Counters = field(default_factory=dict)
    remembered: Mapping[tuple[DocumentKind, str], Remembered] = field(default_factory=dict)
    stop_keys: Mapping[str, str] = field(default_factory=dict)
    class_of: Callable[[str], AiringClass | None] = lambda airing_id: None

    def keys(self) -> dict[str, TrustedKey]:
        """Every key with its scope; the pinned one may always sign an assignment."""
        listed = () if self.assignment is None else self.assignment.trusted_keys
        keys = {key.key_id: key for key in listed if key_id(key.public_key) == key.key_id}
        if self.pinned_key is not None:
            pinned = self._pinned(self.pinned_key)
            known = keys.get(pinned.key_id)
            if known is None:
                keys[pinned.key_id] = pinned
            elif DocumentKind.ASSIGNMENT not in known.kinds:
                widened = msgspec.structs.replace(known, kinds=(*known.kinds, DocumentKind.ASSIGNMENT))
                keys[pinned.key_id] = widened
        return keys

    def _pinned(self, public_key: bytes) -> TrustedKey:
        first = self.assignment is None
        return TrustedKey(
            key_id=key_id(public_key),
            public_key=public_key,
            kinds=_KINDS if first else (DocumentKind.ASSIGNMENT,),
            classes=_CLASSES if first else (),
            areas=(EVERYWHERE,),
        )

    def after(self, accepted: "Accepted", now_us: int | None) -> "Trust":
        """What is believed once the document is on disk. Forgets documents past their not-after, given the time."""
        document = accepted.document
        kind = kind_of(document)
        header = document.header
        place = (KeyId(header.key_id), kind)
        kept = {
            name: known for name, known in self.remembered.items() if not _forgotten(name[0], known, document, now_us)
        }
        kept[(kind, header.document_id)] = Remembered(header.key_id, accepted.digest, header.not_after_us)
        stop_keys = {stop: key for stop, key in self.stop_keys.items() if (DocumentKind.ORDER, stop) in kept}
        match document:
            case Order(action=Stop()):
                stop_keys[header.document_id] = header.key_id
            case Order(action=ReleaseStop(order_id=order_id)):
                stop_keys.pop(order_id, None)
        return replace(
            self,
            assignment=document if isinstance(document, Assignment) else self.assignment,
            counters={**self.counters, place: max(header.counter, self.counters.get(place, 0))},
            remembered=kept,
            stop_keys=stop_keys,
        )


def _forgotten(kind: DocumentKind, known: "Remembered", newer: Document, now_us: int | None) -> bool:
    """Orders are forgotten past their not-after; of the other kinds only the last of each key is remembered."""
    if kind is DocumentKind.ORDER:
        return now_us is not None and known.not_after_us < now_us
    return kind is kind_of(newer) and known.key_id == newer.header.key_id


@dataclass(frozen=True, slots=True)
class Accepted:
    """To be put on disk and obeyed. ``digest`` is the SHA-256 of its payload."""

    document: Document
    digest: bytes


@dataclass(frozen=True, slots=True)
class Repeated:
    """Accepted before, byte for byte: nothing to do."""

    document_id: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not obeyed. Before the signature is verified the ids are only what the sender claims."""

    document_id: str
    kind: str
    key_id: str
    reason: RefusalReason
    detail: str = ""

    def record(self) -> Refused:
        """The journal record of it."""
        return Refused(
            document_id=self.document_id[:200],
            kind=self.kind[:200],
            key_id=self.key_id[:200],
            reason=self.reason,
            detail=self.detail[:500],
        )


class _Refuse(Exception):
    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def judge(signed: SignedDocument, trust: Trust, now: Now) -> Accepted | Repeated | Refusal:
    """Decides over one document. Does not raise for anything that is in it."""
    try:
        key = _authentic(signed, trust)
        document = _decoded(signed, key)
        digest = hashlib.sha256(signed.payload).digest()
        header = document.header
        known = trust.remembered.get((kind_of(document), header.document_id))
        if known is not None and known.digest == digest:
            return Repeated(header.document_id)
        _for_me(document, key, trust)
        _in_time(document, now)
        _fresh(document, known, trust)
    except _Refuse as refuse:
        claimed_id, claimed_kind, _ = _claims(signed.payload)
        return Refusal(claimed_id, claimed_kind, signed.key_id, refuse.reason, refuse.detail)
    return Accepted(document, digest)


def digest_of(signed: SignedDocument) -> bytes:
    """What `Remembered` keeps of a document."""
    return hashlib.sha256(signed.payload).digest()


def _authentic(signed: SignedDocument, trust: Trust) -> TrustedKey:
    if len(signed.payload) > MAX_DOCUMENT_BYTES:
        raise _Refuse(RefusalReason.TOO_LARGE, f"{len(signed.payload)} bytes; at most {MAX_DOCUMENT_BYTES} are allowed")
    key = trust.keys().get(signed.key_id)
    if key is None:
        raise _Refuse(RefusalReason.UNKNOWN_KEY, "this device was never told to trust the key")
    try:
        verify(key.public_key, signed)
    except BadSignature as error:
        raise _Refuse(RefusalReason.BAD_SIGNATURE, "the signature does not fit the document") from error
    return key


def _decoded(signed: SignedDocument, key: TrustedKey) -> Document:
    try:
        document = decode_document(signed.payload)
    except (MalformedMessage, TooLarge) as error:
        _, _, action = _claims(signed.payload)
        if action is not None and action not in _ACTIONS:
            raise _Refuse(RefusalReason.UNKNOWN_ACTION, f"this device knows no action {action[:80]}") from error
        raise _Refuse(RefusalReason.MALFORMED, str(error)[:300]) from error
    if document.header.key_id != signed.key_id:
        raise _Refuse(RefusalReason.MALFORMED, "the document names another key than the one that signed it")
    if kind_of(document) not in key.kinds:
        raise _Refuse(RefusalReason.KIND_NOT_TRUSTED, f"the key may not sign a document of kind {kind_of(document)}")
    return document


def _claims(payload: bytes) -> tuple[str, str, str | None]:
    """Document id, kind and action as the payload claims them, empty where it does not; for reports only."""
    try:
        loose = msgspec.json.decode(payload[: MAX_DOCUMENT_BYTES + 1])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "", "", None
    if not isinstance(loose, dict):
        return "", "", None
    header, action = loose.get("header"), loose.get("action")
    document_id = header.get("document_id") if isinstance(header, dict) else None
    name = action.get("action") if isinstance(action, dict) else None
    kind = loose.get("kind")
    return (
        document_id[:80] if isinstance(document_id, str) else "",
        kind[:80] if isinstance(kind, str) else "",
        name if isinstance(name, str) else None,
    )


# --- for me, and within the key's scope -----------------------------------------------------------------------------


def _for_me(document: Document, key: TrustedKey, trust: Trust) -> None:
    match document:
        case Assignment(device_id=device_id):
            _named(device_id, trust)
            if key.public_key != trust.pinned_key:
                _within(document.area_path, key)
                _within(_path(trust), key)
                _grants(document, key, trust)
        case Rundown(device_id=device_id, airings=airings):
            _named(device_id, trust)
            _within(_path(trust), key)
            for airing in airings:
                _may_air(airing.airing_class, key)
        case Order():
            _addressed(document.to, key, trust)
            _action(document, key, trust)


def _named(device_id: str, trust: Trust) -> None:
    if device_id != trust.device_id:
        raise _Refuse(RefusalReason.NOT_FOR_ME, f"it is for the device {device_id}")


def _path(trust: Trust) -> tuple[str, ...]:
    return () if trust.assignment is None else trust.assignment.area_path


def _within(path: tuple[str, ...], key: TrustedKey) -> None:
    if EVERYWHERE not in key.areas and not set(key.areas) & set(path):
        raise _Refuse(RefusalReason.OUT_OF_SCOPE, "the key does not reach the area this device stands in")


def _may_air(airing_class: AiringClass, key: TrustedKey) -> None:
    if airing_class not in key.classes:
        raise _Refuse(RefusalReason.OUT_OF_SCOPE, f"the key may not put an airing of class {airing_class} on the air")


def _grants(assignment: Assignment, key: TrustedKey, trust: Trust) -> None:
    """A key gives no power that it does not have, but may leave what is there."""
    if EVERYWHERE in key.areas:
        return
    before = trust.keys()
    for granted in assignment.trusted_keys:
        within = (
            set(granted.kinds) <= set(key.kinds)
            and set(granted.classes) <= set(key.classes)
            and set(granted.areas) <= set(key.areas)
        )
        if not within and before.get(granted.key_id) != granted:
            raise _Refuse(RefusalReason.OUT_OF_SCOPE, f"the key cannot grant {granted.key_id} more than it may itself")


def _addressed(to: Audience, key: TrustedKey, trust: Trust) -> None:
    path = _path(trust)
    groups = () if trust.assignment is None else trust.assignment.groups
    by_name = trust.device_id in to.devices or bool(set(groups) & set(to.groups))
    by_area = [place for place, area in enumerate(path) if area in to.areas]
    if not by_name and not by_area:
        raise _Refuse(RefusalReason.NOT_FOR_ME, "it names neither this device nor an area or group it is in")
    if EVERYWHERE in key.areas:
        return
    scope = [place for place, area in enumerate(path) if area in key.areas]
    if not scope or not (by_name or max(by_area) >= min(scope)):
        raise _Refuse(RefusalReason.OUT_OF_SCOPE, "the order reaches beyond the areas of its key")


def _action(order: Order, key: TrustedKey, trust: Trust) -> None:
    match order.action:
        case Play(airing=airing, ends=ends):
            _may_air(airing.airing_class, key)
            _may_change(ends, key, trust)
        case Start(airing_id=airing_id):
            _may_change((airing_id,), key, trust)
        case End(airing_ids=airing_ids):
            _may_change(airing_ids, key, trust)
        case Stop():
            pass  # silence needs no class
        case Identify() | TestTone() | Restart() | FetchLog() | SelfTest() | Calibrate():
            _may_air(AiringClass.TEST, key)
        case ReleaseStop(order_id=order_id):
            owner = trust.stop_keys.get(order_id)
            if owner not in (None, order.header.key_id) and EVERYWHERE not in key.areas:
                raise _Refuse(RefusalReason.OUT_OF_SCOPE, "another key holds this stop")
        case ReleaseDevice():
            if DocumentKind.ASSIGNMENT not in key.kinds:
                raise _Refuse(RefusalReason.OUT_OF_SCOPE, "the key may not say what this device is")
            if trust.device_id not in order.to.devices:
                raise _Refuse(RefusalReason.NOT_FOR_ME, "a device is released by its id alone")


def _may_change(airing_ids: Iterable[str], key: TrustedKey, trust: Trust) -> None:
    for airing_id in airing_ids:
        airing_class = trust.class_of(airing_id)
        if airing_class is not None:
            _may_air(airing_class, key)


# --- time and counters ----------------------------------------------------------------------------------------------


def _in_time(document: Document, now: Now) -> None:
    header: Header = document.header
    if now.controller_us is None:
        if isinstance(document, Order) and isinstance(document.action, ReleaseDevice):
            raise _Refuse(RefusalReason.TIME_UNKNOWN, "the device does not know the time yet; send it again")
        return
    latest_us = now.controller_us + FUTURE_TOLERANCE_US + (now.clock_error_us or 0)
    if header.issued_at_us > latest_us:
        early_us = header.issued_at_us - now.controller_us
        raise _Refuse(RefusalReason.NOT_YET_VALID, f"issued {early_us} us in the future")
    if now.controller_us > header.not_after_us:
        raise _Refuse(RefusalReason.EXPIRED, f"{now.controller_us - header.not_after_us} us past its not-after")


def _fresh(document: Document, known: Remembered | None, trust: Trust) -> None:
    header = document.header
    kind = kind_of(document)
    if known is not None and kind is DocumentKind.ORDER:
        raise _Refuse(RefusalReason.REPLAYED, "another order has used this id")
    if kind is DocumentKind.ASSIGNMENT and trust.assignment is None:
        return
    highest = trust.counters.get((KeyId(header.key_id), kind), 0)
    if header.counter <= highest:
        raise _Refuse(RefusalReason.REPLAYED, f"counter {header.counter}, and {highest} was accepted already")
