"""Delete old images of a registry every night."""

from pulumi_acr_tasks import EncodedTaskStepArgs, PlatformPropertiesArgs, Task, TimerTriggerArgs, TriggerPropertiesArgs

PURGE = "acr purge --filter 'web:.*' --filter 'api:.*' --ago 30d --keep 10 --untagged"

Task(
    "nightly-purge",
    platform=PlatformPropertiesArgs(os="Linux"),
    step=EncodedTaskStepArgs.from_cmd(PURGE),
    trigger=TriggerPropertiesArgs(timer_triggers=[TimerTriggerArgs(name="nightly", schedule="30 1 * * *")]),
    timeout=3600,
)
