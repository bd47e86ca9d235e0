"""Programs for tasks that exist: the way to bring a registry under Pulumi, as the engine cannot import its tasks."""
