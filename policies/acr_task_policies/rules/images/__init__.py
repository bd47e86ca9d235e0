"""Rules about the images that tasks build, push and run."""
