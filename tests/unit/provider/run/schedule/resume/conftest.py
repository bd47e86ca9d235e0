"""An update that is killed, and the next one of the same stack."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.provider.run.scene import Scene

from pulumi_acr_tasks.run.log import display
from pulumi_acr_tasks.run.wait.wait import Call

URN = "urn:pulumi:dev::project::pulumi-python:dynamic/acr-tasks:Run::build"
CREATED = "2026-01-01T00:00:00.1234567+00:00"
STEPS = "steps:\n  - push: [app:v1]\n"
OPEN: dict[str, Any] = {
    "type": "EncodedTaskRunRequest",
    "encodedTaskContent": base64.b64encode(STEPS.encode()).decode(),
    "platform": {"os": "Linux"},
}
APP = [{"registry": "contoso.azurecr.io", "repository": "app", "tag": "v1", "digest": "sha256:1"}]


class KilledError(BaseException):
    """The end of the process."""


class Update(Scene):
    """One update of a stack; several share the journal of one home."""

    def __init__(self, *statuses: str, created: str | None = CREATED, urn: str = URN) -> None:
        super().__init__(*statuses)
        self.kept: list[str] = []
        self.console.info = self.kept.append
        self.call = Call(self.console, self.stop)
        self.service.urn = urn
        if created:
            self.service.said = {"createTime": created}

    def create(self, **inputs: Any) -> tuple[str, dict[str, Any]]:
        return super().create(**{"runRequest": OPEN, **inputs})

    def killed(self, at: float = 1.5, **inputs: Any) -> None:
        def kill() -> None:
            raise KilledError

        self.clock.at[at] = kill
        with pytest.raises(KilledError):
            self.create(**inputs)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setattr(display, "open_http", lambda **_: httpx.Client(transport=httpx.MockTransport(_no_log)))
    return tmp_path


def _no_log(request: httpx.Request) -> httpx.Response:
    return httpx.Response(404)
