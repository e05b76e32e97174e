"""What an artifact is known to contain, and what is stated of its weaknesses, written for other tools."""
