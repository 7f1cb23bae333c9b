"""Formats that several channels share."""
