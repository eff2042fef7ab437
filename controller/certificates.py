"""HTTPS for people: a certificate of the station's own authority, or one that was set.

Rules of the module: keys are in files that their owner alone may read, and never logged. The authority is made once,
for ten years, and may vouch for nothing but this machine and local networks: it is trusted for no other site.
The server's certificate is for 397 days at most, which is all that browsers take, and is made anew a month before it
ends, and when the machine gets another name or address. What was set is read again when its files change. Nothing of
this needs a restart.
"""

import asyncio
import ipaddress
import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NoReturn, Protocol
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_log = logging.getLogger(__name__)

AUTHORITY_DAYS: Final = 3_652
SERVER_DAYS: Final = 396
"""With the hour by which it begins earlier still below 397."""
RENEWED_BEFORE: Final = timedelta(days=30)
_BEGINS_EARLIER: Final = timedelta(hours=1)
"""Clocks of phones and computers differ from ours."""
_EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
_LOOK_EVERY_S: Final = 60.0
_LOCAL: Final = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
    *("fc00::/7", "fe80::/10", "::1/128"),
)
Now = Callable[[], datetime]


class CertificatesUnusable(Exception):
    """There is no certificate to serve with; the sentence says what to do."""


class Source(Protocol):
    """Where a certificate comes from."""

    @property
    def certificate(self) -> Path: ...
    @property
    def key(self) -> Path: ...
    @property
    def authority_pem(self) -> bytes:
        """The certificate that has to be trusted for it; empty where everybody does already."""
        ...

    def renewed(self) -> bool:
        """Sees that the files are there and good. True when they are not those of the last time. Raises
        `CertificatesUnusable`.
        """
        ...


def own_names(public_urls: Sequence[str], addresses: Iterable[str]) -> tuple[str, ...]:
    """What this machine may be called by: names first, then its ``addresses``."""
    host = socket.gethostname().rstrip(".").lower()
    hosts = [urlsplit(url).hostname or "" for url in public_urls]
    plain = ["localhost", host, *([] if "." in host else [f"{host}.local"]), *hosts, "127.0.0.1", "::1"]
    return tuple(dict.fromkeys(one for one in (*plain, *addresses) if _usable(one)))


def _usable(name: str) -> bool:
    if _address(name) is not None:
        return True
    return name.isascii() and 0 < len(name) < 254 and all(part.strip("-") for part in name.split("."))


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None


@dataclass(slots=True)
class Given:
    """A certificate, with those between it and its authority, and its key: PEM files that somebody else renews."""

    certificate: Path
    key: Path
    authority_pem: bytes = b""
    _seen: tuple[tuple[int, int], ...] = ()

    def renewed(self) -> bool:
        try:
            seen = tuple((one.stat().st_mtime_ns, one.stat().st_size) for one in (self.certificate, self.key))
        except OSError as error:
            raise CertificatesUnusable(f"{error.filename} cannot be read: {error.strerror}.") from error
        changed, self._seen = seen != self._seen, seen
        return changed


class Local:
    """The station's own authority, and what it vouches for. Everything is in one folder."""

    def __init__(self, folder: Path, station: str, names: Callable[[], Sequence[str]], now: Now) -> None:
        self._folder = folder
        self._station = station
        self._names = names
        self._now = now
        self._authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
        self.certificate: Path = folder / "server.pem"
        self.key: Path = folder / "server.key"

    @property
    def authority_pem(self) -> bytes:
        return (self._folder / "authority.pem").read_bytes()

    def renewed(self) -> bool:
        try:
            now = self._now()
            if now < _EARLIEST:
                raise CertificatesUnusable(
                    f"The clock of this machine says {now:%Y-%m-%d}: no certificate can be made."
                )
            authority = self._authority or self._open_authority(now)
            first = self._authority is None
            self._authority = authority
            names = [one for one in self._names() if _vouched_for(authority[0], one)]
            if not self._stands(authority[0], names, now):
                self._make_server(authority, names, now)
                return True
            return first
        except (OSError, ValueError) as error:
            raise CertificatesUnusable(
                f"The certificates in {self._folder} cannot be read or kept: {error}."
            ) from error

    def _open_authority(self, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """Who trusted it trusts it still: it is never replaced while it is good."""
        kept, key_file = self._folder / "authority.pem", self._folder / "authority.key"
        if kept.exists() and key_file.exists():
            certificate = x509.load_pem_x509_certificate(kept.read_bytes())
            key = serialization.load_pem_private_key(key_file.read_bytes(), None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise ValueError("the authority's key is of another kind")
            if certificate.not_valid_after_utc > now + timedelta(days=SERVER_DAYS):
                return certificate, key
            _log.warning("The station's own authority ends soon: a new one was made, and has to be trusted anew.")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _authority(key, self._station, self._names(), now)
        _keep(key_file, _pem(key))
        _keep(kept, certificate.public_bytes(serialization.Encoding.PEM))
        return certificate, key

    def _stands(self, authority: x509.Certificate, names: Sequence[str], now: datetime) -> bool:
        """Whether what is there is good for a while, and for all these names."""
        if not (self.certificate.exists() and self.key.exists()):
            return False
        there = x509.load_pem_x509_certificates(self.certificate.read_bytes())[0]
        key = serialization.load_pem_private_key(self.key.read_bytes(), None)
        if key.public_key() != there.public_key():  # only one of them was written
            return False
        valid = there.not_valid_before_utc <= now <= there.not_valid_after_utc - RENEWED_BEFORE
        told = there.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = {*told.get_values_for_type(x509.DNSName), *map(str, told.get_values_for_type(x509.IPAddress))}
        return valid and there.issuer == authority.subject and set(map(_plain, names)) <= known

    def _make_server(
        self, authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey], names: Sequence[str], now: datetime
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _server(key, authority, names, now)
        _keep(self.key, _pem(key))
        _keep(self.certificate, certificate.public_bytes(serialization.Encoding.PEM))
        _log.info("Made a certificate for %s.", ", ".join(names), extra={"event": "certificate_made"})


class Https:
    """What the server speaks TLS with, kept good while it runs."""

    def __init__(self, source: Source) -> None:
        """Raises `CertificatesUnusable`."""
        self._source = source
        source.renewed()
        self.context: Final = _loaded(source)

    @property
    def authority_pem(self) -> bytes:
        """See `Source.authority_pem`."""
        return self._source.authority_pem

    def look(self) -> None:
        """Takes up what changed; blocks. Raises `CertificatesUnusable`, and goes on with what it had."""
        if self._source.renewed():
            _loaded(self._source)  # half of it may be written: then what there is stays
            self.context.load_cert_chain(self._source.certificate, self._source.key)

    async def watch(self) -> NoReturn:
        """Looks now and then."""
        told = ""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                await asyncio.to_thread(self.look)
                told = ""
            except CertificatesUnusable as error:
                if str(error) != told:
                    _log.warning("The certificate stays as it was: %s", error)
                told = str(error)


def _loaded(source: Source) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(source.certificate, source.key)
    except (OSError, ssl.SSLError) as error:
        raise CertificatesUnusable(f"{source.certificate} and {source.key} cannot be used: {error}.") from error
    return context


# --- what is made -----------------------------------------------------------------------------------------------------


def _authority(key: ec.EllipticCurvePrivateKey, station: str, names: Sequence[str], now: datetime) -> x509.Certificate:
    common = f"Loa {now:%Y-%m-%d} {station}"[:64].strip()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    wide = [x509.IPAddress(ipaddress.ip_network(one)) for one in _LOCAL]
    own = [x509.IPAddress(ipaddress.ip_network(one)) for one in map(_address, names) if one and not _local(one)]
    hosts = dict.fromkeys(["localhost", "local", *(one for one in names if _address(one) is None)])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)  # it signs, and no more
    return (
        _begun(subject, subject, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints([*map(x509.DNSName, hosts), *wide, *own], None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey,
    authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
    names: Sequence[str],
    now: datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Loa")])
    told: list[x509.GeneralName] = [
        x509.DNSName(name) if (address := _address(name)) is None else x509.IPAddress(address) for name in names
    ]
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    known = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority[1].public_key())
    return (
        _begun(subject, authority[0].subject, key, now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(told), critical=False)
        .add_extension(known, critical=False)
        .sign(authority[1], hashes.SHA256())
    )


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEGINS_EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _local(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in ipaddress.ip_network(one) for one in _LOCAL)


def _vouched_for(authority: x509.Certificate, name: str) -> bool:
    """Whether the authority may: it was made when the machine may have been called otherwise."""
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    address = _address(name)
    if address is None:
        hosts = [one.value for one in limits if isinstance(one, x509.DNSName)]
        return any(name == host or name.endswith(f".{host}") for host in hosts)
    networks = [ipaddress.ip_network(one.value) for one in limits if isinstance(one, x509.IPAddress)]
    return any(address in network for network in networks)


def _plain(name: str) -> str:
    address = _address(name)
    return name if address is None else str(address)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _keep(path: Path, content: bytes) -> None:
    """Whole or not at all, for its owner alone."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
