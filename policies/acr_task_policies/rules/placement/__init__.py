"""Rules about where tasks live and what they are labelled with."""
