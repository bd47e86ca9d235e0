"""The job that an agent runs, and its outcome."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic.alias_generators import to_camel

from acr_tasks_emulator.execution.build.image_name import own_hosts
from acr_tasks_emulator.execution.source.location import NO_SOURCE

# Known only when a run is handed to an agent: the document that is stored with the run leaves them out.
_NOT_STORED = {"run_id", "registry_name", "login_server", "source"}


@dataclass(frozen=True)
class Job:
    """The work of one run: what an agent needs, and what is stored with the run's document.

    run_id: such as `cf1`. registry_name: the registry's name. login_server: host:port, what `$Registry` renders to.
    step: the members of ARM's task step or run request in camelCase, `type` being `Docker`, `FileTask` or
    `EncodedTask`. source: the uploaded archive on this machine; source_path: its relative path in the blob service.
    source_location: a git or https address, as it was given. values: SetValue members that override the step's own.
    timeout: in seconds, counted from when an agent takes the run. triggered_by: what `{{.Run.TriggeredBy}}` renders
    to, such as `Manual`. git: the source's `Commit`, `Branch` and `Repository`, as far as known. Agents do not read the
    members from agent_configuration on, which are shown with the run.
    """

    run_id: str
    registry_name: str
    login_server: str
    step: dict[str, Any] = field(repr=False)  # holds secrets
    task_name: str | None = None
    source: Path | None = None
    source_location: str | None = field(default=None, repr=False)  # an address may hold a token
    values: list[dict[str, Any]] = field(default_factory=list, repr=False)
    platform: dict[str, Any] = field(default_factory=dict)
    timeout: int = 3600
    credentials: dict[str, Any] = field(default_factory=dict, repr=False)
    triggered_by: str = "Manual"
    git: dict[str, str] = field(default_factory=dict)
    source_path: str | None = None
    agent_configuration: dict[str, Any] = field(default_factory=dict)
    agent_pool_name: str | None = None
    log_template: str | None = None
    update_trigger_token: str | None = field(default=None, repr=False)

    @classmethod
    def from_document(cls, document: dict[str, Any], **members: Any) -> Job:
        """Return a stored job. members: the ones that are not stored. Unknown members of the document are ignored."""
        stored = {each.name: to_camel(each.name) for each in fields(cls) if each.name not in _NOT_STORED}
        return cls(**members, **{name: document[key] for name, key in stored.items() if key in document})

    def to_document(self) -> dict[str, Any]:
        """Return the job as a JSON object, with secrets in clear text."""
        return {to_camel(each.name): getattr(self, each.name) for each in fields(self) if each.name not in _NOT_STORED}

    @property
    def kind(self) -> str:
        """Return the step's type: `Docker`, `FileTask` or `EncodedTask`."""
        return str(self.step.get("type", ""))

    @property
    def fetched_from(self) -> str | None:
        """Return the address to fetch the source from; None for an upload and for a run without a source."""
        location = self.source_location
        return location if self.source is None and location and location.lower() != NO_SOURCE else None

    def items(self) -> list[dict[str, Any]]:
        """Return the step's arguments and values followed by the run's own, secret ones included."""
        return [*(self.step.get("arguments") or []), *self.set_values()]

    def set_values(self) -> list[dict[str, Any]]:
        """Return the step's values followed by the run's own; the last one of a name counts."""
        return [*(self.step.get("values") or []), *self.values]

    @property
    def own_hosts(self) -> tuple[str, ...]:
        """Return the hosts that mean the run's own registry, in the names of images."""
        return own_hosts(self.login_server, self.registry_name)

    def sign_ins(self) -> Iterator[tuple[str, str, str]]:
        """Yield host, user name and password of each custom registry that has both."""
        for host, entry in self._custom_registries():
            user, password = ((entry.get(name) or {}).get("value") for name in ("userName", "password"))
            if user and password:
                yield host, user, password

    def vault_secrets(self) -> Iterator[tuple[str, str]]:
        """Yield host and member of each sign-in that is in a Key Vault."""
        for host, entry in self._custom_registries():
            for member in ("userName", "password"):
                if str((entry.get(member) or {}).get("type") or "").lower() == "vaultsecret":
                    yield host, member

    def _custom_registries(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for host, entry in ((self.credentials or {}).get("customRegistries") or {}).items():
            yield host, entry or {}

    def secrets(self) -> list[str]:
        """Return every value that must not appear in the log."""
        found = [str(item.get("value") or "") for item in self.items() if item.get("isSecret")]
        found.append(str(self.step.get("contextAccessToken") or ""))
        found += (str((entry.get("password") or {}).get("value") or "") for _, entry in self._custom_registries())
        with contextlib.suppress(ValueError):  # a location that is not a URL is refused later
            parts = urlsplit(self.source_location or "")
            found.append(unquote(parts.password or parts.username or ""))  # a token may stand in place of the user name
        return [value for value in found if value]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    status: `Succeeded`, `Failed`, `Canceled`, `Error` or `Timeout`. output_images: registry, repository, tag and digest
    of each image that was pushed, in the order of the pushes. error_message: what the service shows as
    `runErrorMessage`. base_images: BaseImageDependency members of each image that a Docker step was built from.
    """

    status: str
    output_images: list[dict[str, str]] = field(default_factory=list)
    error_message: str | None = None
    base_images: list[dict[str, str]] = field(default_factory=list)
