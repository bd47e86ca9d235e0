"""A service behind TLS that demands a token: sign-in as at Azure, with a CA of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ..emulator import Emulator
from ..stack import Stack

SECRET = "hush-client-secret-0123"

PROGRAM = """
import pulumi
from pulumi_acr_tasks import DockerBuildRequestArgs, EncodedTaskStepArgs, PlatformPropertiesArgs, Run, Task

linux = PlatformPropertiesArgs(os="Linux")
step = EncodedTaskStepArgs(encoded_task_content="c3RlcHM6IFt7Y21kOiBidXN5Ym94IHRydWV9XQ==")
Task("signed-in", platform=linux, step=step)
run = Run("built", context="context", run_request=DockerBuildRequestArgs(
    docker_file_path="Dockerfile", image_names=["app:v1"], platform=linux))
pulumi.export("status", run.status)
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that speaks TLS only, and that demands a token."""
    with Emulator.started(tmp_path_factory.mktemp("guarded"), "--tls", token=SECRET) as emulator:
        yield emulator


@pytest.fixture
def stack(guarded: Emulator, new_stack: Callable[..., Stack]) -> Stack:
    """A stack whose configuration names a client secret, as in a pipeline."""
    stack = new_stack("guarded", program=PROGRAM, **guarded.config, credential="client-secret")
    stack.write("context/Dockerfile", "FROM busybox\nRUN echo built behind TLS\n")
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        stack.environment.pop(name, None)
    stack.environment |= {
        "AZURE_AUTHORITY_HOST": guarded.endpoint,
        "ARM_TENANT_ID": "11111111-2222-3333-4444-555555555555",
        "ARM_CLIENT_ID": "66666666-7777-8888-9999-000000000000",
        "ARM_CLIENT_SECRET": SECRET,
    }
    return stack


def test_signed_in_behind_tls(guarded: Emulator, stack: Stack) -> None:
    """Token, task, upload, run and log all use TLS, by the one CA that either variable names."""
    stack.environment["SSL_CERT_FILE"] = str(guarded.ca_cert)
    screen = stack.up().succeeded().screen
    assert "built behind TLS" in screen
    assert SECRET not in screen
    assert stack.outputs()["status"] == "Succeeded"
    assert guarded.task("signed-in")["name"] == "signed-in"
    stack.environment["REQUESTS_CA_BUNDLE"] = stack.environment.pop("SSL_CERT_FILE")
    stack.settles()


def test_a_service_that_is_not_trusted_or_does_not_trust(guarded: Emulator, stack: Stack) -> None:
    """An untrusted certificate and a wrong secret are sentences with their cures."""
    for credential in ("client-secret", "none"):
        stack.configure(**guarded.config, credential=credential)
        screen = stack.up().failed().screen
        assert ("cannot sign in" in screen) is (credential == "client-secret")
        assert "the server's certificate is not trusted: " in screen
        assert "SSL_CERT_FILE or REQUESTS_CA_BUNDLE names the file of a CA of your own" in screen

    stack.configure(**guarded.config, credential="client-secret")
    stack.environment |= {"SSL_CERT_FILE": str(guarded.ca_cert), "ARM_CLIENT_SECRET": "hush-wrong-secret-0123"}
    screen = stack.up().failed().screen
    assert "AADSTS7000215" in screen
    assert "hush-wrong" not in screen
