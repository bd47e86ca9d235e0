"""The address at which clients reach the emulator."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acr_tasks_emulator.errors import SettingsError
from acr_tasks_emulator.settings import WILDCARDS, is_loopback

if TYPE_CHECKING:
    from acr_tasks_emulator.https.certificates import Certificate

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """The name by which clients ask for a listening socket, and what they need to trust it.

    host: a name or an address without brackets. bound: the host of `serve --host`. listening: the address and port that
    a process of this machine connects to. certificate: None for plain http.
    """

    host: str
    bound: str
    listening: tuple[str, int]
    certificate: Certificate | None = None

    @classmethod
    def of(cls, host: str, port: int, certificate: Certificate | None = None) -> Address:
        """Return where a server bound to `host` and `port` is reached.

        That is the host, or else, when there is a certificate that is not good for it, the first name that it is good
        for. Raises SettingsError when it is good for none.
        """
        # What can be connected to and stand in an image's name. Not localhost, which is ::1 for some.
        reached = "127.0.0.1" if host in {*WILDCARDS, "localhost"} else host
        if certificate is None or certificate.covers(reached):
            return cls(reached, host, (reached, port), certificate)
        named = next((name for name in certificate.hosts if not name.startswith("*")), None)
        if named is None:
            raise SettingsError(
                f"The certificate {certificate.chain} is good for {', '.join(certificate.hosts)}, not for {reached}: "
                "say with --host by which name clients ask."
            )
        return cls(named, host, (reached, port), certificate)

    @property
    def login_server(self) -> str:
        """`host:port`, as it stands in images' names, and in YAML, where brackets would begin a list."""
        return f"localhost:{self.listening[1]}" if self.host == "::1" else self._authority

    @property
    def endpoint(self) -> str:
        """`http://host:port`, or https; no slash at the end."""
        return f"{'http' if self.certificate is None else 'https'}://{self._authority}"

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.listening[1]}"

    @property
    def ca_cert(self) -> str | None:
        """Return the path of the CA certificate that clients have to trust; None when they need none."""
        return str(self.certificate.ca) if self.certificate and self.certificate.ca else None

    def answers_for(self, host: str) -> bool:
        """Return whether the Host header of a request names this emulator."""
        # A name and a port alone: links are made of this text.
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match["name"].strip("[]").lower()
        if name == self.bound.lower() or is_loopback(name) or name.endswith(".localhost"):
            return True
        if self.certificate is not None and self.certificate.covers(name):
            return True
        if self.bound not in WILDCARDS:
            return False
        try:
            ipaddress.ip_address(name)  # a name in an attacker's domain is never an address
        except ValueError:
            return name in {socket.gethostname().lower(), socket.getfqdn().lower()}
        return True

    @property
    def check(self) -> dict[str, Any]:
        """Return what a process of this machine needs for a health check; see instance.py."""
        trust = None if self.certificate is None else str(self.certificate.trust)
        return {"address": list(self.listening), "host": self.host, "trust": trust}
