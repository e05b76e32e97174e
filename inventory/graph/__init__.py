"""The read side: questions across tables, always through the asker's eyes."""
