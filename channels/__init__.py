"""The channels: every file here is one."""
