"""Sources of runs: uploads, repositories, archives, artifacts."""
