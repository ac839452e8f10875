"""The command line: verbs, options, completion and lists."""
