"""The certificate authority of a data folder, and the certificate that it gives this machine: what `--tls` makes.

Imported only when that was asked for, as certificates.py is.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from acr_tasks_emulator.errors import SettingsError
from acr_tasks_emulator.https.certificates import FOLDER, Certificate, names, normal, public_bytes, public_key, write
from acr_tasks_emulator.settings import WILDCARDS

AUTHORITY = "authority.pem"
"""Key and certificate of the CA in one file, so that they cannot part."""
CA = "ca.pem"
"""The CA's certificate alone, for clients to trust."""
SERVER = "server.pem"
"""Key and certificate that the server shows, in one file too."""

BLOB_HOST = "acrstore.blob.localhost"
"""A host of the form ACCOUNT.blob.SUFFIX, the only form from which older clients accept a log link."""

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1", BLOB_HOST)
_ORGANIZATION = "acr-tasks-emulator"
_LASTS = timedelta(days=397)  # Apple's clients refuse more than 825
_RENEWED_BEFORE_END = timedelta(days=30)
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


def make(data: Path, host: str) -> Certificate:
    """Return a certificate for this machine's own names and for `host`, kept below the data folder.

    The CA stays the same for as long as the folder lives, so that trust in it lasts. The server's certificate is made
    anew when it ends within 30 days or lacks a name. Raises SettingsError.
    """
    folder = data / FOLDER
    wanted = _hosts(normal(host))
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        authority = _authority(folder / AUTHORITY)
        pem = authority.cert_pem.bytes()
        if not (folder / CA).exists() or (folder / CA).read_bytes() != pem:
            write(folder / CA, pem, 0o644)
        server = folder / SERVER
        if not _serves(server, pem, wanted):
            write(server, _issue(authority, wanted), 0o600)
        hosts = names(x509.load_pem_x509_certificate(server.read_bytes()))
    except OSError as error:
        raise SettingsError(f"The certificates in {folder} cannot be kept: {error.strerror}.") from error
    return Certificate(server, server, folder / CA, folder / CA, hosts)


def _authority(path: Path) -> trustme.CA:
    """Return the CA of a data folder, made when it has none. Raises SettingsError, OSError."""
    if not path.exists():
        made = trustme.CA(organization_name=_ORGANIZATION, organization_unit_name=f"CA {secrets.token_hex(6)}")
        write(path, made.private_key_pem.bytes() + made.cert_pem.bytes(), 0o600)
        return made
    pem = path.read_bytes()
    try:
        if public_key(pem, path) == public_bytes(x509.load_pem_x509_certificate(pem)):
            return trustme.CA.from_pem(pem, pem)
    except (ValueError, SettingsError):
        pass  # any other file is not an authority
    raise SettingsError(
        f"{path} is no certificate authority: remove it, and another one is made, which clients have to trust anew."
    )


def _hosts(host: str) -> list[str]:
    """Return every name and address by which a server on that host may be asked for. Raises SettingsError."""
    if host in WILDCARDS:
        hosts = [*_LOCAL_HOSTS, *_machine()]
    else:
        hosts = [*_LOCAL_HOSTS, host]
        if not _can_be_certified(host):
            raise SettingsError(f"Host {host} cannot stand in a certificate: letters, digits and hyphens can.")
    return list(dict.fromkeys(hosts))


def _machine() -> Iterable[str]:
    """Return the names and addresses by which other machines know this one, as far as it knows them itself."""
    for name in (normal(socket.gethostname()), normal(socket.getfqdn())):
        if _can_be_certified(name):
            yield name
    with contextlib.suppress(OSError):
        for *_, address in socket.getaddrinfo(socket.gethostname(), None):
            yield normal(str(address[0]).partition("%")[0])
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Connecting a datagram socket sends nothing. The address is one of those set aside for documents.
        probe.connect(("192.0.2.1", 9))
        yield probe.getsockname()[0]


def _can_be_certified(host: str) -> bool:
    return ":" in host or _NAME.fullmatch(host) is not None


def _serves(path: Path, ca: bytes, wanted: Iterable[str]) -> bool:
    """Tell whether the certificate in a file still does: from this CA, with its key, for these hosts and some time."""
    try:
        pem = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(pem)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca))
        if public_key(pem, path) != public_bytes(certificate):
            return False
    except (OSError, ValueError, TypeError, InvalidSignature, SettingsError):
        return False
    left = certificate.not_valid_after_utc - datetime.now(timezone.utc)
    return left > _RENEWED_BEFORE_END and set(wanted) <= set(names(certificate))


def _issue(authority: trustme.CA, hosts: Iterable[str]) -> bytes:
    now = datetime.now(timezone.utc)
    leaf = authority.issue_cert(
        *hosts,
        organization_name=_ORGANIZATION,
        organization_unit_name="server",
        not_before=now - timedelta(days=1),
        not_after=now + _LASTS,
    )
    return leaf.private_key_and_cert_chain_pem.bytes()
