"""The listener for the registry's events."""

from __future__ import annotations

import httpx
from tests.unit.emulator.services.triggers.test_events import notification

from acr_tasks_emulator.services.triggers.base_images import ImagePush
from acr_tasks_emulator.services.triggers.notifications import Notifications


def test_notifications_need_the_secret() -> None:
    """The listener calls back for each pushed tag and refuses requests without the secret.

    A failing callback does not end it.
    """
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
    assert sorted(push.tag for push in heard) == ["1", "2"]  # each in a thread of its own
