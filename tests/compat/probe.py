"""A dynamic provider that does what a test asks of it. Imported by the dynamic server, never by the tests."""

from __future__ import annotations

import threading
from typing import Any

from pulumi.dynamic import ConfigureRequest, CreateResult, ResourceProvider

from pulumi_acr_tasks import engine, host
from pulumi_acr_tasks.errors import AcrTasksError

TOGETHER = 12
_all_here = threading.Barrier(TOGETHER)


class Probe(ResourceProvider):
    def configure(self, req: ConfigureRequest) -> None:
        host.attach()

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("probe", getattr(self, props["do"])())

    def meet(self) -> dict[str, Any]:
        _all_here.wait(timeout=20)
        return {"met": True}

    def request(self) -> dict[str, Any]:
        request = host.find_request()
        return {"urn": request.urn, "timeout": request.timeout}

    def log(self) -> dict[str, Any]:
        console = engine.console(host.find_request().urn)
        console.status("Step 1/3")
        console.info("kept")
        console.warning("kept as a warning")
        return {}

    def refuse(self) -> dict[str, Any]:
        raise AcrTasksError("The registry does not exist.\nName another one.")

    def break_down(self) -> dict[str, Any]:
        raise RuntimeError("a defect")

    def wait(self) -> dict[str, Any]:
        engine.console(host.find_request().urn).status("waiting")
        return {"canceled": engine.canceled.wait(timeout=20)}

    def is_canceled(self) -> dict[str, Any]:
        return {"canceled": engine.canceled.is_set()}
