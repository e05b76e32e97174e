"""Ways in that the evidence shows before anybody takes them: pure questions over facts.

One file a way in. Each takes what is known of one file and gives what it found there, with its places.
"""
