"""Microsoft's own client library does all thirteen operations at the service, over https and with its own sign-in."""

from __future__ import annotations

import base64
import importlib
import os
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobClient

UNDER_WAY = ("Queued", "Started", "Running")


class Token:
    """A credential that has the token already."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self._token, int(time.time()) + 3600)


@pytest.fixture(params=["as it is", "long-running"])
def service(request: pytest.FixtureRequest, coordinates: Any) -> Any:
    """The coordinates of two services over https: one as observed, one with long-running operations.

    The library sends tokens over https only.
    """
    emulated = request.getfixturevalue("emulated") if "ACR_TASKS_ENDPOINT" not in os.environ else None
    if request.param == "as it is":
        return emulated(tls=True, token=coordinates.token).coordinates if emulated else coordinates
    if emulated is None:
        pytest.skip("the service under test has no modes")
    # Without a Retry-After the library asks as often as it is told to.
    switches = {"operation-retry-after": 0}
    return emulated(tls=True, token=coordinates.token, mode="lro", switches=switches).coordinates


@pytest.fixture(params=["2019-04-01", "2019-06-01-preview"])
def version(request: pytest.FixtureRequest) -> Any:
    """The part of the library for one api-version; 10.3.0 is its last release that knows 2019-04-01."""
    return importlib.import_module(f"azure.mgmt.containerregistry.v{request.param.replace('-', '_')}")


@pytest.fixture
def client(service: Any, version: Any) -> Iterator[Any]:
    with version.ContainerRegistryManagementClient(
        Token(service.token),
        service.registry.split("/")[2],
        base_url=service.endpoint,
        credential_scopes=[f"{service.endpoint}/.default"],
        connection_verify=service.ca or True,
        polling_interval=0.1,
    ) as client:
        yield client


@pytest.fixture
def here(service: Any) -> dict[str, str]:
    """The arguments that name the registry."""
    _, _, _, _, group, _, _, _, registry = service.registry.split("/")
    return {"resource_group_name": group, "registry_name": registry}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def ended(client: Any, here: dict[str, str], run_id: str, patience: float) -> Any:
    """Return a run when it has ended."""
    deadline = time.monotonic() + patience
    while (run := client.runs.get(**here, run_id=run_id)).status in UNDER_WAY:
        assert time.monotonic() < deadline
        time.sleep(0.05)  # a question every 50 ms
    return run


@pytest.fixture
def task(version: Any, location: str) -> Any:
    """A task with everything secret that a task can have, and a timer."""
    models = version.models
    text = "version: v1.1.0\nsteps:\n  - cmd: busybox echo hello\n"
    password = models.SecretObject(value="password-0123456789", type="Opaque")
    credentials = models.CustomRegistryCredentials(
        user_name=models.SecretObject(value="bob", type="Opaque"), password=password
    )
    return models.Task(
        location=location,
        platform=models.PlatformProperties(os="Linux", architecture="amd64"),
        step=models.EncodedTaskStep(
            encoded_task_content=encoded(text),
            values=[models.SetValue(name="hidden", value="secret-0123456789", is_secret=True)],
        ),
        credentials=models.Credentials(custom_registries={"r.example": credentials}),
        trigger=models.TriggerProperties(timer_triggers=[models.TimerTrigger(name="t1", schedule="0 21 * * *")]),
    )


@pytest.mark.arm_documented("azure-mgmt-containerregistry 10.3.0: which statuses and bodies it accepts")
def test_a_task_and_its_runs_from_creation_to_deletion(
    client: Any, version: Any, service: Any, here: dict[str, str], task: Any
) -> None:
    """The library understands create, get, update, details, schedule, list, log and delete."""
    models = version.models
    name = f"sdk-{uuid.uuid4().hex[:12]}"
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

    by_name = "task_name" in models.TaskRunRequest._attribute_map
    request = models.TaskRunRequest(**({"task_name": name} if by_name else {"task_id": made.id}))
    scheduled = client.registries.begin_schedule_run(**here, run_request=request).result()
    run = ended(client, here, scheduled.run_id, service.patience)
    assert (run.status, run.task, run.run_type) == ("Succeeded", name, "QuickRun")
    assert run.create_time <= run.start_time <= run.finish_time
    listed = list(client.runs.list(**here, filter=f"TaskName eq '{name}'", top=5))
    assert [each.run_id for each in listed] == [run.run_id]
    archive = models.RunUpdateParameters(is_archive_enabled=True)
    updated = client.runs.begin_update(**here, run_id=run.run_id, run_update_parameters=archive).result()
    assert updated.is_archive_enabled

    client.tasks.begin_delete(**here, task_name=name).result()
    assert name not in [each.name for each in client.tasks.list(**here)]
    client.tasks.begin_delete(**here, task_name=name).result()  # 204


@pytest.mark.arm_documented("azure-storage-blob: the client for links of the service")
def test_a_log_is_read_by_its_link(client: Any, version: Any, service: Any, here: dict[str, str]) -> None:
    """The client for blobs reads a log by its link alone, and its metadata says that it is complete."""
    models = version.models
    text = "version: v1.1.0\nsteps:\n  - cmd: busybox echo hello\n"
    platform = models.PlatformProperties(os="Linux")
    request = models.EncodedTaskRunRequest(encoded_task_content=encoded(text), platform=platform)
    run_id = client.registries.begin_schedule_run(**here, run_request=request).result().run_id
    ended(client, here, run_id, service.patience)
    link = client.runs.get_log_sas_url(**here, run_id=run_id).log_link
    assert link.startswith("https://")
    with BlobClient.from_blob_url(link, connection_verify=service.ca or True) as blob:
        assert f"Run ID: {run_id} was successful" in blob.download_blob().readall().decode()
        assert {name.lower() for name in blob.get_blob_properties().metadata} == {"complete"}


@pytest.mark.arm_documented("azure-storage-blob: the client for links of the service")
def test_a_context_is_uploaded_by_its_link(
    client: Any, version: Any, service: Any, here: dict[str, str], archive: bytes
) -> None:
    """The library for blobs puts an archive where the service says, and a build finds it there."""
    target = client.registries.get_build_source_upload_url(**here)
    assert target.upload_url.startswith("https://")
    with BlobClient.from_blob_url(target.upload_url, connection_verify=service.ca or True) as blob:
        blob.upload_blob(archive)
    models = version.models
    request = models.DockerBuildRequest(
        source_location=target.relative_path,
        docker_file_path="Dockerfile",
        platform=models.PlatformProperties(os="Linux"),
        image_names=["sdk:{{.Run.ID}}"],
        is_push_enabled=False,
    )
    run = client.registries.begin_schedule_run(**here, run_request=request).result()
    assert ended(client, here, run.run_id, service.patience).status == "Succeeded"


@pytest.mark.arm_documented("azure-mgmt-containerregistry 10.3.0: which statuses and bodies it accepts")
def test_a_run_is_canceled(client: Any, version: Any, service: Any, here: dict[str, str]) -> None:
    """The thirteenth operation: begin_cancel returns, and the run ends as Canceled."""
    models = version.models
    text = "version: v1.1.0\nsteps:\n  - cmd: busybox sleep 60\n    startDelay: 60\n"
    platform = models.PlatformProperties(os="Linux")
    request = models.EncodedTaskRunRequest(encoded_task_content=encoded(text), platform=platform)
    run_id = client.registries.begin_schedule_run(**here, run_request=request).result().run_id
    client.runs.begin_cancel(**here, run_id=run_id).result()
    assert ended(client, here, run_id, service.patience).status == "Canceled"


@pytest.mark.arm_documented("azure-identity: client credentials at an authority of one's own")
def test_an_application_signs_in_at_the_service(coordinates: Any, emulated: Any, version: Any) -> None:
    """Microsoft's sign-in library gets a token that the service accepts; another secret is refused."""
    token = coordinates.token
    service = emulated(tls=True, token=token).coordinates

    def tasks(secret: str) -> list[Any]:
        _, _, subscription_id, _, group, _, _, _, registry = service.registry.split("/")
        application = ClientSecretCredential(
            "00000000-0000-0000-0000-00000000aaaa",
            "11111111-1111-1111-1111-111111111111",
            secret,
            authority=service.endpoint,
            disable_instance_discovery=True,
            connection_verify=service.ca,
        )
        with (
            application,
            version.ContainerRegistryManagementClient(
                application,
                subscription_id,
                base_url=service.endpoint,
                credential_scopes=[f"{service.endpoint}/.default"],
                connection_verify=service.ca,
            ) as client,
        ):
            return list(client.tasks.list(group, registry))

    assert tasks(token) == []
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215") as refused:
        tasks("another-secret-0123")
    assert "another-secret" not in str(refused.value)
