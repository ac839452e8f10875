"""What the user asks for, from options, environment variables and `bench.toml`, checked as a whole."""
