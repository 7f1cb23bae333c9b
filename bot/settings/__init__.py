"""The configuration: each file reads one TOML file or a part of it."""
