"""Remove bytes of old evidence that nothing needs: planned by one person, approved by another, never by the clock."""
