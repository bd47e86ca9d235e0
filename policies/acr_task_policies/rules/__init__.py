"""The rules, one in each file, in folders by noun. A file has the name of its rule without the prefix."""
