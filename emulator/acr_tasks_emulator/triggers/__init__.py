"""What starts tasks by itself: schedules, pushes to repositories, pushes of base images."""
