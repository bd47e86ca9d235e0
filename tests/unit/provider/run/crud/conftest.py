"""The log that the storage serves to the tests of this folder."""

from __future__ import annotations

import httpx
import pytest

from pulumi_acr_tasks.run.log import display

LOG = b"Step 1/2\r\nusing hush\r\n\r\nRun ID: cf1 failed\r\n"


@pytest.fixture(autouse=True)
def storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve the whole log of a run."""

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {"x-ms-meta-Complete": "failed"}
        if request.method == "HEAD":
            return httpx.Response(200, headers={**headers, "content-length": str(len(LOG))})
        return httpx.Response(206, headers=headers, content=LOG)

    monkeypatch.setattr(display, "open_http", lambda **_: httpx.Client(transport=httpx.MockTransport(answer)))
