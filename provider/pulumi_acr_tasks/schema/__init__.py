"""The specification 2019-04-01 as one table, and what follows from it: spelling, equality, secrets."""
