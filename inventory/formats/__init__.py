"""Pure readers: bytes in, frozen records out. No Django, no network, no clock."""
