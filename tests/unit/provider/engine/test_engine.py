"""The URN and the console of a call, in a process that no engine has started."""

from __future__ import annotations

import sys

import pytest

from pulumi_acr_tasks import engine

URN = "urn:pulumi:dev::shop::my:component:Web$pulumi-python:dynamic/acr-tasks:Run::image"


def test_a_urn_is_taken_apart() -> None:
    """Stack, project, the resource's own type and its name come out."""
    urn = engine.Urn.parse(URN)
    assert (urn.stack, urn.project, urn.type, urn.name) == (
        "dev",
        "shop",
        "pulumi-python:dynamic/acr-tasks:Run",
        "image",
    )


def test_a_name_may_hold_the_separator() -> None:
    """What follows the type is the name, whatever is in it."""
    assert engine.Urn.parse("urn:pulumi:dev::shop::a:b:C::web::api").name == "web::api"


@pytest.mark.parametrize("text", ["", "image", "urn:pulumi:dev::shop::type", "urn:other:dev::shop::type::name"])
def test_another_text_is_refused(text: str) -> None:
    """It raises a ValueError."""
    with pytest.raises(ValueError, match="not a URN"):
        engine.Urn.parse(text)


def test_without_an_engine_lasting_messages_go_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They name the resource; passing ones are dropped."""
    monkeypatch.setattr(sys, "argv", ["pytest"])
    console = engine.console(URN)
    console.status("Step 1/3")
    console.info("kept")
    console.warning("beware")
    assert capsys.readouterr().err == "info: image: kept\nwarning: image: beware\n"
