"""The pages of the incidents. Each view translates in, makes one domain call a part of the page, translates out."""
