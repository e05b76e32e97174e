"""The evidence pack of an incident: everything that was asked, found and done, in one file that proves itself."""
