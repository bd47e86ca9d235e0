"""What an emulator keeps when it is killed in the middle of its work."""
