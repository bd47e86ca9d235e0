"""One rule a file, in folders by noun; a file is named as its rule, without the prefix `acr_task_` and the like."""
