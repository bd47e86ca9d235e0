"""What cannot be right, known before any request: pure functions from inputs to problems."""

from pulumi_acr_tasks.validate.problem import Problem as Problem
