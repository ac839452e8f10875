"""One run from start to end: deploy, drive, save."""
