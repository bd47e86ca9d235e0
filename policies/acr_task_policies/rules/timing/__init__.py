"""Rules about when tasks start and how long they run."""
