"""One rule a file; the file is named as the rule, without `acr_task_`."""
