"""One service for equal settings, and the data folder of the embedded emulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.provider.task.crud.scene import URN

from pulumi_acr_tasks import embedded, engine, errors
from pulumi_acr_tasks.service import Service, service_for
from pulumi_acr_tasks.settings.settings import Settings


def test_one_process_has_one_service_for_equal_settings() -> None:
    """Its tasks share one client."""
    assert service_for(Settings("embedded")) is service_for(Settings("embedded"))
    assert service_for(Settings("embedded")) is not service_for(Settings("embedded", log_level="info"))


def test_each_stack_has_an_emulator_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder is in Pulumi's home, unless the configuration names another."""
    monkeypatch.setenv("PULUMI_HOME", "/home/pulumi")
    monkeypatch.setenv("PULUMI_PROJECT", "shop")
    urn = "urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Task::build"
    with engine.serving(engine.Request(urn)):
        assert str(embedded.data_folder(Settings("embedded"))) == "/home/pulumi/acr-tasks-emulator/shop/dev"
        assert str(embedded.data_folder(Settings("embedded", embedded_data="/data"))) == "/data"
    assert str(embedded.data_folder(Settings("embedded"))) == "/home/pulumi/acr-tasks-emulator/shop"


def test_a_renamed_stack_gets_the_folders_of_its_emulator_s_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An empty emulator would have none of its tasks. A folder of its own raises nothing, nor does a lone stack."""
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setattr(engine, "current_request", lambda: engine.Request(URN.replace(":dev:", ":prod:")))
    service, state = Service(Settings("embedded")), {"endpoint": "embedded"}
    service.refuse_other_endpoint("task", state)
    former = tmp_path / "acr-tasks-emulator" / "shop" / "dev"
    former.mkdir(parents=True)
    with pytest.raises(errors.EndpointError) as raised:
        service.refuse_other_endpoint("task", state)
    assert f"mv FORMER {former.parent / 'prod'}" in str(raised.value)
    assert str(former) in str(raised.value)
    Service(Settings("embedded", embedded_data=str(former))).refuse_other_endpoint("task", state)
    (former.parent / "prod").mkdir()
    service.refuse_other_endpoint("task", state)
