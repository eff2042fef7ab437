"""Certificates: read from text, and followed up to a trusted authority. No revocation: that would need a network."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, KeyUsage

_LONGEST: Final = 5
_LARGEST_CHARS: Final = 20_000
_SMALLEST_RSA_BITS: Final = 2_048
_WEAK: Final = frozenset({"md5", "sha1"})


def certificates(texts: Iterable[str]) -> "tuple[Certificate, ...]":
    """Those of them (base64 of DER) that can be read."""
    from base64 import b64decode

    from cryptography import x509

    found = []
    for text in texts:
        if len(text) > _LARGEST_CHARS:
            continue
        try:
            found.append(x509.load_der_x509_certificate(b64decode(text)))
        except ValueError:
            continue
    return tuple(found)


def subjects_of(pem: str) -> tuple[str, ...]:
    """Whose certificates a text in PEM holds. Raises ValueError where it holds none."""
    from cryptography import x509

    return tuple(describe(one) for one in x509.load_pem_x509_certificates(pem.encode()))


def unreadable(pem: str) -> str:
    """What is wrong with a file of certificates in PEM, to be said after its name; empty where all can be read."""
    from cryptography import x509

    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    if begin not in pem:
        return "there is no certificate in it: each stands between BEGIN CERTIFICATE and END CERTIFICATE (PEM)"
    for number, text in enumerate(pem.split(begin)[1:], start=1):
        try:
            x509.load_pem_x509_certificate(f"{begin}{text.partition(end)[0]}{end}\n".encode())
        except ValueError:
            return f"certificate {number} in it cannot be read"
    return ""


def describe(certificate: "Certificate") -> str:
    """Its subject as RFC 4514 writes it."""
    try:
        return certificate.subject.rfc4514_string()[:300]
    except ValueError:
        return ""


def is_weak_key(certificate: "Certificate") -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return True
    return isinstance(key, RSAPublicKey) and key.key_size < _SMALLEST_RSA_BITS


def chain_of(
    signer: "Certificate", others: "Sequence[Certificate]", authorities: "Sequence[Certificate]"
) -> "tuple[Certificate, ...] | None":
    """From the signer up to one of the authorities, which comes last; None where no such way leads there."""
    if not _may_sign(signer):
        return None
    chain: tuple[Certificate, ...] = (signer,)
    while len(chain) <= _LONGEST:
        for authority in authorities:
            if chain[-1] == authority or _issued(authority, chain[-1], below=len(chain) - 1):
                return chain if chain[-1] == authority else (*chain, authority)
        above = next(
            (one for one in others if one not in chain and _issued(one, chain[-1], below=len(chain) - 1)), None
        )
        if above is None:
            return None
        chain = (*chain, above)
    return None


def _issued(issuer: "Certificate", subject: "Certificate", *, below: int) -> bool:
    """Whether one vouches for the other; ``below``: authorities between this issuer and the signer."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        weak = subject.signature_hash_algorithm is not None and subject.signature_hash_algorithm.name in _WEAK
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        if weak or not basic.ca or (basic.path_length is not None and basic.path_length < below):
            return False
        usage = _key_usage(issuer)
        if usage is not None and not usage.key_cert_sign:
            return False
        subject.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_sign(signer: "Certificate") -> bool:
    try:
        usage = _key_usage(signer)
    except ValueError:
        return False
    return usage is None or usage.digital_signature or usage.content_commitment


def _key_usage(certificate: "Certificate") -> "KeyUsage | None":
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
