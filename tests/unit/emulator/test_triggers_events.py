"""Which events start which tasks."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from acr_tasks_emulator.triggers.base_images import ImagePush, moved, pushes
from acr_tasks_emulator.triggers.github import PayloadError, SourceEvent, read_event
from acr_tasks_emulator.triggers.notifications import Notifications

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
    event = read_event(name, payload)
    assert event is not None
    return event


def trigger(url: str = "https://github.com/octocat/hello-world.git#main", **members: Any) -> dict[str, Any]:
    source = {"repositoryUrl": url, "branch": "main", **members.pop("source", {})}
    return {"sourceRepository": source, "sourceTriggerEvents": ["commit"], "status": "Enabled", **members}


def test_reading_payloads() -> None:
    """A push is a commit on its branch; a pull request is one on the branch that it wants to change."""
    push, pull = read("push", PUSH), read("pull_request", PULL)
    assert (push.kind, push.branch, push.commit, push.pull_request) == ("commit", "main", COMMIT, None)
    assert (pull.kind, pull.branch, pull.commit, pull.pull_request) == ("pullrequest", "main", COMMIT, "7")


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("ping", {"zen": "Keep it logically awesome."}),
        ("push", {**PUSH, "ref": "refs/tags/v1"}),
        ("push", {**PUSH, "deleted": True}),
        ("push", {**PUSH, "after": "0" * 40}),
        ("pull_request", {**PULL, "action": "closed"}),
        ("pull_request", {**PULL, "action": "labeled"}),
    ],
)
def test_events_that_start_nothing(name: str, payload: dict[str, Any]) -> None:
    """Pings, tags, deleted branches and closed pull requests start nothing."""
    assert read_event(name, payload) is None


@pytest.mark.parametrize(
    ("name", "payload", "problem"),
    [
        ("push", [], "ref is missing"),
        ("push", {"ref": "refs/heads/x", "after": COMMIT}, "repository is missing"),
        ("push", {**PUSH, "repository": {}}, "repository.html_url is missing"),
        ("pull_request", {**PULL, "pull_request": {"base": "x"}}, "pull_request.base.ref is missing"),
        ("pull_request", {**PULL, "number": "7"}, "number is missing"),
    ],
)
def test_payloads_that_are_none(name: str, payload: object, problem: str) -> None:
    """What GitHub would not send is refused with the member that is missing."""
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
def test_which_triggers_an_event_concerns(changed: dict[str, Any], concerned: bool) -> None:
    """Repository, branch, kind of event and status of the trigger have to fit."""
    assert read("push", PUSH).concerns(changed) is concerned


def notification(action: str = "push", **target: str) -> dict[str, Any]:
    return {
        "events": [{"action": action, "target": {"repository": "base", "tag": "1", "digest": "sha256:b", **target}}]
    }


def test_reading_notifications() -> None:
    """Only pushes of tags count; what is no notification tells of nothing."""
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
def test_which_tasks_a_push_moves(task: dict[str, Any], count: int) -> None:
    """A task is moved by another digest under a tag that it depends on, when its trigger follows that kind."""
    found = moved(ImagePush("base", "1", "sha256:b"), task, ["127.0.0.1:5000", "emulator.azurecr.io"])
    assert len(found) == count


def test_notifications_are_heard_with_the_secret_only() -> None:
    """The listener calls for each pushed tag, refuses who does not know the secret, and survives a failing callback."""
    heard: list[ImagePush] = []

    def hear(push: ImagePush) -> None:
        heard.append(push)
        if push.tag == "1":
            raise LookupError("a failure of ours")

    listener = Notifications(hear)
    try:
        with httpx.Client(trust_env=False, headers={"Authorization": f"Bearer {listener.secret}"}) as client:
            assert (
                client.post(listener.url, json=notification(), headers={"Authorization": "Bearer x"}).status_code == 401
            )
            assert client.post(listener.url, content=b"{").status_code == 400
            assert client.post(listener.url, json=notification()).status_code == 200
            assert client.post(listener.url, json=notification(tag="2")).status_code == 200
    finally:
        listener.close()
    assert [push.tag for push in heard] == ["1", "2"]
