"""The definitions of 2019-04-01, once: members, kinds, defaults, secrets, and when two values are equal."""
