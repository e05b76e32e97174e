"""What is done about an incident: asked and asked again, moved from stage to stage, told to whom it concerns."""
