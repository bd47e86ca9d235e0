"""The features of `az acr` that 2025-03-01-preview has, and 2019-04-01 has not."""

from __future__ import annotations

from .conftest import Az


def test_a_system_task_has_no_step(az: Az) -> None:
    """A system task is made, changed, listed and deleted like any other."""
    made = az("acr task create -r emulator -n quicktask --is-system-task --log-template 'logs:{{.Run.ID}}'").json
    assert (made["isSystemTask"], made["step"], made["platform"]) == (True, None, None)
    changed = az("acr task update -r emulator -n quicktask --log-template 'other:{{.Run.ID}}'").json
    assert (changed["isSystemTask"], changed["logTemplate"]) == (True, "other:{{.Run.ID}}")
    assert "quicktask" in az("acr task list -r emulator -o table").output
    assert az("acr task delete -r emulator -n quicktask --yes").status == 0


def test_the_identity_for_the_registry_is_set_and_cleared(az: Az) -> None:
    """`none` clears the identity, and keeps the mode of sign-in."""
    task = "-r emulator -n identitytask"
    made = az(
        f"acr task create {task} -c /dev/null --cmd 'busybox true' --auth-mode Default --source-acr-auth-id '[caller]'"
    ).json
    assert made["credentials"]["sourceRegistry"] == {"identity": "[caller]", "loginMode": "Default"}
    cleared = az(f"acr task update {task} --source-acr-auth-id none").json
    assert cleared["credentials"]["sourceRegistry"] == {"identity": None, "loginMode": "Default"}
    assert az(f"acr task delete {task} --yes").status == 0


def test_a_run_has_values_a_pool_and_a_log_of_its_own(az: Az) -> None:
    """Values override the task's; a log that becomes an artifact is followed during the run, and read afterwards."""
    task = "-r emulator -n owntask"
    saying = "--cmd 'busybox echo said {{.Values.word}}'"
    assert az(f"acr task create {task} -c /dev/null {saying} --set word=nothing").status == 0
    run = az(f"acr task run {task} --set word=something --agent-pool pool1 --log-template 'logs:{{{{.Run.ID}}}}'")
    assert run.status == 0
    run_id = run.notices.partition("Queued a run with ID: ")[2].split()[0]
    again = az(f"acr task logs -r emulator --run-id {run_id}")
    for log in (run.output, again.output):
        assert f"Run ID: {run_id} was successful" in log
    assert az(f"acr task show-run -r emulator --run-id {run_id}").json["agentPoolName"] == "pool1"
    assert az(f"acr task delete {task} --yes").status == 0
