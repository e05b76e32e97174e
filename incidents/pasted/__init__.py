"""What responders paste: read line by line into indicators, each with the number of its line. Nothing is dropped."""

from incidents.pasted.text import MAX_INDICATORS, MAX_TEXT_BYTES, Reading, parse_text, read_text

__all__ = ["MAX_INDICATORS", "MAX_TEXT_BYTES", "Reading", "parse_text", "read_text"]
