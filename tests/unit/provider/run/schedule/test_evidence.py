"""The evidence that a request without an answer has started a run."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from tests.unit.provider.run.schedule.scene import APP, LOST, REGISTRY, Service, listed

from pulumi_acr_tasks.errors import TransportError

TASK = {"type": "TaskRunRequest", "taskName": "nightly", "values": [{"name": "a", "value": "b"}]}
FILE = {"type": "FileTaskRunRequest", "imageNames": None, "taskFilePath": "acb.yaml"}
UNPROVED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no image names": ({"imageNames": None}, {"outputImages": []}),
    "nothing is pushed": ({"isPushEnabled": False}, {"outputImages": []}),
    "no image is reported": ({}, {"outputImages": []}),
    "a task file": (FILE, {"runType": "QuickRun"}),
    "a task with values": (TASK, {"runType": "QuickRun", "task": "nightly"}),
}


@pytest.mark.parametrize("kind", UNPROVED)
def test_a_run_that_nothing_proves_to_be_ours_is_not_claimed(kind: str) -> None:
    """It may be another caller's, although it is the only one that fits."""
    service = Service()
    service.knows_us()
    service.answers = [LOST]
    request, said = UNPROVED[kind]
    service.runs = [listed("cf3", **said)]
    with pytest.raises(TransportError, match=r"it may be one of cf3 \(Succeeded\), and nothing .* proves it"):
        service.schedule(**request)


def test_a_task_run_is_known_by_its_task() -> None:
    """Two runs of a task are the same work, whatever its step is."""
    service = Service()
    service.answers = [LOST]
    service.runs = [listed("cf3", task="nightly"), listed("cf2", task="Hourly"), listed("cf1")]
    service.runs[1]["properties"]["platform"] = {"os": "Windows"}
    assert service.schedule(type="TaskRunRequest", taskName="hourly", platform=None, imageNames=None) == "cf2"


def test_a_run_in_state_is_not_the_run_of_a_lost_answer() -> None:
    """Another resource has it, or the one that is replaced."""
    service = Service()
    service.answers = [LOST]
    service.runs = [listed("cfx")]
    service.recorded.add(f"{REGISTRY}/runs/cfx".lower())
    with pytest.raises(TransportError, match="no run that the service lists since then fits"):
        service.schedule()


NAMES = [
    ("app", "app:latest", True),
    ("app:v1", "app:v1", True),
    ("app:v1", "app:v2", False),
    ("app:{{.Run.ID}}", "app:cf3", True),
    ("app:{{.Run.ID}}", "app:cf4", False),
    ("app:{{ .Run.Date }}", "app:20300101", True),
    ("{{.Run.Registry}}/app:v1", "app:v1", True),
    ("contoso.azurecr.io/app:v1", "app:v1", True),
    ("team/app", "team/app:latest", True),
    ("other.io/app:v1", "other.io/app:v1", True),
]


@pytest.mark.parametrize(("name", "built", "ours"), NAMES)
def test_an_image_is_known_by_its_name(name: str, built: str, ours: bool) -> None:
    """The name is completed as the service does: registry, tag, templates."""
    service = Service()
    service.answers = [LOST]
    repository, _, tag = built.rpartition(":")
    service.runs = [listed("cf3", outputImages=[{**APP[0], "repository": repository, "tag": tag}])]
    if ours:
        assert service.schedule(imageNames=[name]) == "cf3"
    else:
        with pytest.raises(TransportError, match="no run that the service lists"):
            service.schedule(imageNames=[name])


def token(**claims: Any) -> str:
    """A JSON Web Token with these claims; its signature is nobody's affair here."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"Bearer e30.{payload}.c2ln"


WHO = [
    ({"upn": "me@contoso.com", "oid": "1-2"}, "Me@contoso.com", True),
    ({"upn": "me@contoso.com", "oid": "1-2"}, "you@contoso.com", False),
    ({"appid": "3-4", "oid": "1-2"}, "3-4", True),
    ({"appid": "3-4", "oid": "1-2"}, "5-6", False),
    ({"appid": "3-4"}, "me@contoso.com", True),
    ({"unique_name": "live.com#me@contoso.com"}, "me_contoso.com#EXT#@contoso.com", True),
]


@pytest.mark.parametrize(("claims", "shown", "may_be_ours"), WHO)
def test_our_token_names_our_principals(claims: dict[str, Any], shown: str, may_be_ours: bool) -> None:
    """Names are compared with names, and ids with ids."""
    service = Service()
    send = service.client._send

    def signed(request: httpx.Request) -> httpx.Response:
        request.headers["Authorization"] = token(**claims)
        return send(request)

    service.client._send = signed
    service.answers = [LOST]
    service.runs = [listed("cf3", principal=shown)]
    if may_be_ours:
        assert service.schedule() == "cf3"
    else:
        with pytest.raises(TransportError, match="no run that the service lists"):
            service.schedule()
