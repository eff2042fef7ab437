"""The XML signature of an alert (XML Signature 1.1, enveloped), checked with signxml. Never asks the network.

What counts is only what was signed: a signature has to stand as a child of the alert, cover the whole of it, and be
made by a few plain transforms. What is read afterwards is the document that the check gave back. Several signatures may
stand side by side, each made without the others. A signature that cannot be checked here speaks neither for nor against
an alert, as the standard asks; one that is checked and does not fit refuses it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from controller.cap.chain import certificates, chain_of, describe, is_weak_key
from controller.cap.limits import Limits
from controller.cap.trust import UNSIGNED, Signature, SignatureState, Trust
from controller.cap.xmlsafe import alone, parser, plain

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from lxml.etree import _Element as Element
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.verifier import SignatureConfiguration

_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_CANONICAL: Final = frozenset(
    start + end
    for start in (
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    for end in ("", "#WithComments", "WithComments")
)
_MOST_CERTIFICATES: Final = 6
_LONGEST_CHARS: Final = 20_000
_ORDER: Final = (
    SignatureState.VALID,
    SignatureState.EXPIRED,
    SignatureState.INVALID,
    SignatureState.UNTRUSTED,
)


def checked(alert: "Element", *, trust: Trust, limits: Limits, now_us: int) -> "tuple[Signature, Element]":
    """What its signatures are worth, and the alert without them: as it was signed, where that is proven."""
    marks = [one for one in alert if one.tag == _DS + "Signature"]
    if not marks:
        return UNSIGNED, alert
    at_us = now_us if trust.at_us is None else trust.at_us
    if len(marks) > limits.signatures:
        return Signature(SignatureState.INVALID, code="signature_too_many", checked_at_us=at_us), plain(alert)
    bare = plain(_without(alert, marks))
    results = [_one(alert, number, trust, at_us) for number in range(len(marks))]
    best, signed = min(results, key=lambda result: _ORDER.index(result[0].state))
    return replace(best, checked_at_us=at_us), bare if signed is None else plain(signed)


def is_signed(alert: "Element") -> bool:
    return alert.find(_DS + "Signature") is not None


def _without(alert: "Element", marks: "Sequence[Element]") -> "Element":
    copied = alone(alert)
    for number in sorted((alert.index(one) for one in marks), reverse=True):
        _remove(copied, copied[number])
    return copied


def _remove(parent: "Element", child: "Element") -> None:
    """Without the text after it: between an alert's elements there is none that counts."""
    tail, before = child.tail, child.getprevious()
    parent.remove(child)
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail


def _one(alert: "Element", number: int, trust: Trust, at_us: int) -> "tuple[Signature, Element | None]":
    """One of several signatures, the others taken away."""
    copied = alone(alert)
    marks = [one for one in copied if one.tag == _DS + "Signature"]
    mine = marks.pop(number)
    for other in marks:
        _remove(copied, other)
    refusal = _unfit(mine)
    if refusal is not None:
        return refusal, None
    try:
        return _verified(copied, mine, trust, at_us)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, LookupError) as fault:
        # Libraries below meet whatever strangers write: what they stumble over could not be checked.
        return Signature(SignatureState.UNTRUSTED, code="signature_unreadable", detail=str(fault)[:200]), None


def _unfit(mark: "Element") -> Signature | None:
    """Why a signature is no signature of the whole alert."""
    parts = (one for name in ("SignedInfo", "SignatureValue", "KeyInfo") for one in mark.iterfind(_DS + name))
    if any(len(one.text or "") > _LONGEST_CHARS for part in parts for one in part.iter()):
        return Signature(SignatureState.UNTRUSTED, code="signature_unreadable")
    references = mark.findall(f"{_DS}SignedInfo/{_DS}Reference")
    if len(references) != 1 or references[0].get("URI") != "":
        return Signature(SignatureState.INVALID, code="signature_of_something_else")
    if not _is_known(mark):
        return Signature(SignatureState.UNTRUSTED, code="signature_transform")
    transforms = [one.get("Algorithm", "") for one in references[0].findall(f"{_DS}Transforms/{_DS}Transform")]
    if len(transforms) > 3 or not {*transforms} <= _CANONICAL | {_ENVELOPED}:
        return Signature(SignatureState.UNTRUSTED, code="signature_transform")
    if transforms.count(_ENVELOPED) != 1:
        return Signature(SignatureState.INVALID, code="signature_of_something_else")
    return None


def _verified(alert: "Element", mark: "Element", trust: Trust, at_us: int) -> "tuple[Signature, Element | None]":
    at = datetime.fromtimestamp(at_us / 1_000_000, UTC)
    written = [one.text or "" for one in mark.iterfind(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate")]
    theirs = certificates(written[:_MOST_CERTIFICATES])
    ours = _loaded(trust.signers)
    for certificate in (*ours, *theirs):
        signed = _by_certificate(alert, certificate)
        if signed is None:
            continue
        by = describe(certificate)
        if _is_weak(mark) or is_weak_key(certificate):
            return Signature(SignatureState.UNTRUSTED, by, "signature_weak"), None
        state, code = _trusted(certificate, ours, theirs, _loaded(trust.authorities), at)
        return Signature(state, by, code), signed if state is SignatureState.VALID else None
    if theirs:
        return Signature(SignatureState.INVALID, describe(theirs[0]), "signature_does_not_fit"), None
    if mark.find(f"{_DS}KeyInfo/{_DS}KeyValue") is None:
        return Signature(SignatureState.UNTRUSTED, code="signature_no_key"), None
    if _by_its_own_key(alert):
        return Signature(SignatureState.UNTRUSTED, code="signature_key_unknown"), None
    return Signature(SignatureState.INVALID, code="signature_does_not_fit"), None


def _trusted(
    signer: "Certificate",
    ours: "Sequence[Certificate]",
    theirs: "Sequence[Certificate]",
    authorities: "Sequence[Certificate]",
    at: datetime,
) -> tuple[SignatureState, str]:
    chain = (signer,) if signer in ours else chain_of(signer, theirs, authorities)
    if chain is None:
        return SignatureState.UNTRUSTED, "signature_signer_unknown"
    for one in chain:
        if at > one.not_valid_after_utc:
            return SignatureState.EXPIRED, "signature_certificate_expired"
        if at < one.not_valid_before_utc:
            return SignatureState.EXPIRED, "signature_certificate_not_yet"
    return SignatureState.VALID, ""


@lru_cache(maxsize=16)
def _loaded(pem: tuple[str, ...]) -> "tuple[Certificate, ...]":
    from cryptography import x509

    return tuple(one for text in pem for one in x509.load_pem_x509_certificates(text.encode()))


# --- by signxml ------------------------------------------------------------------------------------------------------


def _by_certificate(alert: "Element", certificate: "Certificate") -> "Element | None":
    """What this certificate's key has signed; None where it has not signed this."""
    from signxml.algorithms import CanonicalizationMethod
    from signxml.verifier import SignatureConfiguration

    # Whether it was valid then is decided above, with the other certificates: here its own time is taken.
    config = SignatureConfiguration(
        require_x509=True,
        location="./",
        signature_methods=_methods(),
        digest_algorithms=_digests(),
        verification_time=certificate.not_valid_before_utc,
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    return next(_tried(alert, config, certificate), None)


def _by_its_own_key(alert: "Element") -> bool:
    from signxml.algorithms import CanonicalizationMethod
    from signxml.verifier import SignatureConfiguration

    config = SignatureConfiguration(
        require_x509=False,
        location="./",
        signature_methods=_methods(),
        digest_algorithms=_digests(),
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    return next(_tried(alert, config, None), None) is not None


def _tried(
    alert: "Element", config: "SignatureConfiguration", certificate: "Certificate | None"
) -> "Iterator[Element]":
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from lxml import etree
    from signxml.exceptions import SignXMLException
    from signxml.verifier import XMLVerifier

    # libxml2 writes a needless xmlns="" when it makes a part of a document canonical; signers do not. Both are tried.
    for without_it in (True, False):
        verifier = XMLVerifier()
        verifier.excise_empty_xmlns_declarations = without_it
        try:
            result = verifier.verify(
                alert, x509_cert=certificate, validate_schema=False, parser=parser(), expect_config=config
            )
        except (SignXMLException, InvalidSignature, UnsupportedAlgorithm, ValueError, etree.LxmlError):
            continue
        if not isinstance(result, list) and result.signed_xml is not None and result.signed_xml.tag == alert.tag:
            yield result.signed_xml


def _methods() -> "frozenset[SignatureMethod]":
    """All that are made with a pair of keys; weak ones too, so that what is weak can be told from what does not fit."""
    from signxml.algorithms import SignatureMethod

    return frozenset(one for one in SignatureMethod if not one.name.startswith("HMAC"))


def _digests() -> "frozenset[DigestAlgorithm]":
    from signxml.algorithms import DigestAlgorithm

    return frozenset(DigestAlgorithm)


def _is_known(mark: "Element") -> bool:
    """Whether it was made by methods that can be checked here."""
    used = {
        name: [one.get("Algorithm", "") for one in mark.iterfind(f"{_DS}SignedInfo//{_DS}{name}")]
        for name in ("CanonicalizationMethod", "SignatureMethod", "DigestMethod")
    }
    methods, digests = {one.value for one in _methods()}, {one.value for one in _digests()}
    known = (
        (used["CanonicalizationMethod"], _CANONICAL),
        (used["SignatureMethod"], methods),
        (used["DigestMethod"], digests),
    )
    return all(len(names) == 1 and names[0] in allowed for names, allowed in known)


def _is_weak(mark: "Element") -> bool:
    """SHA-1 anywhere: two documents with one digest can be made."""
    algorithms = (one.get("Algorithm", "") for one in mark.iterfind(f"{_DS}SignedInfo//*[@Algorithm]"))
    return any(name.rpartition("#")[2].endswith("sha1") for name in algorithms)
