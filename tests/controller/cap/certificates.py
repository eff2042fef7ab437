"""Keys, certificates and signatures of our own making."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import XMLSigner
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod

FROM, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Holder:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()


def holder(
    name: str, issuer: Holder | None = None, *, authority: bool = False, until: datetime = UNTIL, signs: bool = True
) -> Holder:
    """Somebody with a key and a certificate, issued by another or by themselves."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return Holder(key, certificate)


class _AnySigner(XMLSigner):
    """Also with what is too weak to be used."""

    def check_deprecated_methods(self) -> None:
        pass


def signed(
    raw: bytes,
    by: Holder,
    *between: Holder,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
    inclusive: bool = False,
    references: list[str] | None = None,
) -> bytes:
    """The alert with an enveloped signature; ``between``: certificates that go along."""
    method = (
        CanonicalizationMethod.CANONICAL_XML_1_0
        if inclusive
        else CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    )
    signer = _AnySigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=digest,
        c14n_algorithm=method,
    )
    # Without it, what signs leaves a needless xmlns="" in what it signs.
    signer.excise_empty_xmlns_declarations = inclusive
    root = signer.sign(
        etree.fromstring(raw),
        key=by.key,
        cert=[one.certificate for one in (by, *between)],
        reference_uri=references,
    )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
