"""The certificate that an https server shows, and the user's own.

Imported only when https was asked for: what reads certificates costs a tenth of a second of imports.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from acr_tasks_emulator.errors import SettingsError

FOLDER = "tls"
"""The folder of a data folder that has keys and certificates."""
SHOWN = "shown.pem"
"""A copy of the user's own certificate as it was when the server started: theirs may be renewed meanwhile."""


@dataclass(frozen=True)
class Certificate:
    """The certificate that the server shows.

    chain, key: PEM files, possibly the same. trust: the PEM file by which our own health check knows the server.
    ca: the CA file that clients have to trust; None for the user's own. hosts: names and addresses that it is
    good for, as `normal` spells them; a name may begin with `*.`.
    """

    chain: Path
    key: Path
    trust: Path
    ca: Path | None
    hosts: tuple[str, ...]

    def covers(self, host: str) -> bool:
        """Tell whether a client that asks for that host, without brackets and port, would take the certificate."""
        host = normal(host)
        _, dot, rest = host.partition(".")
        return host in self.hosts or (bool(dot) and f"*.{rest}" in self.hosts)


def own(data: Path, chain: Path, key: Path) -> Certificate:
    """Return the user's own certificate, checked. Raises SettingsError with what is wrong with it."""
    try:
        certificates = x509.load_pem_x509_certificates(_read(chain, "certificate"))
    except ValueError:
        raise SettingsError(f"The file {chain} holds no certificate in PEM form.") from None
    shown = certificates[0]
    if public_key(_read(key, "key"), key) != public_bytes(shown):
        raise SettingsError(f"The key {key} is not the one of the certificate {chain}.")
    since, until = shown.not_valid_before_utc, shown.not_valid_after_utc
    if not since <= datetime.now(timezone.utc) <= until:
        raise SettingsError(f"The certificate {chain} is valid from {since:%Y-%m-%d} to {until:%Y-%m-%d} only.")
    hosts = names(shown)
    if not hosts:
        raise SettingsError(f"The certificate {chain} names no host (subjectAltName): every client would refuse it.")
    copy = data / FOLDER / SHOWN
    try:
        copy.parent.mkdir(mode=0o700, exist_ok=True)
        write(copy, b"".join(each.public_bytes(Encoding.PEM) for each in certificates), 0o600)
    except OSError as error:
        raise SettingsError(f"The data folder {data} cannot be used: {error.strerror}.") from error
    return Certificate(chain, key, copy, None, hosts)


def names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the hosts that a certificate is good for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    addresses = found.get_values_for_type(x509.IPAddress)
    return tuple(normal(name) for name in [*found.get_values_for_type(x509.DNSName), *map(str, addresses)])


def normal(host: str) -> str:
    """Spell a host as certificates do: an address in its shortest form, a name in lower case."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower()


def public_key(pem: bytes, path: Path) -> bytes:
    """Return the public half of the private key that a PEM text holds. Raises SettingsError, which names the file."""
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        raise SettingsError(f"The key {path} is locked with a password: give one without.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(f"The file {path} holds no private key in PEM form.") from None
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def public_bytes(certificate: x509.Certificate) -> bytes:
    """Return a certificate's public key."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def write(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all; other users cannot read it at any moment."""
    written = path.with_name(f"{path.name}.new")
    written.unlink(missing_ok=True)
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    written.replace(path)


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The {what} {path} cannot be read: {error.strerror}.") from error
