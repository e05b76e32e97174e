"""The inventory over HTTP: one file a resource, its serializer above its view."""
