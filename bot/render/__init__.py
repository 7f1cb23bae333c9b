"""Templates into text, HTML and subjects."""
