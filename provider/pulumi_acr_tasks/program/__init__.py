"""The side of a program: declarations of resources, their arguments in ARM's form, and what preview knows."""
