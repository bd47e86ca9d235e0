"""The events that start a task."""

from __future__ import annotations

from typing import Any

import pytest

from acr_tasks_emulator.services.triggers import azure_devops
from acr_tasks_emulator.services.triggers.base_images import ImagePush, moved, pushes
from acr_tasks_emulator.services.triggers.github import is_signed, read_event
from acr_tasks_emulator.services.triggers.repository import canonical
from acr_tasks_emulator.services.triggers.source_events import PayloadError, SourceEvent

COMMIT = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
REPOSITORY = {
    "full_name": "octocat/Hello-World",
    "html_url": "https://github.com/octocat/Hello-World",
    "clone_url": "https://github.com/octocat/Hello-World.git",
    "git_url": "git://github.com/octocat/Hello-World.git",
    "default_branch": "main",
}
PUSH = {"ref": "refs/heads/main", "before": "0" * 40, "after": COMMIT, "deleted": False, "repository": REPOSITORY}
PULL = {
    "action": "opened",
    "number": 7,
    "pull_request": {"head": {"ref": "topic", "sha": COMMIT}, "base": {"ref": "main"}},
    "repository": REPOSITORY,
}


def read(name: str, payload: object) -> SourceEvent:
    (event,) = read_event(name, payload).events
    return event


def trigger(url: str = "https://github.com/octocat/hello-world.git#main", **members: Any) -> dict[str, Any]:
    source = {"repositoryUrl": url, "branch": "main", **members.pop("source", {})}
    return {"sourceRepository": source, "sourceTriggerEvents": ["commit"], "status": "Enabled", **members}


HOOK_REPOSITORY = {
    "name": "Fabrikam Fiber",
    "url": "https://dev.azure.com/fabrikam/_apis/git/repositories/278d5cd2-584d-4b63-824a-2ba458937249",
    "defaultBranch": "refs/heads/main",
    "remoteUrl": "https://fabrikam@dev.azure.com/fabrikam/Fiber/_git/Fabrikam%20Fiber",
}


def hook_push(*updates: tuple[str, str]) -> dict[str, Any]:
    references = [{"name": name, "oldObjectId": "1" * 40, "newObjectId": commit} for name, commit in updates]
    return {"eventType": "git.push", "resource": {"refUpdates": references, "repository": HOOK_REPOSITORY}}


def hook_pull(kind: str, text: str, **resource: Any) -> dict[str, Any]:
    pull = {
        "repository": HOOK_REPOSITORY,
        "pullRequestId": 1,
        "status": "active",
        "sourceRefName": "refs/heads/topic",
        "targetRefName": "refs/heads/main",
        "lastMergeSourceCommit": {"commitId": COMMIT},
        **resource,
    }
    return {"eventType": f"git.pullrequest.{kind}", "message": {"text": text}, "resource": pull}


def test_reading_service_hooks() -> None:
    """A push to Azure DevOps is a commit for each of its branches; a pull request is one on its target."""
    pushed = azure_devops.read_event(
        hook_push(("refs/heads/main", COMMIT), ("refs/tags/v1", COMMIT), ("refs/heads/old", "0" * 40))
    )
    assert [(event.kind, event.branch, event.commit) for event in pushed.events] == [("commit", "main", COMMIT)]
    (pull,) = azure_devops.read_event(hook_pull("created", "Jamal Hartnett created a new pull request")).events
    assert (pull.kind, pull.branch, pull.commit, pull.pull_request) == ("pullrequest", "main", COMMIT, "1")
    assert pull.provider == "VisualStudioTeamService"
    assert azure_devops.read_event(hook_pull("updated", "Jamal Hartnett updated the source branch of 1")).events == (
        pull,
    )


@pytest.mark.parametrize(
    ("payload", "nothing"),
    [
        ({"eventType": "workitem.created"}, "The event workitem.created starts nothing"),
        (hook_push(("refs/tags/v1", COMMIT)), "the tag v1"),
        (hook_pull("updated", "Jamal Hartnett approved pull request 1"), "brings no commits"),
        (hook_pull("updated", "Jamal Hartnett completed pull request 1", status="completed"), "that is completed"),
    ],
)
def test_service_hooks_that_start_nothing(payload: dict[str, Any], nothing: str) -> None:
    """Votes, completed pull requests, tags and other events of Azure DevOps start nothing."""
    reading = azure_devops.read_event(payload)
    assert reading.events == ()
    assert nothing in reading.reason


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ([], "eventType is missing"),
        ({"eventType": "git.push", "resource": {}}, "resource.refUpdates is missing"),
        (hook_push(("refs/heads/main", "")), r"resource.refUpdates\[0\].newObjectId is missing"),
        (hook_pull("created", "", repository={}), "resource.repository.remoteUrl is missing"),
        (hook_pull("created", "", lastMergeSourceCommit=None), "lastMergeSourceCommit.commitId is missing"),
        (hook_pull("created", "", pullRequestId=True), "pullRequestId is missing"),
    ],
)
def test_malformed_service_hooks(payload: object, problem: str) -> None:
    """The error names the member that Azure DevOps would send."""
    with pytest.raises(PayloadError, match=problem):
        azure_devops.read_event(payload)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/octocat/Hello-World",
        "https://github.com/octocat/Hello-World.git#main:folder",
        "HTTPS://GitHub.com/Octocat/hello-world/",
        "https://token:x-oauth@github.com/octocat/Hello-World.git",
        "https://www.github.com:443/octocat/Hello-World",
        "git@github.com:octocat/Hello-World.git",
        "ssh://git@github.com/octocat/Hello-World.git",
        "ssh://git@ssh.github.com:443/octocat/Hello-World.git",
        "git://github.com/octocat/Hello-World.git",
        "github.com/octocat/Hello-World",
        "https://api.github.com/repos/octocat/Hello-World",
    ],
)
def test_addresses_of_a_repository_at_github(address: str) -> None:
    """All addresses of a repository are recognized as the same."""
    assert canonical(address) == ("github.com", "octocat", "hello-world")


@pytest.mark.parametrize(
    "address",
    [
        "https://dev.azure.com/fabrikam/Fiber/_git/Web%20Shop",
        "https://fabrikam@dev.azure.com/fabrikam/Fiber/_git/Web%20Shop",
        "https://fabrikam.visualstudio.com/Fiber/_git/Web%20Shop#main",
        "https://fabrikam.visualstudio.com/DefaultCollection/Fiber/_git/Web%20Shop",
        "git@ssh.dev.azure.com:v3/fabrikam/Fiber/Web%20Shop",
        "fabrikam@vs-ssh.visualstudio.com:v3/fabrikam/Fiber/Web%20Shop",
    ],
)
def test_addresses_of_a_repository_at_azure_devops(address: str) -> None:
    """Azure DevOps has old and new addresses for the same repository."""
    assert canonical(address) == ("dev.azure.com", "fabrikam", "fiber", "web shop")


def test_other_addresses_of_azure_devops() -> None:
    """A repository with its project's name may be written without it; a malformed address matches nothing."""
    assert canonical("https://dev.azure.com/fabrikam/_git/Fiber") == canonical(
        "https://fabrikam.visualstudio.com/Fiber/_git/Fiber"
    )
    assert canonical("https://github.example/octocat/Hello-World") != canonical(
        "https://github.com/octocat/Hello-World"
    )
    assert canonical("") == canonical("https://[half") == canonical("   ") == ()


def test_signatures() -> None:
    """GitHub's own example of a signature holds, and no other body or secret has it."""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert is_signed(b"Hello, World!", signature, "It's a Secret to Everybody")
    assert not is_signed(b"Hello, World?", signature, "It's a Secret to Everybody")
    assert not is_signed(b"Hello, World!", signature, "another")
    assert not is_signed(b"Hello, World!", "sha256=\u00e4", "another")


@pytest.mark.parametrize(
    ("name", "payload", "problem"),
    [
        ("", {}, "X-GitHub-Event is missing"),
        ("push", [], "ref is missing"),
        ("push", {"ref": "refs/heads/x", "after": COMMIT}, "repository is missing"),
        ("push", {**PUSH, "repository": {}}, "repository.html_url is missing"),
        ("pull_request", {**PULL, "pull_request": {"base": "x"}}, "pull_request.base.ref is missing"),
        ("pull_request", {**PULL, "number": "7"}, "number is missing"),
    ],
)
def test_malformed_payloads(name: str, payload: object, problem: str) -> None:
    """The error names the member that GitHub would send."""
    with pytest.raises(PayloadError, match=problem):
        read_event(name, payload)


@pytest.mark.parametrize(
    ("changed", "concerned"),
    [
        (trigger(), True),
        (trigger("https://token@github.com/octocat/Hello-World/"), True),
        (trigger("github.com/octocat/Hello-World"), True),
        (trigger("https://github.com/octocat/Hello-World-2"), False),
        (trigger("https://example.com/octocat/Hello-World"), False),
        (trigger(source={"branch": "release"}), False),
        (trigger(source={"branch": None}), True),
        (trigger(status="Disabled"), False),
        (trigger(sourceTriggerEvents=["pullrequest"]), False),
        (trigger(sourceTriggerEvents=["PullRequest", "Commit"]), True),
    ],
)
def test_the_triggers_of_an_event(changed: dict[str, Any], concerned: bool) -> None:
    """Repository, branch, kind of event and status of the trigger have to match."""
    assert read("push", PUSH).concerns(changed) is concerned


def notification(action: str = "push", **target: str) -> dict[str, Any]:
    return {
        "events": [{"action": action, "target": {"repository": "base", "tag": "1", "digest": "sha256:b", **target}}]
    }


def test_reading_notifications() -> None:
    """Only pushes of tags count; a malformed notification has no events."""
    assert pushes(notification()) == [ImagePush("base", "1", "sha256:b")]
    for nothing in (notification("pull"), notification("delete"), notification(tag=""), {}, [], {"events": 1}, None):
        assert pushes(nothing) == []


def dependent(**changes: Any) -> dict[str, Any]:
    dependency = {"type": "Runtime", "registry": "127.0.0.1:5000", "repository": "base", "tag": "1"}
    dependency |= {"digest": "sha256:a", **changes.pop("dependency", {})}
    base = {"baseImageTriggerType": "Runtime", "status": "Enabled", "name": "b", **changes.pop("trigger", {})}
    step = {"type": "Docker", "imageNames": ["app:1"], "baseImageDependencies": [dependency], **changes.pop("step", {})}
    return {"properties": {"status": "Enabled", "step": step, "trigger": {"baseImageTrigger": base}, **changes}}


@pytest.mark.parametrize(
    ("task", "count"),
    [
        (dependent(), 1),
        (dependent(dependency={"registry": "registry.hub.docker.com"}), 1),
        (dependent(dependency={"registry": "Emulator.azurecr.io"}), 1),
        (dependent(dependency={"registry": "ghcr.io"}), 0),
        (dependent(dependency={"repository": "base2"}), 0),
        (dependent(dependency={"tag": "2"}), 0),
        (dependent(dependency={"digest": "sha256:b"}), 0),  # the same image once more
        (dependent(dependency={"type": "BuildTime"}), 0),
        (dependent(dependency={"type": "BuildTime"}, trigger={"baseImageTriggerType": "All"}), 1),
        (dependent(trigger={"status": "Disabled"}), 0),
        (dependent(status="Disabled"), 0),
        (dependent(trigger={}, step={"baseImageDependencies": None}), 0),
        (dependent(step={"imageNames": ["{{.Run.Registry}}/base:{{.Run.ID}}"]}), 0),  # it builds that very image
        (dependent(step={"imageNames": ["$Registry/other/base"]}), 1),
    ],
)
def test_the_tasks_of_a_push(task: dict[str, Any], count: int) -> None:
    """A push starts the tasks that depend on the tag, when its digest changed and the trigger follows that kind."""
    found = moved(ImagePush("base", "1", "sha256:b"), task, ["127.0.0.1:5000", "emulator.azurecr.io"])
    assert len(found) == count
