"""The verbs of a task, as the engine calls them; each stands in the file that it is imported from."""

from pulumi_acr_tasks.schema.definitions import INPUTS
from pulumi_acr_tasks.task.announce import check, diff
from pulumi_acr_tasks.task.crud import create, delete, update
from pulumi_acr_tasks.task.read import import_, read

__all__ = ["check", "create", "delete", "diff", "import_", "kinds", "read", "update"]

kinds = INPUTS["Task"]
