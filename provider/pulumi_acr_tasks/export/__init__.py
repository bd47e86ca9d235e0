"""Programs for existing tasks: the engine cannot import dynamic resources, so a program adopts them."""
