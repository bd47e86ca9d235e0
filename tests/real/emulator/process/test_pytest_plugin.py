from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = "acr_tasks_emulator.pytest_plugin"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the folder of another project, in which warnings are errors."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    return tmp_path


def run(project: Path, *arguments: str) -> str:
    """Run another project's tests in a process of their own; return what pytest says."""
    installed = {entry.value for entry in importlib.metadata.entry_points(group="pytest11")}
    plugin = [] if PLUGIN in installed else ["-p", PLUGIN]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    # Those of this environment take longer to load than the tests to run, and import what they like.
    others = ("schemathesis", "hypothesispytest", "anyio", "cacheprovider")
    left_out = [word for name in others for word in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", *plugin, *left_out, *arguments]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout + done.stderr


def test_another_project_tests_against_it_in_three_lines(project: Path) -> None:
    """The fixture is there without an import, and the emulator answers."""
    (project / "test_it.py").write_text(
        "import urllib.request\n"
        "def test_it(acr_tasks_emulator):\n"
        "    with urllib.request.urlopen(acr_tasks_emulator.endpoint + '/_emulator/health') as answer:\n"
        "        assert answer.status == 200\n"
    )
    assert "1 passed" in run(project)


def test_a_project_gives_the_options_of_its_emulator(project: Path) -> None:
    """An overridden fixture gives the options."""
    (project / "conftest.py").write_text(
        "import pytest\n"
        "@pytest.fixture(scope='session')\n"
        "def acr_tasks_emulator_options():\n"
        "    return {'tls': True, 'registries': ['contoso:westus2']}\n"
    )
    (project / "test_it.py").write_text(
        "import ssl\n"
        "import urllib.request\n"
        "def test_it(acr_tasks_emulator):\n"
        "    trust = ssl.create_default_context(cafile=acr_tasks_emulator.ca_cert)\n"
        "    assert acr_tasks_emulator.registry_name == 'contoso'\n"
        "    with urllib.request.urlopen(acr_tasks_emulator.dashboard, context=trust) as answer:\n"
        "        assert answer.status == 200\n"
    )
    assert "1 passed" in run(project)


def test_a_fresh_emulator_is_the_same_one_and_empty(project: Path) -> None:
    """The order of the tests does not matter."""
    (project / "test_it.py").write_text(
        "import json\n"
        "import pytest\n"
        "import urllib.request\n"
        "STEP = {'type': 'EncodedTask', 'encodedTaskContent': 'eA=='}\n"
        "BODY = {'location': 'westeurope', 'properties': {'platform': {'os': 'Linux'}, 'step': STEP}}\n"
        "seen = set()\n"
        "def ask(emulator, method, path, body=None):\n"
        "    url = f'{emulator.endpoint}{emulator.registries[0]}{path}?api-version=2019-04-01'\n"
        "    headers = {'Content-Type': 'application/json'}\n"
        "    request = urllib.request.Request(url, body and json.dumps(body).encode(), headers, method=method)\n"
        "    with urllib.request.urlopen(request) as answer:\n"
        "        return json.load(answer)\n"
        "@pytest.mark.parametrize('name', ['first', 'second'])\n"
        "def test_it(fresh_acr_tasks_emulator, acr_tasks_emulator, name):\n"
        "    seen.add(acr_tasks_emulator.endpoint)\n"
        "    assert fresh_acr_tasks_emulator is acr_tasks_emulator\n"
        "    assert ask(acr_tasks_emulator, 'GET', '/tasks')['value'] == []\n"
        "    ask(acr_tasks_emulator, 'PUT', f'/tasks/{name}', BODY)\n"
        "def test_it_stays(acr_tasks_emulator):\n"
        "    assert [task['name'] for task in ask(acr_tasks_emulator, 'GET', '/tasks')['value']] == ['second']\n"
        "    assert seen == {acr_tasks_emulator.endpoint}\n"
    )
    assert "3 passed" in run(project, "-p", "no:randomly")


def test_the_plugin_alone_imports_no_server(project: Path) -> None:
    """pytest loads the plugin, which imports the emulator's public names and errors, no server and no client."""
    (project / "test_it.py").write_text(
        "import sys\n"
        "def test_it(pytestconfig):\n"
        f"    assert any(getattr(plugin, '__name__', '') == '{PLUGIN}'\n"
        "               for plugin in pytestconfig.pluginmanager.get_plugins())\n"
        "    ours = {name for name in sys.modules if name.partition('.')[0] == 'acr_tasks_emulator'}\n"
        f"    assert ours == {{'acr_tasks_emulator', 'acr_tasks_emulator.errors', '{PLUGIN}'}}\n"
        "    assert not {'cryptography', 'httpx', 'starlette', 'trustme', 'typer', 'uvicorn'} & set(sys.modules)\n"
    )
    said = run(project)
    assert "1 passed" in said, said
