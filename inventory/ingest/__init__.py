"""After the queue: records become rows, one document a transaction, safe to repeat."""
