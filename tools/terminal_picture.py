"""Take docs/pulumi-up.png: `pulumi up` in a terminal while three images are built by the embedded emulator."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import browser
import debian
import quickstart
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pulumi-up.png"
COLUMNS, ROWS = 128, 14
PROJECT = """name: shop
runtime: {name: python, options: {toolchain: pip}}
backend: {url: "file://./.state"}
config:
  acr-tasks:endpoint: {value: embedded}
  acr-tasks:resourceGroupName: {value: builds}
  acr-tasks:registryName: {value: contoso}
"""
PROGRAM = """import pulumi
from pulumi_acr_tasks import DockerBuildRequestArgs, PlatformPropertiesArgs, Run

linux = PlatformPropertiesArgs(os="Linux")
for name in ("api", "web"):
    Run(name, context=name, run_request=DockerBuildRequestArgs(image_names=[f"shop/{name}"], platform=linux))
"""
DOCKERFILE = """FROM busybox
RUN for i in $(seq 60); do echo "[{name}] compiling module $i of 60"; sleep 0.2; done
"""


def write(folder: Path) -> None:
    """Write the project that the picture shows."""
    (folder / ".state").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "__main__.py").write_text(PROGRAM)
    for name in ("api", "web"):
        (folder / name).mkdir()
        (folder / name / "Dockerfile").write_text(DOCKERFILE.replace("{name}", name))


def tmux(*arguments: str) -> str:
    """Run a command of a tmux server of our own."""
    command = ["tmux", "-L", f"picture-{os.getpid()}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def record(folder: Path, engine: str) -> str:
    """Return the screen, with its colours, at a moment at which both images are built."""
    values = quickstart.environment(Path(engine))
    values |= {"PULUMI_HOME": str(folder / ".home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    values["PATH"] = values["PATH"].replace("$PATH", os.environ["PATH"])
    command = "pulumi up --yes --skip-preview --stack dev"
    subprocess.run(["pulumi", "stack", "init", "dev"], cwd=folder, env={**os.environ, **values}, check=True)
    variables = [f"-e{name}={value}" for name, value in values.items()]
    shown = f"printf '$ pulumi up\\n'; {command}; sleep 60"
    size = ["-x", str(COLUMNS), "-y", str(ROWS)]
    tmux("-u", "new-session", "-d", *size, *variables, "-c", str(folder), shown)
    try:
        tmux("set", "-g", "status", "off")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            screen = tmux("capture-pane", "-e", "-p")
            if all(f"[{name}] compiling module 1" in screen for name in ("api", "web")):
                return screen.rstrip()
            time.sleep(0.2)  # looks again
        raise TimeoutError(screen)
    finally:
        tmux("send-keys", "C-c")
        deadline = time.monotonic() + 60
        while "canceled" not in tmux("capture-pane", "-p") and time.monotonic() < deadline:
            time.sleep(0.2)  # looks again
        tmux("kill-server")
        data = folder / ".home/acr-tasks-emulator/shop/dev"
        subprocess.run(["acr-tasks-emulator", "stop", "--data", str(data)], env={**os.environ, **values}, check=False)


def take(screen: str, chromium: str) -> None:
    """Render the screen as a window, in Chromium."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115  # open for the whole process
    console.print(Text.from_ansi(f"{screen}\n"))
    drawing = console.export_svg(title="pulumi up", theme=MONOKAI)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = started.new_page(viewport={"width": 1280, "height": 400}, device_scale_factor=2)
        page.set_content(f"<body style='margin:0'>{drawing}</body>")
        page.locator("svg").first.screenshot(path=PICTURE, omit_background=True)
        started.close()


def main(engine: str) -> int:
    """Take the picture; return the exit status."""
    chromium = browser.find()
    if chromium is None or not debian.provide({"tmux": "tmux"}, "No picture is taken.", "To take it"):
        return 1
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "shop")
        take(record(Path(folder) / "shop", engine), chromium)
    print(f"    {PICTURE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
