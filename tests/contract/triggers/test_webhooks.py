"""Webhooks of git hosts: commits and pull requests start the tasks that follow them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from ..arm import Arm
from ..conftest import Body

pytestmark = pytest.mark.emulator_choice(
    "the service's webhooks are between it and the host; here anybody may play one"
)

COMMIT = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
REPOSITORY = {
    "id": 186853002,
    "name": "Hello-World",
    "full_name": "Codertocat/Hello-World",
    "private": False,
    "owner": {"login": "Codertocat", "id": 21031067, "type": "User"},
    "html_url": "https://github.com/Codertocat/Hello-World",
    "url": "https://api.github.com/repos/Codertocat/Hello-World",
    "git_url": "git://github.com/Codertocat/Hello-World.git",
    "ssh_url": "git@github.com:Codertocat/Hello-World.git",
    "clone_url": "https://github.com/Codertocat/Hello-World.git",
    "default_branch": "main",
}
SENDER = {"login": "Codertocat", "id": 21031067, "type": "User"}
PUSH = {
    "ref": "refs/heads/main",
    "before": "0" * 40,
    "after": COMMIT,
    "created": False,
    "deleted": False,
    "forced": False,
    "base_ref": None,
    "commits": [{"id": COMMIT, "message": "Füge ein & aus hinzu", "distinct": True}],
    "head_commit": {"id": COMMIT},
    "repository": REPOSITORY,
    "pusher": {"name": "Codertocat", "email": None},
    "sender": SENDER,
}
PULL = {
    "action": "opened",
    "number": 2,
    "pull_request": {
        "number": 2,
        "state": "open",
        "draft": False,
        "merge_commit_sha": None,
        "head": {"label": "Codertocat:changes", "ref": "changes", "sha": COMMIT, "repo": REPOSITORY},
        "base": {"label": "Codertocat:main", "ref": "main", "sha": "0" * 39 + "1", "repo": REPOSITORY},
    },
    "repository": REPOSITORY,
    "sender": SENDER,
}
PUSH_HOOK = {
    "subscriptionId": "00000000-0000-0000-0000-000000000000",
    "notificationId": 3,
    "id": "03c164c2-8912-4d5e-8009-3707d5f83734",
    "eventType": "git.push",
    "publisherId": "tfs",
    "message": {"text": "Jamal Hartnett pushed updates to Web:main."},
    "resource": {
        "commits": [{"commitId": "33b55f7cb7e7e245323987634f960cf4a6e6bc74", "comment": "Fixed bug"}],
        "refUpdates": [{"name": "refs/heads/main", "oldObjectId": "0" * 39 + "1", "newObjectId": COMMIT}],
        "repository": {
            "id": "278d5cd2-584d-4b63-824a-2ba458937249",
            "name": "Web",
            "url": "https://dev.azure.com/fabrikam/_apis/git/repositories/278d5cd2-584d-4b63-824a-2ba458937249",
            "project": {"id": "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c", "name": "Fiber", "state": "wellFormed"},
            "defaultBranch": "refs/heads/main",
            "remoteUrl": "https://fabrikam@dev.azure.com/fabrikam/Fiber/_git/Web",
        },
        "pushId": 14,
    },
    "resourceVersion": "1.0",
}
PULL_HOOK = {
    **PUSH_HOOK,
    "eventType": "git.pullrequest.created",
    "message": {"text": "Jamal Hartnett created a new pull request"},
    "resource": {
        "repository": PUSH_HOOK["resource"]["repository"],
        "pullRequestId": 11,
        "status": "active",
        "sourceRefName": "refs/heads/topic",
        "targetRefName": "refs/heads/main",
        "lastMergeSourceCommit": {"commitId": COMMIT},
        "lastMergeTargetCommit": {"commitId": "0" * 39 + "1"},
    },
}


def source_task(arm: Arm, quick_task: Body, name: str, **changes: Any) -> None:
    """Make a task with one source trigger; changes replace members of the trigger, its repository or the task."""
    source = {
        "sourceControlType": "Github",
        "repositoryUrl": "https://github.com/codertocat/hello-world.git",
        "branch": "main",
        "sourceControlAuthProperties": {"tokenType": "PAT", "token": "repository-token"},
        **changes.pop("source", {}),
    }
    events = changes.pop("events", ["commit"])
    trigger = {"name": "s1", "sourceRepository": source, "sourceTriggerEvents": events, **changes.pop("trigger", {})}
    arm.ok("PUT", f"tasks/{name}", quick_task(trigger={"sourceTriggers": [trigger]}, **changes))


def deliver(arm: Arm, payload: Any, event: str = "push", **headers: str) -> httpx.Response:
    """Post what GitHub posts, as JSON."""
    own = {"X-GitHub-Event": event, "X-GitHub-Delivery": DELIVERY, "Content-Type": "application/json", **headers}
    return arm.http.post("/_emulator/webhooks/github", content=json.dumps(payload).encode(), headers=own)


def hook(arm: Arm, payload: Any, **options: Any) -> httpx.Response:
    """Post what Azure DevOps posts."""
    return arm.http.post("/_emulator/webhooks/azure-devops", json=payload, **options)


def told(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["message"]


def test_a_push_to_github(emulated: Callable[..., Arm], quick_task: Body) -> None:
    """A push runs the tasks that follow its branch; the answer names the runs, and each run has the commit."""
    arm = emulated()
    source_task(arm, quick_task, "follows-main")
    source_task(arm, quick_task, "follows-release", source={"branch": "release"})
    source_task(arm, quick_task, "follows-pulls", events=["pullrequest"])
    answer = told(deliver(arm, PUSH))
    (run_id,) = answer["runs"]
    assert answer["message"] == f"Started by commits to main of {REPOSITORY['html_url']}: {run_id}."
    run = arm.until(run_id)["properties"]
    assert (run["task"], run["runType"], run["status"]) == ("follows-main", "AutoRun", "Succeeded")
    assert run["sourceTrigger"] == {
        "id": DELIVERY,
        "eventType": "commit",
        "commitId": COMMIT,
        "repositoryUrl": "https://github.com/codertocat/hello-world.git",
        "branchName": "main",
        "providerType": "Github",
    }


@pytest.mark.parametrize(
    ("action", "count"), [("opened", 1), ("synchronize", 1), ("reopened", 1), ("closed", 0), ("edited", 0)]
)
def test_a_pull_request_at_github(emulated: Callable[..., Arm], quick_task: Body, action: str, count: int) -> None:
    """A pull request that is opened or gets commits runs the tasks that follow pull requests into its branch."""
    arm = emulated()
    source_task(arm, quick_task, "pulls-into-main", events=["commit", "pullrequest"])
    source_task(arm, quick_task, "only-commits")
    source_task(arm, quick_task, "pulls-from-changes", events=["pullrequest"], source={"branch": "changes"})
    answer = told(deliver(arm, {**PULL, "action": action}, "pull_request"))
    assert len(answer["runs"]) == count
    for run_id in answer["runs"]:
        run = arm.until(run_id)["properties"]
        assert run["task"] == "pulls-into-main"
        trigger = run["sourceTrigger"]
        assert (trigger["eventType"], trigger["pullRequestId"]) == ("pullrequest", "2")
        assert (trigger["commitId"], trigger["branchName"]) == (COMMIT, "main")


def test_a_form(emulated: Callable[..., Arm], quick_task: Body) -> None:
    """A payload may be a form, as GitHub sends by default, or have the form's media type, as curl sends."""
    arm = emulated()
    source_task(arm, quick_task, "follows-main")
    form = {"X-GitHub-Event": "push", "Content-Type": "application/x-www-form-urlencoded"}
    for body in (urlencode({"payload": json.dumps(PUSH, ensure_ascii=False)}), json.dumps(PUSH)):
        answer = arm.http.post("/_emulator/webhooks/github", content=body.encode(), headers=form)
        assert len(told(answer)["runs"]) == 1


@pytest.mark.parametrize(
    ("event", "changes", "because"),
    [
        ("ping", {"zen": "Design for failure.", "hook_id": 1}, "The event ping starts nothing"),
        ("issues", {"action": "opened"}, "The event issues starts nothing"),
        ("push", {"ref": "refs/tags/v1"}, "A push of the tag v1 starts nothing."),
        ("push", {"deleted": True, "after": "0" * 40}, "The end of the branch main starts nothing."),
        ("push", {"ref": "refs/heads/topic"}, "No enabled task follows commits to topic of"),
        ("push", {"repository": {**REPOSITORY, "html_url": "https://github.com/x/y"}}, None),
    ],
)
def test_an_event_that_starts_nothing_is_answered_with_the_reason(
    emulated: Callable[..., Arm], quick_task: Body, event: str, changes: Body, because: str | None
) -> None:
    """The answer has the reason; one matching address of a repository is enough to start a run."""
    arm = emulated()
    source_task(arm, quick_task, "follows-main")
    answer = told(deliver(arm, {**PUSH, **changes}, event))
    assert len(answer["runs"]) == (because is None)
    assert (because or "Started by") in answer["message"]


def test_disabled_tasks_and_triggers_are_not_started(emulated: Callable[..., Arm], quick_task: Body) -> None:
    """The answer says that no enabled task follows the event."""
    arm = emulated()
    source_task(arm, quick_task, "disabled-task", status="Disabled")
    source_task(arm, quick_task, "disabled-trigger", trigger={"status": "Disabled"})
    answer = told(deliver(arm, PUSH))
    assert answer == {"runs": [], "message": f"No enabled task follows commits to main of {REPOSITORY['html_url']}."}


def test_runs_that_the_service_refuses_are_counted(emulated: Callable[..., Arm], quick_task: Body) -> None:
    """The answer has the number of tasks that follow the event and may not be run."""
    arm = emulated()
    source = {"sourceControlType": "Github", "repositoryUrl": "https://github.com/codertocat/hello-world.git"}
    trigger = {"sourceTriggers": [{"name": "s1", "sourceRepository": source, "sourceTriggerEvents": ["commit"]}]}
    system = {"isSystemTask": True, "trigger": trigger}  # it has no step
    body = {"location": quick_task()["location"], "properties": system}
    arm.ok("PUT", "tasks/follows-main", body, api_version="2025-03-01-preview")
    answer = told(deliver(arm, PUSH))
    assert answer == {"runs": [], "message": "Not started: 1 of 1; the emulator's log says why."}


@pytest.mark.parametrize(
    ("event", "content", "problem"),
    [
        ("push", b'{"ref": "refs/heads/main"}', "This is not what GitHub sends: after is missing."),
        ("", b"{}", "This is not what GitHub sends: the header X-GitHub-Event is missing."),
        ("push", b"[1]", "This is not what GitHub sends: ref is missing."),
        ("push", b"payload=x", "it is not JSON"),
        ("push", b"\xff", "it is not JSON"),
        ("push", b"", "it is not JSON"),
        ("push", b"a=1&" * 200, "it is not JSON"),
    ],
)
def test_a_malformed_payload_is_refused(emulated: Callable[..., Arm], event: str, content: bytes, problem: str) -> None:
    """The sentence names the missing member of a payload that GitHub would not send."""
    headers = {"X-GitHub-Event": event, "Content-Type": "application/x-www-form-urlencoded"}
    answer = emulated().http.post("/_emulator/webhooks/github", content=content, headers=headers)
    status, message = refusal(answer)
    assert status == 400
    assert problem in message


def signature(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_signed_deliveries(emulated: Callable[..., Arm], quick_task: Body) -> None:
    """With a webhook secret a delivery needs a signature by that secret, and no token."""
    arm = emulated(webhook_secret="one-secret", token="contract-token-0123")
    arm.http.headers["Authorization"] = "Bearer contract-token-0123"
    source_task(arm, quick_task, "follows-main")
    del arm.http.headers["Authorization"]
    body = json.dumps(PUSH).encode()
    assert deliver(arm, PUSH).status_code == 401
    assert "secret" in refusal(deliver(arm, PUSH))[1]
    forged = {"X-Hub-Signature-256": signature(body, "another-secret")}
    assert refusal(deliver(arm, PUSH, **forged)) == (
        401,
        "X-Hub-Signature-256 is not that of this body and the emulator's webhook secret.",
    )
    signed = {"X-Hub-Signature-256": signature(body, "one-secret")}
    assert deliver(arm, {**PUSH, "after": "1" * 40}, **signed).status_code == 401
    assert len(told(deliver(arm, PUSH, **signed))["runs"]) == 1
    assert hook(arm, PUSH_HOOK).status_code == 401
    assert hook(arm, PUSH_HOOK, auth=("any", "another-secret")).status_code == 401
    assert hook(arm, PUSH_HOOK, auth=("any", "one-secret")).status_code == 200
    assert arm("GET", "tasks").status_code == 401


def test_a_delivery_without_a_webhook_secret_needs_the_token(emulated: Callable[..., Arm]) -> None:
    """Without a webhook secret a delivery needs the emulator's token like every other request."""
    arm = emulated(token="contract-token-0123")
    arm.http.headers["Authorization"] = "Bearer another"
    assert deliver(arm, PUSH).status_code == 401
    arm.http.headers["Authorization"] = "Bearer contract-token-0123"
    assert deliver(arm, PUSH).status_code == 200


@pytest.mark.parametrize(("payload", "event", "pull"), [(PUSH_HOOK, "commit", None), (PULL_HOOK, "pullrequest", "11")])
def test_azure_devops(
    emulated: Callable[..., Arm], quick_task: Body, payload: Body, event: str, pull: str | None
) -> None:
    """A push or a pull request at Azure DevOps runs the tasks that follow it, by any address of the repository."""
    arm = emulated()
    url = "https://fabrikam.visualstudio.com/DefaultCollection/Fiber/_git/Web"
    repository = {"sourceControlType": "VisualStudioTeamService", "repositoryUrl": url}
    source_task(arm, quick_task, "follows-main", events=["commit", "pullrequest"], source=repository)
    (run_id,) = told(hook(arm, payload))["runs"]
    wanted = {
        "id": "03c164c2-8912-4d5e-8009-3707d5f83734",
        "eventType": event,
        "commitId": COMMIT,
        "pullRequestId": pull,
        "repositoryUrl": url,
        "branchName": "main",
        "providerType": "VisualStudioTeamService",
    }
    wanted = {name: value for name, value in wanted.items() if value is not None}
    assert arm.until(run_id)["properties"]["sourceTrigger"] == wanted


def test_other_events_of_azure_devops_start_nothing(emulated: Callable[..., Arm]) -> None:
    """A payload that Azure DevOps would not send is refused in a sentence."""
    arm = emulated()
    assert told(hook(arm, {"eventType": "workitem.created"}))["runs"] == []
    assert refusal(hook(arm, {})) == (400, "This is not what Azure DevOps sends: eventType is missing.")
    answer = hook(arm, {**PUSH_HOOK, "resource": {}})
    assert refusal(answer) == (400, "This is not what Azure DevOps sends: resource.refUpdates is missing.")


def test_a_cross_site_delivery_is_refused(emulated: Callable[..., Arm]) -> None:
    """A page of another site cannot pose as a git host."""
    assert deliver(emulated(), PUSH, Origin="https://example.com").status_code == 403
