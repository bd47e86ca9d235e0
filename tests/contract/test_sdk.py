"""Microsoft's own client library does all thirteen operations at the service."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import SansIOHTTPPolicy


class Token:
    """A credential that has the token already."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self._token, int(time.time()) + 3600)


class Bearer(SansIOHTTPPolicy):  # type: ignore[type-arg]
    """Sends the token over http too, which the library's own policy refuses."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def on_request(self, request: Any) -> None:
        request.http_request.headers["Authorization"] = f"Bearer {self._token}"


@pytest.fixture(params=["as it is", "long-running"])
def service(request: pytest.FixtureRequest) -> Any:
    """The coordinates of the service, and of one whose operations are long-running as the specification reads."""
    if request.param == "as it is":
        return request.getfixturevalue("coordinates")
    # Without a Retry-After the library asks as often as it is told to.
    return request.getfixturevalue("emulated")(mode="lro", switches={"operation-retry-after": 0}).coordinates


@pytest.fixture
def client(service: Any) -> Iterator[Any]:
    # Here and not above: 10.3.0 is the last line of the library that knows 2019-04-01.
    from azure.mgmt.containerregistry.v2019_04_01 import ContainerRegistryManagementClient

    with ContainerRegistryManagementClient(
        Token(service.token),
        service.registry.split("/")[2],
        base_url=service.endpoint,
        authentication_policy=Bearer(service.token),
        polling_interval=0.1,
    ) as client:
        yield client


@pytest.mark.arm_documented("azure-mgmt-containerregistry 10.3.0: which statuses and bodies it accepts")
def test_a_small_life(client: Any, service: Any, location: str) -> None:
    """Create, get, update, details, schedule, list, log and delete, each understood by the library."""
    from azure.mgmt.containerregistry.v2019_04_01 import models

    _, _, _, _, group, _, _, _, registry = service.registry.split("/")
    name = f"sdk-{uuid.uuid4().hex[:12]}"
    here = {"resource_group_name": group, "registry_name": registry}
    text = "version: v1.1.0\nsteps:\n  - cmd: busybox echo hello\n"
    task = models.Task(
        location=location,
        platform=models.PlatformProperties(os="Linux", architecture="amd64"),
        step=models.EncodedTaskStep(
            encoded_task_content=base64.b64encode(text.encode()).decode(),
            values=[models.SetValue(name="hidden", value="secret-0123456789", is_secret=True)],
        ),
        credentials=models.Credentials(
            custom_registries={
                "r.example": models.CustomRegistryCredentials(
                    user_name=models.SecretObject(value="bob", type="Opaque"),
                    password=models.SecretObject(value="password-0123456789", type="Opaque"),
                )
            }
        ),
        trigger=models.TriggerProperties(timer_triggers=[models.TimerTrigger(name="t1", schedule="0 21 * * *")]),
    )
    made = client.tasks.begin_create(**here, task_name=name, task_create_parameters=task).result()
    assert (made.name, made.provisioning_state, made.timeout) == (name, "Succeeded", 3600)
    assert made.creation_date.tzinfo is not None
    got = client.tasks.get(**here, task_name=name)
    assert got.credentials.custom_registries == {"r.example": None}
    assert name in [each.name for each in client.tasks.list(**here)]

    update = models.TaskUpdateParameters(timeout=600)
    assert client.tasks.begin_update(**here, task_name=name, task_update_parameters=update).result().timeout == 600
    details = client.tasks.get_details(**here, task_name=name)
    assert details.credentials.custom_registries["r.example"].password.value == "password-0123456789"
    assert details.step.values[0].value == "secret-0123456789"

    request = models.TaskRunRequest(task_name=name)
    run = client.registries.begin_schedule_run(**here, run_request=request).result()
    deadline = time.monotonic() + service.patience
    while (run := client.runs.get(**here, run_id=run.run_id)).status not in ("Succeeded", "Failed", "Error"):
        assert time.monotonic() < deadline
        time.sleep(0.05)  # a question every 50 ms
    assert (run.status, run.task, run.run_type) == ("Succeeded", name, "QuickRun")
    assert run.create_time <= run.start_time <= run.finish_time
    listed = list(client.runs.list(**here, filter=f"TaskName eq '{name}'", top=5))
    assert [each.run_id for each in listed] == [run.run_id]
    archive = models.RunUpdateParameters(is_archive_enabled=True)
    assert (
        client.runs.begin_update(**here, run_id=run.run_id, run_update_parameters=archive).result().is_archive_enabled
    )
    assert client.runs.get_log_sas_url(**here, run_id=run.run_id).log_link.startswith("http")
    assert client.registries.get_build_source_upload_url(**here).relative_path

    client.tasks.begin_delete(**here, task_name=name).result()
    assert name not in [each.name for each in client.tasks.list(**here)]
    client.tasks.begin_delete(**here, task_name=name).result()  # 204


@pytest.mark.arm_documented("azure-mgmt-containerregistry 10.3.0: which statuses and bodies it accepts")
def test_a_run_is_cancelled(client: Any, service: Any) -> None:
    """The thirteenth operation: begin_cancel returns, and the run ends as Canceled."""
    from azure.mgmt.containerregistry.v2019_04_01 import models

    _, _, _, _, group, _, _, _, registry = service.registry.split("/")
    here = {"resource_group_name": group, "registry_name": registry}
    text = "version: v1.1.0\nsteps:\n  - cmd: busybox sleep 60\n    startDelay: 60\n"
    request = models.EncodedTaskRunRequest(
        encoded_task_content=base64.b64encode(text.encode()).decode(), platform=models.PlatformProperties(os="Linux")
    )
    run_id = client.registries.begin_schedule_run(**here, run_request=request).result().run_id
    client.runs.begin_cancel(**here, run_id=run_id).result()
    deadline = time.monotonic() + service.patience
    while (run := client.runs.get(**here, run_id=run_id)).status in ("Queued", "Started", "Running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)  # a question every 50 ms
    assert run.status == "Canceled"
