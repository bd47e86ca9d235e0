"""Fixtures of this folder: fake, said, service, home."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.unit.provider.task.crud.scene import ENDPOINT, FakeService, Messages

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.http.transport import transport
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.settings.settings import Settings


@pytest.fixture
def fake() -> FakeService:
    return FakeService()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Messages:
    console = Messages()
    monkeypatch.setattr(engine, "console", lambda *_: console)
    monkeypatch.setattr(engine, "stack_console", lambda: console)
    return console


@pytest.fixture
def service(fake: FakeService, said: Messages) -> Service:
    client = Client(transport(httpx.Client(transport=httpx.MockTransport(fake))), ENDPOINT)
    return Service(Settings(endpoint=ENDPOINT), client)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    return tmp_path
