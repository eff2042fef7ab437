"""Signatures: who counts, when, and what is covered."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm

from controller.cap import CapState, Limits, Rule, SignatureState, Trust, state_of
from tests.controller.cap.alerts import NOW_US, SENDER, cap, codes, info, look, text, us
from tests.controller.cap.certificates import Holder, holder, signed

DS = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture(scope="module")
def agency() -> Holder:
    return holder("Đài khí tượng")


@pytest.fixture(scope="module")
def root() -> Holder:
    return holder("Gốc", authority=True)


def result(raw: bytes, trust: Trust | None = None) -> tuple[SignatureState, str]:
    found = look(raw, trust=trust).signature
    return found.state, found.code


def test_an_alert_without_a_signature_says_so_and_is_refused_only_where_one_is_required() -> None:
    assert result(cap()) == (SignatureState.NONE, "")
    assert look(cap()).state is CapState.HELD
    required = look(cap(), trust=Trust(required=True))
    assert required.state is CapState.REFUSED
    assert codes(required) == {"signature_missing"}


@pytest.mark.parametrize("inclusive", [False, True])
def test_a_signer_who_is_named_counts(agency: Holder, inclusive: bool) -> None:
    reading = look(signed(cap(), agency, inclusive=inclusive), trust=Trust(signers=(agency.pem,), required=True))
    assert (reading.state, reading.reasons) == (CapState.HELD, ())
    assert (reading.signature.state, reading.signature.by) == (SignatureState.VALID, "CN=Đài khí tượng")
    assert reading.signature.checked_at_us == NOW_US
    rule = Rule("x", frozenset({SENDER}), signed=True)
    assert state_of(reading, now_us=NOW_US, rules=(rule,)).state is CapState.AUTOMATIC


def test_a_signer_for_whom_an_authority_vouches_counts_also_through_another(root: Holder) -> None:
    between = holder("Giữa", root, authority=True)
    leaf = holder("Trạm", between)
    trust = Trust(authorities=(root.pem,))
    assert result(signed(cap(), leaf, between), trust) == (SignatureState.VALID, "")
    assert result(signed(cap(), holder("Trạm khác", root)), trust) == (SignatureState.VALID, "")
    assert result(signed(cap(), leaf), trust) == (SignatureState.UNTRUSTED, "signature_signer_unknown")


def test_who_is_no_authority_vouches_for_nobody(root: Holder) -> None:
    impostor = holder("Trạm", root)
    forged = holder("Giả", impostor)
    trust = Trust(authorities=(root.pem,))
    assert result(signed(cap(), forged, impostor), trust) == (SignatureState.UNTRUSTED, "signature_signer_unknown")
    silent = holder("Không ký", root, signs=False)
    assert result(signed(cap(), silent), trust) == (SignatureState.UNTRUSTED, "signature_signer_unknown")
    # The same name is not the same authority.
    other = holder("Gốc", authority=True)
    assert result(signed(cap(), holder("Trạm", other), other), trust)[0] is SignatureState.UNTRUSTED


def test_a_signer_whom_nobody_knows_waits_for_a_person_where_others_are_known(agency: Holder) -> None:
    raw = signed(cap(), holder("Ai đó"))
    rule = Rule("x", frozenset({SENDER}))
    alone = look(raw)
    assert alone.signature.state is SignatureState.UNTRUSTED
    assert state_of(alone, now_us=NOW_US, rules=(rule,)).state is CapState.AUTOMATIC
    beside = look(raw, trust=Trust(signers=(agency.pem,)))
    assert state_of(beside, now_us=NOW_US, rules=(rule,)).state is CapState.HELD
    assert look(raw, trust=Trust(signers=(agency.pem,), required=True)).state is CapState.REFUSED


def test_a_certificate_counts_at_the_time_of_checking(root: Holder) -> None:
    leaf = holder("Trạm", root, until=datetime(2026, 6, 1, tzinfo=UTC))
    raw = signed(cap(), leaf)
    for trust in (Trust(signers=(leaf.pem,)), Trust(authorities=(root.pem,))):
        assert result(raw, trust) == (SignatureState.EXPIRED, "signature_certificate_expired")
    then = Trust(signers=(leaf.pem,), at_us=us("2026-05-31T00:00:00+00:00"))
    assert result(raw, then) == (SignatureState.VALID, "")
    before = Trust(signers=(leaf.pem,), at_us=us("2025-12-31T00:00:00+00:00"))
    assert result(raw, before) == (SignatureState.EXPIRED, "signature_certificate_not_yet")
    assert look(raw, trust=Trust(signers=(leaf.pem,))).state is CapState.HELD


def test_what_was_changed_after_signing_is_refused(agency: Holder) -> None:
    raw = signed(cap(), agency)
    for changed in (raw.replace(b"lu.1", b"lu.2"), raw.replace(b"Severe", b"Extreme"), raw.replace(b"10.0,", b"10.1,")):
        assert changed != raw
        reading = look(changed, trust=Trust(signers=(agency.pem,)))
        assert reading.state is CapState.REFUSED
        assert codes(reading) == {"signature_does_not_fit"}


def test_another_certificate_pasted_in_does_not_fit(agency: Holder) -> None:
    tree = etree.fromstring(signed(cap(), agency))
    place = next(tree.iter(DS + "X509Certificate"))
    place.text = "".join(holder("Ai đó").pem.splitlines()[1:-1])
    assert result(etree.tostring(tree)) == (SignatureState.INVALID, "signature_does_not_fit")


def test_a_weak_digest_proves_nothing(agency: Holder) -> None:
    raw = signed(cap(), agency, digest=DigestAlgorithm.SHA1)
    assert result(raw, Trust(signers=(agency.pem,))) == (SignatureState.UNTRUSTED, "signature_weak")
    assert look(raw.replace(b"lu.1", b"lu.2")).state is CapState.REFUSED


def test_only_what_is_signed_counts(agency: Holder) -> None:
    """A signed alert wrapped into a forged one: its signature covers itself, and not what would be read."""
    inner = etree.fromstring(signed(cap(), agency))
    mark = inner.find(DS + "Signature")
    outer = etree.fromstring(cap(identifier="forged", infos=info(event="Giả")))
    outer.append(mark)
    box = etree.SubElement(mark, DS + "Object")
    box.append(inner)
    for uri in ("", "#x"):
        mark.find(f".//{DS}Reference").set("URI", uri)
        inner.set("Id", "x")
        reading = look(etree.tostring(outer), trust=Trust(signers=(agency.pem,)))
        assert reading.state is CapState.REFUSED


@pytest.mark.parametrize(
    ("path", "name", "value", "expected"),
    [
        ("DigestMethod", "Algorithm", "urn:x", (SignatureState.UNTRUSTED, "signature_transform")),
        ("CanonicalizationMethod", "Algorithm", "urn:x", (SignatureState.UNTRUSTED, "signature_transform")),
        (
            "SignatureMethod",
            "Algorithm",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            (SignatureState.UNTRUSTED, "signature_transform"),
        ),
        ("Reference", "URI", "http://127.0.0.1:9/", (SignatureState.INVALID, "signature_of_something_else")),
        ("Reference", "URI", "#other", (SignatureState.INVALID, "signature_of_something_else")),
        (
            "Transform",
            "Algorithm",
            "http://www.w3.org/TR/1999/REC-xslt-19991116",
            (SignatureState.UNTRUSTED, "signature_transform"),
        ),
    ],
)
def test_references_and_transforms_that_lead_elsewhere_are_not_followed(
    agency: Holder, path: str, name: str, value: str, expected: tuple[SignatureState, str]
) -> None:
    tree = etree.fromstring(signed(cap(), agency))
    next(tree.iter(DS + path)).set(name, value)
    assert result(etree.tostring(tree), Trust(signers=(agency.pem,))) == expected


def test_numbers_of_any_length_are_not_reckoned_with(agency: Holder) -> None:
    tree = etree.fromstring(signed(cap(), agency))
    tree.find(f".//{DS}SignatureValue").text = "A" * 100_000
    assert result(etree.tostring(tree)) == (SignatureState.UNTRUSTED, "signature_unreadable")


def test_two_may_sign_each_without_the_other_and_one_who_is_trusted_is_enough(agency: Holder) -> None:
    other = holder("Tỉnh")
    one, two = (etree.fromstring(signed(cap(), by)) for by in (agency, other))
    one.append(two.find(DS + "Signature"))
    for known in (agency, other):
        reading = look(etree.tostring(one), trust=Trust(signers=(known.pem,)))
        assert reading.signature.state is SignatureState.VALID
    many = etree.tostring(one)
    assert look(many, limits=Limits(signatures=1)).state is CapState.REFUSED


def test_a_signature_counts_inside_a_feed_too(agency: Holder) -> None:
    alert = signed(cap(), agency, inclusive=True).decode().partition("?>")[2]
    raw = (
        '<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:cap="urn:x"><a:entry><a:content type="text/xml">'
        f"\n{alert}\n</a:content></a:entry></a:feed>"
    )
    assert result(raw.encode(), Trust(signers=(agency.pem,))) == (SignatureState.VALID, "")


def test_comments_are_no_part_of_what_is_signed_nor_of_what_is_read(agency: Holder) -> None:
    raw = signed(cap(identifier="lu.12"), agency).replace(b"lu.12", b"lu.1<!-- x -->2")
    reading = look(raw, trust=Trust(signers=(agency.pem,)))
    assert reading.alert is not None
    assert (reading.alert.identifier, reading.signature.state) == ("lu.12", SignatureState.VALID)


@pytest.mark.parametrize("inside", ["", "<SignedInfo/>", "<SignedInfo><Reference URI=''/></SignedInfo>", "<Object/>"])
def test_what_is_no_signature_says_nothing_good(inside: str) -> None:
    mark = f'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">{inside}</Signature>'
    found = look(text(after=mark).encode())
    assert found.signature.state in (SignatureState.INVALID, SignatureState.UNTRUSTED)


def test_texts_of_trust_that_are_no_certificates_are_not_taken_for_some() -> None:
    with pytest.raises(ValueError, match="PEM"):
        x509.load_pem_x509_certificates(b"nothing")
    raw = signed(cap(), holder("Ai đó"))
    assert result(raw, Trust(signers=("nothing",)))[0] is SignatureState.UNTRUSTED
