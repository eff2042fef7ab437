"""Who may make the horn sound, and what is refused with which reason."""

from dataclasses import replace

import msgspec
import pytest

from agents.domain.now import Now
from agents.domain.trust import Accepted, Refusal, Repeated, Trust, judge
from agents.protocol.documents import (
    Action,
    Audience,
    Document,
    Play,
    ReleaseDevice,
    ReleaseStop,
    SignedDocument,
    Start,
    Stop,
)
from agents.protocol.journal import RefusalReason
from agents.protocol.signing import SigningKey
from agents.protocol.values import AiringClass, ClockBasis, DocumentKind
from agents.protocol.version import MAX_DOCUMENT_BYTES
from tests.agents.making import DEVICE, SECOND_US, T0_US, Desk, airing

NOW = Now(0, T0_US, 1_000, ClockBasis.LINK)
NO_TIME = Now(0, None, None, ClockBasis.NONE)
HERE = Audience(areas=("a-commune",))


def obeys(desk: Desk, *others: Desk, **scope: tuple[str, ...]) -> Trust:
    """A device that was adopted by the desk; the others' keys have the scope given."""
    keys = (desk.trusted(), *(other.trusted(**scope) for other in others))  # type: ignore[arg-type]
    assignment = desk.assignment(trusted_keys=keys, groups=("g-coast",))
    trust = Trust(DEVICE, pinned_key=desk.key.public_bytes)
    accepted = judge(desk.sign(assignment), trust, NOW)
    assert isinstance(accepted, Accepted)
    return trust.after(accepted, T0_US)


def reason(signed: SignedDocument, trust: Trust, now: Now = NOW) -> RefusalReason | None:
    """Why it is refused, None where it is accepted."""
    verdict = judge(signed, trust, now)
    return verdict.reason if isinstance(verdict, Refusal) else None


def play(**kind: AiringClass) -> Play:
    return Play(airing=airing(**kind))  # type: ignore[arg-type]


# --- the key and the signature --------------------------------------------------------------------------------------


def test_what_the_adopting_desk_signs_is_accepted() -> None:
    desk = Desk()
    trust = obeys(desk)

    for document in (desk.order(play()), desk.rundown(airing()), desk.assignment()):
        assert reason(desk.sign(document), trust) is None


def test_a_stranger_is_refused_and_its_document_named_by_its_own_word() -> None:
    stranger = Desk()

    verdict = judge(stranger.sign(stranger.order(play(), document_id="o-1")), obeys(Desk()), NOW)

    assert isinstance(verdict, Refusal)
    assert (verdict.reason, verdict.document_id, verdict.kind) == (RefusalReason.UNKNOWN_KEY, "o-1", "order")


@pytest.mark.parametrize("changed", ["payload", "signature"])
def test_one_changed_bit_is_a_forgery(changed: str) -> None:
    desk = Desk()
    trust, signed = obeys(desk), desk.sign(desk.order(Stop()))
    content = bytearray(getattr(signed, changed))
    content[40] ^= 1

    forged = msgspec.structs.replace(signed, **{changed: bytes(content)})

    assert reason(forged, trust) is RefusalReason.BAD_SIGNATURE


def test_a_key_cannot_sign_in_anothers_name() -> None:
    desk, other = Desk(), Desk()
    trust = obeys(desk, other)
    payload = desk.sign(desk.order(Stop())).payload
    signature = other.key.sign_bytes(b"loa-document-v1\0" + payload)

    signed = SignedDocument(key_id=other.key.key_id, payload=payload, signature=signature)

    assert reason(signed, trust) is RefusalReason.MALFORMED


def test_a_listed_key_whose_id_is_not_its_own_is_not_trusted() -> None:
    desk, other = Desk(), Desk()
    lie = msgspec.structs.replace(other.trusted(), public_key=desk.key.public_bytes)
    trust = replace(obeys(desk), assignment=desk.assignment(trusted_keys=(desk.trusted(), lie)))

    assert reason(other.sign(other.order(Stop())), trust) is RefusalReason.UNKNOWN_KEY


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", RefusalReason.MALFORMED),
        (b"\xff\xfe", RefusalReason.MALFORMED),
        (b"[" * 5_000, RefusalReason.MALFORMED),
        (b'{"kind":"order"}', RefusalReason.MALFORMED),
        (b'{"kind":"order","action":{"action":"explode"}}', RefusalReason.UNKNOWN_ACTION),
        (b'{"kind":"order","action":{"action":"play"}}', RefusalReason.MALFORMED),
        (b" " * (MAX_DOCUMENT_BYTES + 1), RefusalReason.TOO_LARGE),
    ],
)
def test_garbage_is_refused_even_when_it_is_signed(payload: bytes, expected: RefusalReason) -> None:
    desk = Desk()
    signature = desk.key.sign_bytes(b"loa-document-v1\0" + payload)

    signed = SignedDocument(key_id=desk.key.key_id, payload=payload, signature=signature)

    assert reason(signed, obeys(desk)) is expected


# --- scope ----------------------------------------------------------------------------------------------------------


def test_a_key_signs_only_the_kinds_it_is_trusted_for() -> None:
    desk, other = Desk(), Desk()
    trust = obeys(desk, other, kinds=(DocumentKind.ORDER,))  # type: ignore[arg-type]

    assert reason(other.sign(other.rundown(airing())), trust) is RefusalReason.KIND_NOT_TRUSTED
    assert reason(other.sign(other.order(play())), trust) is None


def test_a_key_puts_only_its_classes_on_the_air_and_may_always_stop() -> None:
    desk, other = Desk(), Desk()
    trust = obeys(desk, other, classes=(AiringClass.ORDINARY,))  # type: ignore[arg-type]
    emergency = airing(airing_class=AiringClass.EMERGENCY)

    assert reason(other.sign(other.order(Play(airing=emergency))), trust) is RefusalReason.OUT_OF_SCOPE
    assert reason(other.sign(other.rundown(airing(), emergency)), trust) is RefusalReason.OUT_OF_SCOPE
    assert reason(other.sign(other.order(play())), trust) is None
    assert reason(other.sign(other.order(Stop())), trust) is None


def test_a_start_of_a_known_airing_needs_its_class() -> None:
    desk, other = Desk(), Desk()
    trust = obeys(desk, other, classes=(AiringClass.ORDINARY,))  # type: ignore[arg-type]
    trust = replace(trust, class_of={"siren": AiringClass.EMERGENCY}.get)
    start = Start(airing_id="siren", start_at_us=T0_US)

    assert reason(other.sign(other.order(start)), trust) is RefusalReason.OUT_OF_SCOPE
    assert reason(desk.sign(desk.order(start)), trust) is None


@pytest.mark.parametrize(
    ("scope", "to", "expected"),
    [
        (("a-commune",), Audience(areas=("a-commune",)), None),
        (("a-commune",), Audience(areas=("a-village",)), None),
        (("a-commune",), Audience(areas=("a-province",)), RefusalReason.OUT_OF_SCOPE),
        (("a-commune",), Audience(areas=("a-province", "a-village")), None),
        (("a-elsewhere",), Audience(areas=("a-commune",)), RefusalReason.OUT_OF_SCOPE),
        (("a-elsewhere",), Audience(devices=(DEVICE,)), RefusalReason.OUT_OF_SCOPE),
        (("a-commune",), Audience(devices=(DEVICE,)), None),
        (("a-commune",), Audience(groups=("g-coast",)), None),
        (("a-elsewhere",), Audience(groups=("g-coast",)), RefusalReason.OUT_OF_SCOPE),
        (("*",), Audience(areas=("a-province",)), None),
        (("*",), Audience(areas=("a-elsewhere",)), RefusalReason.NOT_FOR_ME),
        (("*",), Audience(devices=("d-other",)), RefusalReason.NOT_FOR_ME),
        (("*",), Audience(groups=("g-hills",)), RefusalReason.NOT_FOR_ME),
        (("*",), Audience(), RefusalReason.NOT_FOR_ME),
    ],
)
def test_an_order_reaches_who_is_addressed_within_the_areas_of_its_key(
    scope: tuple[str, ...], to: Audience, expected: RefusalReason | None
) -> None:
    desk, other = Desk(), Desk()
    trust = obeys(desk, other, areas=scope)

    assert reason(other.sign(other.order(Stop(), to=to)), trust) is expected


def test_rundown_and_assignment_are_for_one_device() -> None:
    desk = Desk()
    trust = obeys(desk)

    assert reason(desk.sign(desk.rundown(device_id="d-other")), trust) is RefusalReason.NOT_FOR_ME
    assert reason(desk.sign(desk.assignment(device_id="d-other")), trust) is RefusalReason.NOT_FOR_ME


def test_a_key_cannot_give_itself_more_than_it_was_given() -> None:
    desk, other = Desk(), Desk()
    trust = obeys(desk, other, areas=("a-commune",))
    grab = other.assignment(trusted_keys=(desk.trusted(), other.trusted(areas=("*",))))
    leave = other.assignment(trusted_keys=(desk.trusted(), other.trusted(areas=("a-commune",))))

    assert reason(other.sign(grab), trust) is RefusalReason.OUT_OF_SCOPE
    assert reason(other.sign(leave), trust) is None


def test_a_key_moves_a_device_only_within_its_areas() -> None:
    desk, commune, elsewhere = Desk(), Desk(), Desk()
    keys = (desk.trusted(), commune.trusted(areas=("a-commune",)), elsewhere.trusted(areas=("a-other",)))
    trust = Trust(DEVICE, pinned_key=desk.key.public_bytes)
    accepted = judge(desk.sign(desk.assignment(trusted_keys=keys)), trust, NOW)
    assert isinstance(accepted, Accepted)
    trust = trust.after(accepted, T0_US)

    into_theirs = elsewhere.assignment(area_path=("a-province", "a-other"), trusted_keys=keys)
    within = commune.assignment(area_path=("a-province", "a-commune", "a-market"), trusted_keys=keys)

    assert reason(elsewhere.sign(into_theirs), trust) is RefusalReason.OUT_OF_SCOPE
    assert reason(commune.sign(within), trust) is None


def test_the_pinned_key_assigns_whatever_areas_an_assignment_left_it() -> None:
    desk = Desk()
    trust = Trust(DEVICE, pinned_key=desk.key.public_bytes)
    narrow = desk.assignment(trusted_keys=(desk.trusted(areas=("a-elsewhere",)),))
    accepted = judge(desk.sign(narrow), trust, NOW)
    assert isinstance(accepted, Accepted)

    assert reason(desk.sign(desk.assignment()), trust.after(accepted, T0_US)) is None


def test_no_assignment_locks_the_pinned_controller_out() -> None:
    desk = Desk()
    trust = Trust(DEVICE, pinned_key=desk.key.public_bytes)
    accepted = judge(desk.sign(desk.assignment(trusted_keys=())), trust, NOW)
    assert isinstance(accepted, Accepted)
    trust = trust.after(accepted, T0_US)

    assert reason(desk.sign(desk.order(play())), trust) is RefusalReason.KIND_NOT_TRUSTED
    assert reason(desk.sign(desk.assignment()), trust) is None


def test_a_stop_is_released_by_its_own_key_or_one_that_reaches_everywhere() -> None:
    province, commune, village = Desk(), Desk(), Desk()
    trust = obeys(province, commune, village, areas=("a-commune",))
    stop = commune.order(Stop())
    accepted = judge(commune.sign(stop), trust, NOW)
    assert isinstance(accepted, Accepted)
    trust = trust.after(accepted, T0_US)
    release = ReleaseStop(order_id=stop.header.document_id)

    assert reason(village.sign(village.order(release)), trust) is RefusalReason.OUT_OF_SCOPE
    assert reason(commune.sign(commune.order(release)), trust) is None
    assert reason(province.sign(province.order(release)), trust) is None


def test_a_device_is_released_by_name_and_by_who_may_assign_it() -> None:
    desk, other = Desk(), Desk()
    trust = obeys(desk, other, kinds=(DocumentKind.ORDER,))  # type: ignore[arg-type]

    assert reason(desk.sign(desk.order(ReleaseDevice(), to=HERE)), trust) is RefusalReason.NOT_FOR_ME
    assert reason(other.sign(other.order(ReleaseDevice())), trust) is RefusalReason.OUT_OF_SCOPE
    assert reason(desk.sign(desk.order(ReleaseDevice())), trust) is None


# --- time -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issued_in_s", "expires_in_s", "expected"),
    [
        (0, 10, None),
        (4.9, 10, None),
        (6, 10, RefusalReason.NOT_YET_VALID),
        (-10, -1, RefusalReason.EXPIRED),
        (0, 0, None),
    ],
)
def test_it_is_neither_from_the_future_nor_past_its_time(
    issued_in_s: float, expires_in_s: float, expected: RefusalReason | None
) -> None:
    desk = Desk()
    trust = obeys(desk)
    order = desk.order(
        Stop(),
        issued_at_us=T0_US + round(issued_in_s * SECOND_US),
        not_after_us=T0_US + round(expires_in_s * SECOND_US),
    )

    assert reason(desk.sign(order), trust) is expected


@pytest.mark.parametrize("action", [Stop(), Start(airing_id="a", start_at_us=T0_US), Play(airing=airing())])
def test_without_time_orders_are_accepted_on_their_counters(action: Action) -> None:
    desk = Desk()

    assert reason(desk.sign(desk.order(action)), obeys(desk), NO_TIME) is None


def test_without_time_rundowns_and_assignments_are_accepted_and_no_device_is_released() -> None:
    desk = Desk()
    trust = obeys(desk)

    assert reason(desk.sign(desk.rundown()), trust, NO_TIME) is None
    assert reason(desk.sign(desk.assignment()), trust, NO_TIME) is None
    assert reason(desk.sign(desk.order(ReleaseDevice())), trust, NO_TIME) is RefusalReason.TIME_UNKNOWN


# --- replay ---------------------------------------------------------------------------------------------------------


def accept(trust: Trust, desk: Desk, document: Document) -> Trust:
    accepted = judge(desk.sign(document), trust, NOW)
    assert isinstance(accepted, Accepted)
    return trust.after(accepted, T0_US)


def test_the_same_document_again_changes_nothing() -> None:
    desk = Desk()
    trust = obeys(desk)
    for document in (desk.order(Stop()), desk.rundown(airing()), desk.assignment()):
        trust = accept(trust, desk, document)

        assert judge(desk.sign(document), trust, NOW) == Repeated(document.header.document_id)


def test_counters_only_grow_for_each_key_and_kind() -> None:
    desk = Desk()
    trust = accept(obeys(desk), desk, desk.order(Stop(), counter=10))

    assert reason(desk.sign(desk.order(Stop(), counter=10)), trust) is RefusalReason.REPLAYED
    assert reason(desk.sign(desk.order(Stop(), counter=9)), trust) is RefusalReason.REPLAYED
    assert reason(desk.sign(desk.order(Stop(), counter=11)), trust) is None
    assert reason(desk.sign(desk.rundown(counter=1)), trust) is None


def test_an_order_id_acts_once_though_it_is_signed_anew() -> None:
    desk = Desk()
    trust = accept(obeys(desk), desk, desk.order(Stop(), document_id="o-1"))

    assert reason(desk.sign(desk.order(Stop(airing_ids=("a",)), document_id="o-1")), trust) is RefusalReason.REPLAYED


def test_a_forgotten_order_is_still_refused_by_its_time_and_counter() -> None:
    desk = Desk()
    order = desk.order(Stop(), not_after_us=T0_US + SECOND_US)
    trust = accept(obeys(desk), desk, order)
    later = replace(NOW, controller_us=T0_US + 2 * SECOND_US)
    accepted = judge(desk.sign(desk.order(Stop())), trust, later)
    assert isinstance(accepted, Accepted)
    trust = trust.after(accepted, later.controller_us)
    assert (DocumentKind.ORDER, order.header.document_id) not in trust.remembered

    assert reason(desk.sign(order), trust, later) is RefusalReason.EXPIRED
    assert reason(desk.sign(order), trust, NOW) is RefusalReason.REPLAYED


def test_an_older_rundown_does_not_come_back_as_a_repetition() -> None:
    desk = Desk()
    first, second = desk.rundown(airing("a")), desk.rundown(airing("b"))
    trust = accept(accept(obeys(desk), desk, first), desk, second)

    assert reason(desk.sign(first), trust) is RefusalReason.REPLAYED


def test_a_released_device_is_adopted_again_whatever_it_had_counted() -> None:
    desk = Desk()
    trust = accept(obeys(desk), desk, desk.assignment(counter=40))
    released = Trust(DEVICE, pinned_key=desk.key.public_bytes, counters=trust.counters)

    trust = accept(released, desk, desk.assignment(counter=3))

    assert trust.counters[(desk.key.key_id, DocumentKind.ASSIGNMENT)] == 40
    assert reason(desk.sign(desk.assignment(counter=40)), trust) is RefusalReason.REPLAYED


def test_a_new_device_believes_nobody() -> None:
    desk = Desk(SigningKey.generate())

    assert reason(desk.sign(desk.assignment()), Trust(DEVICE)) is RefusalReason.UNKNOWN_KEY
