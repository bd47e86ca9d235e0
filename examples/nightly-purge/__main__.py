"""Delete old images of a registry every night."""

import base64

from pulumi_acr_tasks import EncodedTaskStepArgs, PlatformPropertiesArgs, Task, TimerTriggerArgs, TriggerPropertiesArgs

PURGE = """version: v1.1.0
steps:
  - cmd: acr purge --filter 'web:.*' --filter 'api:.*' --ago 30d --keep 10 --untagged
    disableWorkingDirectoryOverride: true
    timeout: 3600
"""

Task(
    "nightly-purge",
    platform=PlatformPropertiesArgs(os="Linux"),
    step=EncodedTaskStepArgs(encoded_task_content=base64.b64encode(PURGE.encode()).decode()),
    trigger=TriggerPropertiesArgs(timer_triggers=[TimerTriggerArgs(name="nightly", schedule="30 1 * * *")]),
    timeout=3600,
)
