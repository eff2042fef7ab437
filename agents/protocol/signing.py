"""Signatures over documents: Ed25519 (RFC 8032) over a label and the exact bytes that travel.

The label keeps a signature made for something else from ever being one over a document, and the other way round.
A signature says who wrote the bytes and no more: whether that key may say so is decided in `agents.domain.trust`.
"""

from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agents.protocol import ids
from agents.protocol.codec import encode_document
from agents.protocol.documents import Document, SignedDocument
from agents.protocol.errors import BadSignature

DOCUMENT_LABEL: Final = b"loa-document-v1\0"


class SigningKey:
    """The private half of an Ed25519 key. Its text form never shows the secret."""

    def __init__(self, private_bytes: bytes) -> None:
        """The key of a 32-byte seed. Raises `ValueError` for another length."""
        self._private = Ed25519PrivateKey.from_private_bytes(private_bytes)
        self.public_bytes: Final = self._private.public_key().public_bytes_raw()
        self.key_id: Final = ids.key_id(self.public_bytes)

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def load(cls, private_bytes: bytes) -> Self:
        """The key that `private_bytes` was taken from. Raises `ValueError` unless it is 32 bytes."""
        return cls(private_bytes)

    def private_bytes(self) -> bytes:
        """The 32-byte seed, to be kept in a file that only its owner reads."""
        return self._private.private_bytes_raw()

    def sign_bytes(self, message: bytes) -> bytes:
        """The 64-byte signature over ``message``, which must begin with a label of its own."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id})"


def sign(key: SigningKey, document: Document) -> SignedDocument:
    """Raises `ValueError` when the document's header names another key: nobody would believe it."""
    if document.header.key_id != key.key_id:
        raise ValueError(f"the header names the key {document.header.key_id}, and {key.key_id} was to sign")
    payload = encode_document(document)
    return SignedDocument(key_id=key.key_id, payload=payload, signature=key.sign_bytes(DOCUMENT_LABEL + payload))


def verify(public_key: bytes, signed: SignedDocument) -> None:
    """Returns when the holder of ``public_key`` (32 bytes) signed exactly these bytes, else raises `BadSignature`.

    Anyone who knows the public key can call this; the payload is still to be decoded, and its header still has to
    name the same key.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signed.signature, DOCUMENT_LABEL + signed.payload)
    except (InvalidSignature, ValueError) as error:
        raise BadSignature(f"the signature does not fit the document and the key {signed.key_id}") from error
