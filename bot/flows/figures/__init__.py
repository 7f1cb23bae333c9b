"""Figures: spells from the events, reports of a period, and what is published of them."""
