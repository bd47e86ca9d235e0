"""The commands of `az acr` that people use, typed as they type them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Az, choose_cloud


@pytest.fixture
def task(az: Az) -> Iterator[str]:
    """Yield the name of a task that runs one command."""
    name = "commandtask"
    assert az(f"acr task create -r emulator -n {name} -c /dev/null --cmd 'busybox echo hello'").json["name"] == name
    yield name
    az(f"acr task delete -r emulator -n {name} --yes")


@pytest.fixture
def context(az: Az) -> Path:
    """Return a folder with a Dockerfile and a task file."""
    folder = az.folder / "context"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text("FROM busybox\nRUN echo from the Dockerfile\n")
    (folder / "acb.yaml").write_text("version: v1.1.0\nsteps:\n  - cmd: busybox echo from the file\n")
    return folder


def test_a_registry_is_found_and_made(az: Az) -> None:
    """The registry of the emulator is listed; another one is made in a group, changed and deleted."""
    # What is there already
    (registry,) = az("acr list").json
    assert registry["name"] == "emulator"
    assert az("acr show -n emulator").json == registry
    assert az("acr check-name -n emulator").json["nameAvailable"] is False

    # A group, and a registry in it
    assert az("group create -n own -l westeurope").json["properties"]["provisioningState"] == "Succeeded"
    assert az("group exists -n own").json is True
    assert az("acr create -g own -n ownregistry --sku Basic").json["sku"]["name"] == "Basic"
    assert az("group show -n own").json["location"] == az("acr show -n ownregistry").json["location"]

    # Changed, then shown the password of the admin user
    assert az("acr credential show -n ownregistry").status != 0
    assert az("acr update -n ownregistry --admin-enabled true --tags team=builds").json["tags"] == {"team": "builds"}
    assert az("acr credential show -n ownregistry").json["username"] == "ownregistry"
    assert az("acr show-usage -n ownregistry").json["value"]

    # It has tasks of its own
    assert az("acr task create -r ownregistry -n owntask -c /dev/null --cmd 'busybox true'").status == 0
    assert [task["name"] for task in az("acr task list -r ownregistry").json] == ["owntask"]
    assert "owntask" not in [task["name"] for task in az("acr task list -r emulator").json]

    # Removed, with the group
    assert az("acr delete -n ownregistry --yes").status == 0
    assert az("acr show -n ownregistry").status != 0
    assert az("group delete -n own --yes").status == 0
    assert az("group exists -n own").json is False


def test_a_task_lives(az: Az, context: Path) -> None:
    """A task is made of a command, a file or a repository, then changed, listed and deleted."""
    # A command becomes an encoded step
    made = az("acr task create -r emulator -n first -c /dev/null --cmd 'busybox echo hello' --timeout 600").json
    assert (made["step"]["type"], made["timeout"], made["status"]) == ("EncodedTask", 600, "Enabled")

    # A file too, with values, a timer and an identity
    made = az(
        "acr task create -r emulator -n second -c /dev/null --file context/acb.yaml --set a=b --set-secret c=d "
        "--schedule 'nightly:0 21 * * *' --assign-identity '[system]'"
    ).json
    assert made["trigger"]["timerTriggers"] == [{"name": "nightly", "schedule": "0 21 * * *", "status": "Enabled"}]
    assert made["identity"]["type"] == "SystemAssigned"
    assert {"name": "a", "value": "b", "isSecret": False} in made["step"]["values"]
    assert "d" not in [value["value"] for value in made["step"]["values"]]

    # A repository becomes a Docker step with a trigger, its token is not shown
    made = az(
        "acr task create -r emulator -n third -c https://github.com/Azure-Samples/acr-build-helloworld-node.git#main "
        "-f Dockerfile -t 'hello:{{.Run.ID}}' --arg x=y --git-access-token token-0123456789"
    ).json
    assert (made["step"]["type"], made["step"]["imageNames"]) == ("Docker", ["hello:{{.Run.ID}}"])
    assert made["trigger"]["sourceTriggers"][0]["sourceRepository"]["branch"] == "main"
    shown = az("acr task show -r emulator -n third")
    assert shown.json["step"]["dockerFilePath"] == "Dockerfile"
    assert "token-0123456789" not in shown.output
    assert "token-0123456789" in az("acr task show -r emulator -n third --with-secure-properties").output

    # Changed
    assert az("acr task update -r emulator -n second --set a=c").json["step"]["values"][0]["value"] == "c"
    changed = az("acr task update -r emulator -n first --cmd 'busybox true' --timeout 700 --status Disabled").json
    assert (changed["timeout"], changed["status"]) == (700, "Disabled")

    # Listed and deleted; a missing task is an error
    assert {"first", "second", "third"} <= {task["name"] for task in az("acr task list -r emulator").json}
    for name in ("first", "second", "third"):
        assert az(f"acr task delete -r emulator -n {name} --yes").status == 0
    assert az("acr task delete -r emulator -n first --yes").status == 0
    missing = az("acr task show -r emulator -n first")
    assert missing.status == 3
    assert "(ResourceNotFound)" in missing.notices


def test_a_task_runs(az: Az, task: str) -> None:
    """A run shows its log, or is awaited without it, or is not awaited; runs are listed, kept and canceled."""
    # The log comes as it grows
    run = az(f"acr task run -r emulator -n {task}")
    assert run.status == 0
    assert "Queued a run with ID: " in run.notices
    assert "was successful after" in run.output

    # Without the log, the run is the answer
    run_id = az(f"acr task run -r emulator -n {task} --no-logs --set x=y").json["runId"]
    assert az(f"acr task show-run -r emulator --run-id {run_id}").json["status"] == "Succeeded"
    assert f"Run ID: {run_id} was successful after" in az(f"acr task logs -r emulator -n {task}").output
    assert f"Run ID: {run_id} was successful after" in az(f"acr task logs -r emulator --run-id {run_id}").output

    # Listed by task and by status, newest first
    listed = az(f"acr task list-runs -r emulator -n {task} --run-status Succeeded --top 2").json
    assert [each["task"] for each in listed] == [task, task]
    assert listed[0]["runId"] == run_id

    # Archived
    kept = az(f"acr task update-run -r emulator --run-id {run_id} --no-archive false").json
    assert kept["isArchiveEnabled"] is True

    # Canceled while it runs
    slow = "acr task create -r emulator -n slowtask -c /dev/null --file slow.yaml"
    (az.folder / "slow.yaml").write_text("version: v1.1.0\nsteps:\n  - cmd: busybox sleep 100\n    startDelay: 100\n")
    assert az(slow).status == 0
    started = az("acr task run -r emulator -n slowtask --no-wait")
    run_id = started.notices.rpartition("ID: ")[2].strip()
    assert az(f"acr task cancel-run -r emulator --run-id {run_id}").status == 0
    logged = az(f"acr task logs -r emulator --run-id {run_id}")  # returns when the log is complete
    assert f"Run ID: {run_id} was canceled after" in logged.output
    assert az(f"acr task show-run -r emulator --run-id {run_id}").json["status"] == "Canceled"
    assert az("acr task delete -r emulator -n slowtask --yes").status == 0


def test_timers_come_and_go(az: Az, task: str) -> None:
    """A timer is added, disabled and removed."""
    timer = f"-r emulator -n {task} --timer-name t9"
    added = az(f"acr task timer add {timer} --schedule '0 21 * * *'").json["trigger"]["timerTriggers"]
    assert added == [{"name": "t9", "schedule": "0 21 * * *", "status": "Enabled"}]
    assert az(f"acr task timer update {timer} --enabled false").status == 0
    assert az(f"acr task timer list -r emulator -n {task}").json[0]["status"] == "Disabled"
    assert not az(f"acr task timer remove {timer}").json["trigger"]["timerTriggers"]


def test_credentials_come_and_go(az: Az, task: str) -> None:
    """Credentials of another registry are added, changed and removed; one command shows them in clear."""
    host = f"-r emulator -n {task} --login-server registry.example.com"
    added = az(f"acr task credential add {host} -u bob -p password-0123456789")
    assert list(added.json) == ["registry.example.com"]
    assert "password-0123456789" not in added.output
    assert az(f"acr task credential update {host} -u bob -p password-9876543210").status == 0
    listed = az(f"acr task credential list -r emulator -n {task}").json  # az sends listDetails for it
    assert listed["registry.example.com"]["password"]["value"] == "password-9876543210"
    assert az(f"acr task credential remove {host}").status == 0
    assert not az(f"acr task credential list -r emulator -n {task}").json


def test_identities_come_and_go(az: Az, task: str) -> None:
    """Identities of the system and of users are assigned, shown and removed."""
    user = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine"
    assert az(f"acr task identity assign -r emulator -n {task}").json["identity"]["type"] == "SystemAssigned"
    assert az(f"acr task identity assign -r emulator -n {task} --identities [system] {user}").status == 0
    shown = az(f"acr task identity show -r emulator -n {task}").json
    assert shown["type"].replace(" ", "").lower() == "systemassigned,userassigned"
    assert list(shown["userAssignedIdentities"]) == [user]
    assert az(f"acr task identity remove -r emulator -n {task} --identities [all]").status == 0
    assert az(f"acr task identity show -r emulator -n {task}").json["type"] == "None"


def test_a_folder_is_built_and_run(az: Az, context: Path) -> None:
    """A folder is packed, uploaded and built; commands and task files run without a task."""
    built = az("acr build -r emulator -t app:v1 context")
    assert built.status == 0, built.notices
    assert "Uploading archived source code" in built.notices
    assert "was successful after" in built.output
    shown: Any = az("acr build -r emulator -t app:v2 --no-logs context").json
    assert (shown["runType"], shown["status"]) == ("QuickBuild", "Succeeded")

    ran = az("acr run -r emulator --cmd 'busybox echo at once' /dev/null")
    assert (ran.status, "was successful after" in ran.output) == (0, True)
    ran = az("acr run -r emulator -f acb.yaml context")
    assert (ran.status, "was successful after" in ran.output) == (0, True)

    # A build that fails ends with status 1
    (context / "Dockerfile.bad").write_text("FROM busybox\nNONSENSE\n")
    failed = az("acr build -r emulator -t app:v3 -f context/Dockerfile.bad context")
    assert (failed.status, "was successful after" in failed.output) == (1, False)


def test_a_build_is_a_real_one(az: Az, context: Path) -> None:
    """The log has the output of RUN, and the run has the digest of its image."""
    built = az("acr build -r emulator -t real:v1 context")
    if "simulated" in built.output:
        pytest.skip("there is no builder here")
    assert "from the Dockerfile" in built.output
    (run,) = az("acr task list-runs -r emulator --top 1").json
    (image,) = run["outputImages"]
    assert (image["repository"], image["tag"]) == ("real", "v1")
    assert image["digest"].startswith("sha256:")
    ran = az("acr run -r emulator --cmd 'busybox echo at once' /dev/null")
    assert "\nat once\n" in ran.output


def test_the_rest_of_the_cloud_answers(az: Az) -> None:
    """Locations, resource providers, resources and requests by `az rest` are answered."""
    assert "westeurope" in [place["name"] for place in az("account list-locations").json]
    assert az("provider show -n Microsoft.ContainerRegistry").json["registrationState"] == "Registered"
    assert az("provider register -n Microsoft.ContainerRegistry").status == 0
    assert "emulator" in [resource["name"] for resource in az("resource list").json]
    listed = az("resource list --resource-type Microsoft.ContainerRegistry/registries -g rg").json
    assert [resource["name"] for resource in listed] == ["emulator"]
    (account,) = az("account list").json
    url = f"/subscriptions/{account['id']}?api-version=2022-12-01"
    assert az(f"rest --method get --url {url}").json["displayName"] == account["name"]
    assert az("acr agentpool list -r emulator").json == []


def test_sign_in_needs_the_token(program: str, tmp_path: Path) -> None:
    """With `--token`, the secret of a service principal and the header of a managed identity have to be it."""
    import acr_tasks_emulator

    token = "az-token-0123456789"
    with acr_tasks_emulator.serve(tls=True, token=token) as emulator:
        assert emulator.ca_cert is not None
        az = Az(program, tmp_path, emulator.endpoint, emulator.ca_cert)
        choose_cloud(az)
        principal = "login --service-principal -u 11111111-1111-1111-1111-111111111111 --tenant contoso.example -p"
        refused = az(f"{principal} wrong")
        assert refused.status == 1
        assert "AADSTS7000215" in refused.notices
        assert az(f"{principal} {token}").status == 0
        assert [registry["name"] for registry in az("acr list").json] == ["emulator"]
        assert az("logout").status == 0

        here = {"IDENTITY_ENDPOINT": f"{emulator.endpoint}/msi/token"}
        assert az("login --identity", **here, IDENTITY_HEADER="wrong").status == 1
        assert az("login --identity", **here, IDENTITY_HEADER=token).status == 0
        assert [each["name"] for each in az("acr list", **here, IDENTITY_HEADER=token).json] == ["emulator"]
